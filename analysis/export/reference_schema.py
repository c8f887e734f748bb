"""The answers in the two CSV schemas of the reference study, for its notebooks.

The columns are those of the files that Nguyen, Taesiri & Nguyen (NeurIPS 2022) published
(``CUB-Human-Study-Summary.csv``, ``ImageNet-Human-Study-Summary.csv``). These schemas have six
conditions, complete sessions and no empty cell. Answers that do not fit are left out, and the
README says so. Pure pandas, no Django.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd
from pandas import DataFrame, Series

from analysis.codebook.file_columns import LABELS_JOINED
from analysis.export.reference_readme import README
from analysis.published.responses import AIS, JUDGED_AI, SCALES
from analysis.stats.analysis_sets import COMPLETED
from analysis.stats.confidence import difficulty
from analysis.tables.csv_cells import cell, csv_open
from analysis.tables.recompute import Frames
from trials.study.plan import CONDITIONS

Hashed = Callable[[str], str]
BLOCK_ROWS = 50_000
# Exact in a float, and enough that two people of one study do not collide.
IMAGENET_DIGITS = 15
ABSENT = "not in this study"
SUFFIXES = dict(
    zip(
        (condition.name for condition in CONDITIONS),
        ("No-XAI", "KNNs", "EMD-NNs", "EMD-Corrs", "CHM-NNs", "CHM-Corrs"),
        strict=True,
    )
)
_OF = {(item.classifier, item.view): item.name for item in CONDITIONS}
_AIS = (
    *(f"{ai}-Prediction" for ai in AIS.values()),
    *(f"{ai}-Conf" for ai in AIS.values()),
)
SCHEMAS: dict[str, tuple[str, ...]] = {
    "CUB": (
        "UID", "Query", "Counter balance", "Validation Reaction Time", "Test Reaction Time",
        "Date", "Correctness", "Accuracy", "Total Corrects", "Method", "GroundTruth",
        "ClassifierCorrectness", "ConfidenceScore", "DifficultyLevel", *_AIS,
    ),
    "ImageNet": (
        "UID", "Query", "Prior Knowledge", "Counter balance", "Group Known", "Group Unknown",
        "Validation Reaction Time", "Test Reaction Time", "DATE", "Group Validation Correct",
        "Group Validation Incorrect", "ImageNet", "Correctness", "User Accuracy", "User Corrects",
        "Method", "GroundTruth", "Parent-lvl12", "Parent-lvl13", "Parent-lvl14",
        "ClassifierCorrectness", "DifficultyLevel", "ConfidenceScore", *_AIS, "Real GTs",
        "Real WNIDs", "Parent-lvl12_real", "Parent-lvl13_real", "Parent-lvl14_real",
    ),
}  # fmt: skip


class SchemaRefused(ValueError):
    """Raised for answers that the reference study's schemas cannot represent; says why."""


def method_of(responses: DataFrame) -> dict[str, str]:
    """Return the reference study's name of each condition that has one.

    Raises ``SchemaRefused`` if no condition has one, or if two have the same.
    """
    kinds = responses[["condition", "classifier", "view"]].drop_duplicates().astype("str")
    rows = kinds.itertuples(index=False, name=None)
    named = {condition: _OF.get((classifier, view)) for condition, classifier, view in rows}
    known = {condition: name for condition, name in named.items() if name}
    if not known:
        raise SchemaRefused(
            f"No condition of {', '.join(sorted(named)) or 'nobody'} has the classifier and view "
            f"of one of {', '.join(JUDGED_AI)}."
        )
    if len(set(known.values())) < len(known):
        raise SchemaRefused(f"Two conditions have the same name in the reference study: {known}.")
    return known


def reference_write(
    folder: Path, frames: Frames, hashed: Hashed, tick: Callable[[int, int], None]
) -> str:
    """Write both files and a README into ``folder``; return a sentence on what was written.

    ``hashed`` returns the keyed hash of a pseudonym in hexadecimal digits; ``tick`` is called with
    the finished and the total rows. If the schemas cannot represent the answers, only the README is
    written, and says why.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        _between_check(frames.responses)
        methods = method_of(frames.responses)
        outcome = _files_write(folder, frames, methods, hashed, tick)
    except SchemaRefused as error:
        outcome = f"The files are missing: {error}"
    text = README.format(outcome=outcome, absent=ABSENT, digits=IMAGENET_DIGITS)
    (folder / "README.md").write_text(text, encoding="utf-8")
    return outcome


def _between_check(responses: DataFrame) -> None:
    """Refuse a study within people: the schemas have one condition for each person."""
    if responses["block"].notna().any():
        raise SchemaRefused(
            "People went through several conditions; the schemas have one a person."
        )


def _files_write(
    folder: Path,
    frames: Frames,
    methods: dict[str, str],
    hashed: Hashed,
    tick: Callable[[int, int], None],
) -> str:
    responses = frames.responses
    is_kept = (responses["participant_status"] == COMPLETED) & responses["condition"].isin(methods)
    kept = responses[is_kept]
    if kept.empty:
        raise SchemaRefused("Nobody completed one of the reference study's conditions.")
    _check_confidences(kept, methods)
    people = _people(kept, frames.participants, methods, hashed)
    photos = _photos(frames.items)
    n_done = 0
    for schema, columns in SCHEMAS.items():
        with csv_open(folder / f"{schema}-Human-Study-Summary.csv", columns) as write:
            for start in range(0, len(kept), BLOCK_ROWS):
                block = kept.iloc[start : start + BLOCK_ROWS]
                for row in _rows(schema, columns, block, people, photos, methods):
                    write(row)
                n_done += len(block)
                tick(n_done, 2 * len(kept))
    out = sorted(set(responses["condition"].astype("str")) - set(methods))
    left = f" Left out, because the reference study has no such condition: {', '.join(out)}."
    return f"{len(people)} participants, {len(kept)} answers.{left if out else ''}"


def _check_confidences(kept: DataFrame, methods: dict[str, str]) -> None:
    """Refuse votes that are not twentieths, which the schemas cannot represent."""
    for condition, method in methods.items():
        rows = kept[kept["condition"] == condition]
        try:
            SCALES[JUDGED_AI[method]].units(rows["ai_confidence"])
        except ValueError as error:
            raise SchemaRefused(f"Condition {condition}: {error}") from error


def _people(
    kept: DataFrame, participants: DataFrame, methods: dict[str, str], hashed: Hashed
) -> DataFrame:
    """Return one row per participant with the cells that are the same on all of their rows."""
    by_person = kept.groupby(kept["participant_id"].astype("str"), sort=False)
    people = DataFrame(
        {
            "condition": by_person["condition"].first().astype("str"),
            "n_correct": by_person["is_correct"].sum(),
            "n_trials": by_person.size(),
            "n_known": (kept["is_correct"] & _known(kept))
            .groupby(kept["participant_id"].astype("str"), sort=False)
            .sum(),
        }
    )
    told = participants.set_index(participants["participant_id"].astype("str"))
    names = ["trial_set", "finished_at", "test_ms", "n_validation", "n_validation_correct"]
    people = people.join(told[names])
    digests = [hashed(name) for name in people.index]
    suffixes = people["condition"].map(methods).map(SUFFIXES)
    people["CUB"] = Series([digest[:24] for digest in digests], index=people.index) + suffixes
    least = 10 ** (IMAGENET_DIGITS - 1)  # the first digit is not zero
    people["ImageNet"] = [str(least + int(digest, 16) % (9 * least)) for digest in digests]
    if people["ImageNet"].duplicated().any():
        raise SchemaRefused("Two participants have the same number; another salt tells them apart.")
    return people


def _known(kept: DataFrame) -> Series:
    if "prior_knowledge" not in kept:
        return Series(False, index=kept.index)
    return kept["prior_knowledge"].fillna(False).astype(bool)


@dataclass(frozen=True, slots=True, eq=False)
class _Photos:
    names: Series
    accepted: Series
    answers: DataFrame


def _photos(items: DataFrame) -> _Photos:
    once = items.drop_duplicates("item_id").set_index("item_id")
    images = once["image"].astype("str")
    own = once["accepted_labels"].astype(object)
    accepted = own.where(own.notna(), once["true_label"].astype(object)).astype("str")
    names = images.map(lambda path: PurePosixPath(path).name)
    is_twice = names.duplicated(keep=False)
    names = names.mask(is_twice, images.str.replace("/", "_"))
    answers = items.assign(classifier=items["classifier"].astype("str")).pivot(
        index="item_id", columns="classifier", values=["ai_label", "ai_confidence"]
    )
    return _Photos(names, accepted.str.split(LABELS_JOINED), answers)


def _rows(
    schema: str,
    columns: tuple[str, ...],
    block: DataFrame,
    people: DataFrame,
    photos: _Photos,
    methods: dict[str, str],
) -> Iterator[tuple[str, ...]]:
    mine = people.reindex(block["participant_id"].astype("str").to_list())
    items = block["item_id"].astype("str").to_list()
    truth = block["true_label"].astype("str").to_list()
    share = (mine["n_correct"] / mine["n_trials"]).to_list()
    ended = pd.DatetimeIndex(mine["finished_at"]).strftime("%Y-%m-%d %H:%M:%S.%f").str[:-3]
    listed = [repr(labels) for labels in photos.accepted.loc[items]]
    right = mine["n_correct"].to_list()
    test_ms = mine["test_ms"].fillna(0).to_list()
    wrong = (mine["n_validation"] - mine["n_validation_correct"]).to_list()
    n_correct = {"Total Corrects": right, "User Corrects": right, "ImageNet": right}
    values: dict[str, Sequence[object]] = {
        **n_correct,
        "UID": mine[schema].to_list(),
        "Query": photos.names.loc[items].to_list(),
        "Prior Knowledge": _known(block).astype(int).to_list(),
        "Counter balance": mine["trial_set"].to_list(),
        "Group Known": mine["n_known"].to_list(),
        "Group Unknown": (mine["n_correct"] - mine["n_known"]).to_list(),
        "Validation Reaction Time": test_ms,
        "Test Reaction Time": test_ms,
        "Date": ended.to_list(),
        "DATE": ended.to_list(),
        "Group Validation Correct": mine["n_validation_correct"].to_list(),
        "Group Validation Incorrect": wrong,
        "Correctness": block["is_correct"].astype(int).to_list(),
        "Accuracy": share,
        "User Accuracy": share,
        "Method": [methods[item] for item in mine["condition"]],
        "GroundTruth": truth,
        "ClassifierCorrectness": block["is_ai_correct"].astype(int).to_list(),
        "ConfidenceScore": block["ai_confidence"].to_list(),
        "DifficultyLevel": _difficulties(block, methods),
        "Real GTs": listed,
        "Real WNIDs": listed,
    }
    for classifier, ai in AIS.items():
        labels, shares = _answers(photos, classifier, items)
        values |= {f"{ai}-Prediction": labels, f"{ai}-Conf": shares}
    empty: list[object] = [None] * len(block)
    laid_out = [values.get(column, empty) for column in columns]
    for row in zip(*laid_out, strict=True):
        yield tuple(cell("string", value) if isinstance(value, str) else _number(value)
                    for value in row)  # fmt: skip


def _number(value: object) -> str:
    if value is None:
        return ""
    return cell("number" if isinstance(value, float) else "integer", value)


def _answers(
    photos: _Photos, classifier: str, items: list[str]
) -> tuple[Sequence[object], Sequence[object]]:
    if classifier not in photos.answers["ai_label"]:
        return [ABSENT] * len(items), [0] * len(items)
    mine = photos.answers.loc[items]
    labels = mine["ai_label", classifier].astype(object)
    return (
        labels.where(labels.notna(), ABSENT).to_list(),
        mine["ai_confidence", classifier].astype(float).fillna(0).to_list(),
    )


def _difficulties(block: DataFrame, methods: dict[str, str]) -> Sequence[object]:
    labels = Series("", index=block.index, dtype="str")
    for condition, method in methods.items():
        rows = block["condition"] == condition
        scale = SCALES[JUDGED_AI[method]]
        units = scale.units(block.loc[rows, "ai_confidence"])
        labels[rows] = difficulty(units, scale, block.loc[rows, "is_ai_correct"].to_numpy())
    return labels.to_list()
