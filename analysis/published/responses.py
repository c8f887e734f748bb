"""Read the reference study's published responses, in either of their two schemas.

The study is that of Nguyen, Taesiri & Nguyen (NeurIPS 2022); its files are in the authors'
repository (``ImageNet-Human-Study-Summary.csv``, ``CUB-Human-Study-Summary.csv``). This module
depends on the columns of a file, not on its people. Ids are hashed when they are read, so no id of
the file leaves this module. Pure pandas.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pandas import DataFrame, Series

from analysis.published import checks
from analysis.published.checks import Oddity
from analysis.published.dates import times_read
from analysis.published.refusals import PublishedRefused, refuse_cells, rows_check
from analysis.stats.confidence import PERCENT, VOTES, Scale, difficulty
from trials.study.plan import CONDITIONS

# The AIs' names in the files, in the order in which the reference study splits the pool.
AIS = {"softmax": "ResNet", "knn": "KNN", "emd-corr": "EMD", "chm-corr": "CHM"}
JUDGED_AI = {condition.name: AIS[condition.classifier] for condition in CONDITIONS}
SCALES: dict[str, Scale] = {ai: PERCENT if ai == "ResNet" else VOTES for ai in AIS.values()}
# CUB's ids end with the condition's name in the tool that ran the study.
ID_SUFFIX = r"(?:No-XAI|KNNs|EMD-NNs|EMD-Corrs|CHM-NNs|CHM-Corrs)$"

_TEXTS = {
    "UID": "source_id",
    "Query": "image",
    "Method": "condition",
    "GroundTruth": "true_label",
    "DifficultyLevel": "stored_difficulty",
    **{f"{ai}-Prediction": f"{ai}_prediction" for ai in AIS.values()},
}
_NUMBERS = {
    "Counter balance": "trial_set",
    "Validation Reaction Time": "other_rows_ms",
    "Test Reaction Time": "end_task_ms",
    "Correctness": "is_correct",
    "ClassifierCorrectness": "is_ai_correct",
    "ConfidenceScore": "ai_confidence",
    **{f"{ai}-Conf": f"{ai}_confidence" for ai in AIS.values()},
}
_FLAGS = ("is_correct", "is_ai_correct", "is_known")


@dataclass(frozen=True, slots=True)
class Schema:
    """Columns of one of the two files (read name: kept name), and the number of tuning images."""

    name: str
    texts: dict[str, str]
    numbers: dict[str, str]
    n_tuning: int

    @property
    def columns(self) -> dict[str, str]:
        """Every column that is read, with the name under which it is kept."""
        return self.texts | self.numbers

    def column_of(self, kept: str) -> str:
        """Return the file's name of a column."""
        return next(name for name, mine in self.columns.items() if mine == kept)


SCHEMAS = (
    Schema("CUB", _TEXTS | {"Date": "ended_at"}, _NUMBERS | {"Accuracy": "stored_accuracy"}, 1000),
    Schema(
        "ImageNet",
        _TEXTS | {"DATE": "ended_at", "Real GTs": "accepted_labels"},
        _NUMBERS | {"User Accuracy": "stored_accuracy", "Prior Knowledge": "is_known"},
        2000,
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class Published:
    """A file of responses, tidied.

    ``responses`` has one row per trial in the order of presentation: ``participant_id``,
    ``condition``, ``trial_set``, ``trial_index`` (from 1), ``image``, ``is_correct``,
    ``is_ai_correct``, ``ai_confidence`` (share), ``ai_units`` (votes or percent), ``difficulty``;
    and ``is_known`` if the schema has it. ``sessions`` has one row per participant:
    ``participant_id``, ``source_id``, ``person_id`` (both hashed), ``condition``,
    ``session_number`` (of that person, by time), ``end_task_ms``, ``other_rows_ms``. ``oddities``
    lists errors of the file, and what was done about each.
    """

    schema: Schema
    responses: DataFrame
    sessions: DataFrame
    oddities: tuple[Oddity, ...]


def pseudonym(text: str, salt: bytes) -> str:
    """Return twelve hexadecimal digits of the HMAC-SHA-256 of an id."""
    return hmac.new(salt, text.encode(), hashlib.sha256).hexdigest()[:12]


def read_responses(path: Path | str, salt: bytes) -> Published:
    """Read a CSV of responses in either schema.

    Pseudonyms depend on ``salt``: the same salt gives the same pseudonyms. Raises
    ``PublishedRefused`` for a file of another schema, for cells that are empty or not a number, and
    for times of an ambiguous format.
    """
    file = Path(path)
    schema = _schema_of(file)
    raw = _checked(file, _read(file, schema), schema)
    raw["ended_at"], said = times_read(file, schema.column_of("ended_at"), raw["ended_at"])
    raw, oddities = checks.mend(raw, JUDGED_AI)
    frame = _with_ids(raw, salt)
    frame["trial_index"] = frame.groupby("participant_id", observed=True).cumcount() + 1
    frame["ai_units"] = _units(file, frame)
    frame["difficulty"] = _difficulty(frame)
    sessions = _sessions(frame)
    found = checks.inspect(frame, sessions, JUDGED_AI)
    dropped = [name for name in schema.columns.values() if name not in _KEPT]
    responses = frame.drop(columns=[*dropped, "person_id"])
    return Published(schema, responses, sessions, (*said, *oddities, *found))


_KEPT = (
    *("condition", "trial_set", "image", "is_correct", "is_ai_correct"),
    *("ai_confidence", "is_known"),
)


def _schema_of(file: Path) -> Schema:
    try:
        header = set(pd.read_csv(file, nrows=0, encoding="utf-8-sig").columns)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise PublishedRefused(f"{file}: {error}; expected a CSV file of responses.") from error
    missing = {schema.name: [c for c in schema.columns if c not in header] for schema in SCHEMAS}
    best = min(SCHEMAS, key=lambda schema: len(missing[schema.name]))
    if missing[best.name]:
        raise PublishedRefused(
            f"{file}: no column {', '.join(missing[best.name])}; expected the columns of the "
            f"reference study's {' or '.join(s.name for s in SCHEMAS)} file (the nearest is "
            f"{best.name}'s). Check the first line."
        )
    return best


def _read(file: Path, schema: Schema) -> DataFrame:
    rows_check(file, "responses")
    # Texts as categories: a million rows have a few thousand distinct texts.
    types = dict.fromkeys(schema.texts, "category") | dict.fromkeys(schema.numbers, "float64")
    try:
        raw = pd.read_csv(
            file,
            usecols=list(schema.columns),
            dtype=types,
            keep_default_na=False,
            na_values=[""],
            encoding="utf-8-sig",
        )
    except (ValueError, UnicodeDecodeError) as error:
        raise PublishedRefused(
            f"{file}: {error}; expected numbers in {', '.join(schema.numbers)}."
        ) from error
    return raw.rename(columns=schema.columns)


def _checked(file: Path, raw: DataFrame, schema: Schema) -> DataFrame:
    if raw.empty:
        raise PublishedRefused(f"{file}: found a header and no row; expected one row per response.")
    origin = {kept: column for column, kept in schema.columns.items()}
    for name in raw.columns:
        refuse_cells(
            file, origin[name], raw[name], raw[name].isna(), "a value: no cell may be empty"
        )
    for name in _FLAGS:
        if name in raw:
            refuse_cells(file, origin[name], raw[name], ~raw[name].isin([0, 1]), "0 or 1")
            raw[name] = raw[name].astype(bool)
    known = list(JUDGED_AI)
    is_unknown = ~raw["condition"].isin(known)
    refuse_cells(file, "Method", raw["condition"], is_unknown, f"one of {', '.join(known)}")
    raw["condition"] = raw["condition"].cat.set_categories(known, ordered=True)
    is_part = raw["trial_set"] % 1 != 0
    refuse_cells(file, origin["trial_set"], raw["trial_set"], is_part, "a whole number")
    raw["trial_set"] = raw["trial_set"].astype("int64")
    return raw


def _with_ids(raw: DataFrame, salt: bytes) -> DataFrame:
    """Hash the ids: a participant is an id within one condition, a person an id without suffix."""
    frame = raw.copy()
    originals = [str(category) for category in raw["source_id"].cat.categories]
    hashed = {original: pseudonym(original, salt) for original in originals}
    person_of = {
        original: pseudonym(re.sub(ID_SUFFIX, "", original), salt) for original in originals
    }
    pairs = raw[["source_id", "condition"]].drop_duplicates()
    is_shared = pairs["source_id"].duplicated(keep=False)
    names = pairs["source_id"].astype("str").map(hashed)
    pairs["participant_id"] = names.mask(is_shared, names + "-" + pairs["condition"].astype("str"))
    for column, mapping in (("person_id", person_of), ("source_id", hashed)):
        frame[column] = raw["source_id"].astype("str").map(mapping).astype("category")
    keys = pd.MultiIndex.from_frame(raw[["source_id", "condition"]].astype("str"))
    index = pd.MultiIndex.from_frame(pairs[["source_id", "condition"]].astype("str"))
    participants = pairs["participant_id"].to_numpy()
    frame["participant_id"] = pd.Categorical.from_codes(
        index.get_indexer(keys), categories=pd.Index(participants)
    )
    return frame


def _units(file: Path, frame: DataFrame) -> Series:
    units = pd.Series(0, index=frame.index, dtype="int64")
    for condition, ai in JUDGED_AI.items():
        rows = frame["condition"] == condition
        try:
            units[rows] = SCALES[ai].units(frame.loc[rows, "ai_confidence"])
        except ValueError as error:
            raise PublishedRefused(f"{file}, ConfidenceScore of {condition}: {error}") from error
    return units


def _difficulty(frame: DataFrame) -> Series:
    labels = pd.Series("", index=frame.index, dtype="str")
    for condition, ai in JUDGED_AI.items():
        rows = frame["condition"] == condition
        is_ai_correct = frame.loc[rows, "is_ai_correct"].to_numpy()
        units = frame.loc[rows, "ai_units"].to_numpy()
        labels[rows] = difficulty(units, SCALES[ai], is_ai_correct)
    return labels.astype("category")


def _sessions(frame: DataFrame) -> DataFrame:
    columns = ["source_id", "person_id", "condition", "trial_set", "ended_at", "stored_accuracy"]
    columns += ["end_task_ms", "other_rows_ms"]
    sessions = frame.drop_duplicates("participant_id")[["participant_id", *columns]]
    sessions = sessions.reset_index(drop=True)
    ordered = sessions.sort_values("ended_at", kind="stable")
    sessions["session_number"] = ordered.groupby("person_id", observed=True).cumcount() + 1
    return sessions


def named_sessions(published: Published, ids: Sequence[str], salt: bytes) -> Series:
    """Return which of ``published.sessions`` belong to one of ``ids``.

    An id is one of the file (a session), one without the condition's suffix (all sessions of a
    person), or a pseudonym from an earlier table. Raises ``PublishedRefused`` for an unknown id,
    because it would silently exclude nobody.
    """
    sessions = published.sessions
    keys = [sessions[key].astype("str") for key in ("participant_id", "source_id", "person_id")]
    is_named = pd.Series(False, index=sessions.index)
    for pk in ids:
        spellings = [pk, pseudonym(pk, salt)]
        found = keys[0].isin(spellings) | keys[1].isin(spellings) | keys[2].isin(spellings)
        if not found.any():
            raise PublishedRefused(
                f"Excluded id {pk!r}: not one of the file's {len(sessions)} participants; expected "
                "an id of the file or a pseudonym of participants.csv."
            )
        is_named |= found
    return is_named
