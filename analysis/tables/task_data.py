"""The answers of a task, condition by condition, as the estimators take them. Pure pandas.

Codes of people, photos and classes are those of the whole sample, so that conditions can share
them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pandas import DataFrame, Series

from analysis.stats.analysis_plan import Declared
from analysis.stats.analysis_sets import Sample
from analysis.stats.calibration import Rated
from analysis.stats.choice import Chosen
from analysis.stats.confidence import Bools, Floats
from analysis.stats.inference import Ints
from analysis.stats.switching import Advised
from analysis.stats.task_answers import agrees

OCCASIONS = ("first", "final")


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """One condition's answers on one occasion, ``(n,)`` each; only trials that have one.

    ``confidence`` is NaN if none was given.
    """

    person: Ints
    photo: Ints
    is_ai_correct: Bools
    is_correct: Bools
    agrees: Bools
    confidence: Floats
    rows: DataFrame

    @property
    def kind(self) -> Ints:
        """Codes of what the design fixes: is the AI right."""
        return self.is_ai_correct.astype(np.int64)

    def rated(self, declared: Declared) -> Rated:
        """Return the answers that have a confidence."""
        rows = ~np.isnan(self.confidence)
        return Rated(
            self.person[rows], self.photo[rows], self.kind[rows], self.is_correct[rows],
            self.confidence[rows], declared.confidence == "percent",
        )  # fmt: skip

    def chosen(self, column: str) -> Chosen:
        """Return the choices in ``column``, by codes of the classes."""
        truth, choice = (self.rows[name].cat for name in ("true_label", column))
        return Chosen(
            self.person, self.photo, self.kind, truth.codes.to_numpy().astype(np.int64),
            choice.codes.to_numpy().astype(np.int64), self.is_correct, len(truth.categories),
        )  # fmt: skip


def said_in(sample: Sample, condition: str, occasion: str) -> Said | None:
    """Return a condition's answers on an occasion; None if the task does not have the occasion."""
    return final_of(sample, condition) if occasion == "final" else first_of(sample, condition)


def final_of(sample: Sample, condition: str) -> Said:
    """Return a condition's final answers."""
    is_there = (sample.answers["condition"] == condition).to_numpy()
    rows = sample.answers[is_there]
    return _said(sample, is_there, rows["is_correct"], agrees(rows), "confidence")


def first_of(sample: Sample, condition: str) -> Said | None:
    """Return a condition's first answers; None if the task does not ask for any."""
    answers = sample.answers
    if "first_agrees" not in answers:
        return None
    is_there = (answers["condition"] == condition) & answers["first_agrees"].notna()
    rows = answers[is_there]
    is_ai = rows["first_agrees"].to_numpy() == 1
    is_correct = rows["first_is_correct"] == 1
    return _said(sample, is_there.to_numpy(), is_correct, is_ai, "first_confidence")


def _said(
    sample: Sample, is_there: Bools, is_correct: Series, is_ai: Bools, confidence: str
) -> Said:
    answers = sample.answers
    rows = answers[is_there]
    photo = np.unique(answers["item_id"].cat.codes, return_inverse=True)[1]
    sure = rows[confidence] if confidence in rows else np.full(len(rows), np.nan)
    return Said(
        rows["participant_id"].cat.codes.to_numpy().astype(np.int64),
        photo[is_there].astype(np.int64),
        rows["is_ai_correct"].to_numpy(dtype=bool),
        is_correct.to_numpy(dtype=bool),
        is_ai,
        np.asarray(sure, dtype=float),
        rows,
    )


def advised_of(first: Said) -> Advised:
    """Return the trials of a condition that have a first and a final answer."""
    return Advised(
        first.person, first.photo, first.is_ai_correct, first.is_correct, first.agrees,
        first.rows["is_correct"].to_numpy(dtype=bool), agrees(first.rows),
    )  # fmt: skip
