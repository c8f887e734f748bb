"""Measures of a condition's answers by person and photo, with the weight of each answer. Pure.

``twoway`` compares them between conditions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import norm

from analysis.stats.confidence import Bools
from analysis.stats.inference import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Crossed:
    """The answers of one condition, ``(n,)`` each: person, photo and outcome.

    ``person`` and ``image`` hold codes from 0. A photo has the same code in every condition, so
    twins, which show the same photos, share its effect.
    """

    person: Ints
    image: Ints
    is_ai_correct: Bools
    is_correct: Bools

    def none(self) -> Crossed:
        """Return an empty set of answers."""
        kinds = self.is_correct[:0]
        return Crossed(self.person[:0], self.image[:0], kinds, kinds)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One kind of answers in a measure: a mask of them (``(n,)``), their outcome, their weight."""

    rows: Bools
    outcome: Bools
    weight: Floats | float


def _mean_over_people(
    crossed: Crossed, rows: Bools, outcome: Bools
) -> tuple[float, NDArray[np.float64]]:
    """Return the mean over people of their share of ``outcome`` in ``rows``, and the weights."""
    counts = np.bincount(crossed.person[rows], minlength=int(crossed.person.max(initial=-1)) + 1)
    n_people = int((counts > 0).sum())
    if not n_people:
        return math.nan, np.zeros(rows.size)
    weights = 100 / (n_people * np.maximum(counts, 1)[crossed.person])
    return float(weights[rows & outcome].sum()), weights


def _rate(
    kind: bool | None, outcome: Callable[[Crossed], Bools]
) -> Callable[[Crossed], tuple[float, list[Part]]]:
    """Return a measure: the mean over people of a share, for one kind of trials or for all."""

    def measured(crossed: Crossed) -> tuple[float, list[Part]]:
        is_all = np.ones(crossed.person.size, dtype=bool)
        rows = is_all if kind is None else crossed.is_ai_correct == kind
        hits = outcome(crossed)
        value, weights = _mean_over_people(crossed, rows, hits)
        return value, [Part(rows, hits, weights)]

    return measured


def _balanced(crossed: Crossed) -> tuple[float, list[Part]]:
    size = int(crossed.person.max(initial=-1)) + 1
    has_both = np.ones(size, dtype=bool)
    for kind in (True, False):
        rows = crossed.is_ai_correct == kind
        has_both &= np.bincount(crossed.person[rows], minlength=size) > 0
    value, parts = 0.0, []
    for kind in (True, False):
        rows = (crossed.is_ai_correct == kind) & has_both[crossed.person]
        mean, weights = _mean_over_people(crossed, rows, crossed.is_correct)
        value += mean / 2
        parts.append(Part(rows, crossed.is_correct, weights / 2))
    return value, parts


def _detection(
    of_hits: float, of_false_alarms: float
) -> Callable[[Crossed], tuple[float, list[Part]]]:
    """Return a measure of pooled counts: a weighted sum of z(H) and z(F) with Hautus's correction.

    Its weights are derivatives: d z(H) / d answer = 1 / (φ(z(H)) (n + 1)).
    """

    def measured(crossed: Crossed) -> tuple[float, list[Part]]:
        is_accepted = _accepted(crossed)
        value, parts = 0.0, []
        for kind, factor in ((True, of_hits), (False, of_false_alarms)):
            rows = crossed.is_ai_correct == kind
            n = int(rows.sum())
            if not n:
                return math.nan, []
            z = float(ndtri((is_accepted[rows].sum() + 0.5) / (n + 1)))
            value += factor * z
            slope = factor / (float(norm.pdf(z)) * (n + 1))
            parts.append(Part(rows, is_accepted, slope))
        return value, parts

    return measured


def _accepted(crossed: Crossed) -> Bools:
    accepted: Bools = crossed.is_correct == crossed.is_ai_correct
    return accepted


def _correct(crossed: Crossed) -> Bools:
    return crossed.is_correct


def _rejected(crossed: Crossed) -> Bools:
    return ~_accepted(crossed)


CROSSED_MEASURES: Mapping[str, Callable[[Crossed], tuple[float, list[Part]]]] = {
    "accuracy": _rate(None, _correct),
    "accuracy_ai_correct": _rate(True, _correct),
    "accuracy_ai_wrong": _rate(False, _correct),
    "balanced_accuracy": _balanced,
    "accept_rate": _rate(None, _accepted),
    "over_reliance": _rate(False, _accepted),
    "under_reliance": _rate(True, _rejected),
    "d_prime": _detection(1.0, -1.0),
    "criterion": _detection(-0.5, -0.5),
}
