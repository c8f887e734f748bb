"""Tables of a task: reliance after a first answer, confidence, choices, and the combination.

Each is there only if the study's answers have what it is about. Pure pandas.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pandas import DataFrame

from analysis.codebook.shared_columns import PERCENT, POINTS
from analysis.codebook.task_columns import TASK_MEASURE_NAMES
from analysis.stats import calibration, mrmc
from analysis.stats.analysis_plan import Declared, DeclaredCondition
from analysis.stats.analysis_sets import Sample
from analysis.stats.calibration import Rated, curve_of, reader_roc, signed_rating
from analysis.stats.inference import Ints
from analysis.stats.mrmc import Estimate, Terms, estimate_of, mean_terms, undefined
from analysis.stats.switching import SWITCHING
from analysis.stats.task_answers import is_choice
from analysis.tables.task_data import (
    OCCASIONS,
    Said,
    advised_of,
    final_of,
    first_of,
    said_in,
)

UNAIDED = "people did not see the AI"
NO_FIRST = "the task asks for no first answer"
A_CHOICE = "the task has more than two answers"
NO_SPREAD = "no mean over answers: no interval"
_ON_ADVICE = tuple(name for name in SWITCHING if name.startswith(("switch", "rair", "rsr")))
_FIRST = "first_"


def task_measures_table(sample: Sample, declared: Declared) -> DataFrame:
    """Return one row a condition and measure; ``note`` says why a number is missing."""
    rows = []
    for condition in declared.conditions:
        for name, terms in measures_of(sample, declared, condition).items():
            found = estimate_of(terms)
            note = NO_SPREAD if name.endswith("calibration_error") and not terms.reason else None
            rows.append(
                {
                    "condition": condition.name, "measure": name, "unit": unit_of(name),
                    **_cells(found), "note": note or found.note or None,
                }
            )  # fmt: skip
    return DataFrame(rows)


def task_differences_table(sample: Sample, declared: Declared) -> DataFrame:
    """Return one row a declared pair and measure: the difference a − b over people and photos."""
    arms = {each.name: measures_of(sample, declared, each) for each in declared.conditions}
    rows = []
    for a, b in declared.pairs:
        for name in arms[a]:
            if name.endswith("calibration_error"):
                continue
            found = mrmc.difference_of(arms[a][name], arms[b][name])
            rows.append(
                {
                    "a": a, "b": b, "measure": name, "unit": unit_of(name, is_difference=True),
                    **_cells(found), "p": found.p, "note": found.note or None,
                }
            )  # fmt: skip
    return DataFrame(rows)


def _cells(found: Estimate) -> dict[str, object]:
    return {
        "n_participants": found.n_people, "n_trials": found.n_trials, "n_images": found.n_photos,
        "estimate": found.value, "se": found.se, "low": found.low, "high": found.high,
    }  # fmt: skip


def unit_of(measure: str, *, is_difference: bool = False) -> str:
    """Return the unit of a measure, or of the difference of two."""
    plain = measure.removeprefix(_FIRST)
    if plain == "brier":
        return "squared error (0-1)"
    if plain in ("auroc2", "reader_auc"):
        return "area (0-1)"
    if plain in ("mean_confidence", "confidence", "confidence_gain"):
        return "units of confidence"
    is_in_points = plain.startswith(("gain", "overconfidence", "calibration_error"))
    return POINTS if is_difference or is_in_points else PERCENT


def measures_of(
    sample: Sample, declared: Declared, condition: DeclaredCondition
) -> dict[str, Terms]:
    """Return every measure that the study's task has, in the order of the codebook."""
    first, final = first_of(sample, condition.name), final_of(sample, condition.name)
    found: dict[str, Terms] = {}
    if first is not None:
        found |= _switching(first, condition)
    if is_choice(sample.answers):
        found |= _agreement(final, condition)
    is_two = not is_choice(sample.answers)
    if "confidence" in sample.answers:
        found |= confidence_measures(final, declared, is_two_answers=is_two)
        found["mean_confidence"] = _mean_confidence(final)
    if first is not None and "first_confidence" in sample.answers:
        of_first = confidence_measures(first, declared, is_two_answers=is_two)
        found |= {_FIRST + name: terms for name, terms in of_first.items()}
        found["first_confidence"] = _mean_confidence(first)
        found["confidence_gain"] = _confidence_gain(first)
    return {name: found[name] for name in TASK_MEASURE_NAMES if name in found}


def _switching(first: Said, condition: DeclaredCondition) -> dict[str, Terms]:
    data = advised_of(first)
    return {
        name: undefined(UNAIDED) if condition.is_unaided and name in _ON_ADVICE else measure(data)
        for name, measure in SWITCHING.items()
    }


def _agreement(final: Said, condition: DeclaredCondition) -> dict[str, Terms]:
    """Return how often people choose the AI's class: in all trials, if it is right, or wrong."""
    kinds = {"agreement": None, "agreement_ai_correct": True, "agreement_ai_wrong": False}
    found = {}
    for name, kind in kinds.items():
        rows = np.full(final.person.size, True) if kind is None else final.is_ai_correct == kind
        values = np.where(final.agrees[rows], 100.0, 0.0)
        found[name] = (
            undefined(UNAIDED)
            if condition.is_unaided
            else mean_terms(
                values, final.person[rows], final.photo[rows], kind=final.kind[rows],
                limits=(0.0, 100.0),
            )
        )  # fmt: skip
    return found


def confidence_measures(
    said: Said, declared: Declared, *, is_two_answers: bool
) -> dict[str, Terms]:
    """Return calibration and areas of the answers with a confidence."""
    rated = said.rated(declared)
    return {
        "overconfidence": calibration.overconfidence(rated),
        "brier": calibration.brier(rated),
        "calibration_error": _calibration_error(rated),
        "auroc2": calibration.auroc2(rated),
        "reader_auc": _reader_area(said) if is_two_answers else undefined(A_CHOICE),
    }


def _calibration_error(rated: Rated) -> Terms:
    """Return the value alone: it is no mean over answers, and has no interval."""
    defined = calibration.overconfidence(rated)
    if defined.reason:
        return defined
    value = calibration.calibration_error(rated)
    nothing = np.zeros_like(defined.psi)
    return Terms(value, defined.weight, nothing, defined.person, defined.photo)


def _rated_rows(said: Said) -> tuple[np.ndarray, np.ndarray]:
    rows = ~np.isnan(said.confidence)
    return rows, signed_rating(said.agrees[rows], said.confidence[rows])


def _reader_area(said: Said) -> Terms:
    rows, rating = _rated_rows(said)
    if not rows.any():
        return undefined(calibration.NO_CONFIDENCE)
    return calibration.area_terms(
        rating, said.is_ai_correct[rows], said.person[rows], said.photo[rows],
        "nobody judged both a right and a wrong AI",
    )  # fmt: skip


def _mean_confidence(said: Said) -> Terms:
    rows = ~np.isnan(said.confidence)
    return mean_terms(
        said.confidence[rows], said.person[rows], said.photo[rows], kind=said.kind[rows],
        reason=calibration.NO_CONFIDENCE,
    )  # fmt: skip


def _confidence_gain(first: Said) -> Terms:
    """Return the mean change of confidence from the first to the final answer."""
    change = first.rows["confidence"].to_numpy(dtype=float) - first.confidence
    rows = ~np.isnan(change)
    return mean_terms(
        change[rows], first.person[rows], first.photo[rows], kind=first.kind[rows],
        reason=calibration.NO_CONFIDENCE,
    )  # fmt: skip


def _by_occasion(sample: Sample, declared: Declared) -> Iterator[tuple[str, str, Said]]:
    for condition in declared.names:
        for occasion in OCCASIONS:
            said = said_in(sample, condition, occasion)
            if said is not None and said.person.size:
                yield condition, occasion, said


def calibration_table(sample: Sample, declared: Declared) -> DataFrame:
    """Return one row a condition, occasion and bin of confidence."""
    rows = []
    for condition, occasion, said in _by_occasion(sample, declared):
        curve = curve_of(said.rated(declared))
        columns = (curve.low, curve.high, curve.n, curve.mean, curve.accuracy)
        names = ("low", "high", "n_trials", "mean_confidence", "accuracy")
        for point in zip(*columns, strict=True):
            cells = dict(zip(names, point, strict=True))
            rows.append({"condition": condition, "occasion": occasion, **cells})
    return DataFrame(rows)


def reader_roc_table(sample: Sample, declared: Declared) -> DataFrame:
    """Return one row a condition, occasion and rating: the empirical ROC curve, pooled."""
    rows = []
    for condition, occasion, said in _by_occasion(sample, declared):
        is_rated, rating = _rated_rows(said)
        if is_choice(sample.answers) or not rating.size:
            continue
        points = reader_roc(rating, said.is_ai_correct[is_rated])
        for threshold, false_alarms, hits in zip(*points, strict=True):
            cells = {"threshold": threshold, "false_alarms": false_alarms, "hits": hits}
            rows.append({"condition": condition, "occasion": occasion, **cells})
    return DataFrame(rows)


def interval_cells(name: str, found: Estimate) -> dict[str, float]:
    """Return an estimate and the ends of its interval under a column's name."""
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}


def counts_of(codes: Ints, size: int) -> Ints:
    """Return how often each code occurs."""
    return np.bincount(codes, minlength=size).astype(np.int64)
