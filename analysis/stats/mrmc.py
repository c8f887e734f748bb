"""Estimates over many people and many photos, with the variance of both. Pure NumPy and SciPy.

The measures of a task (reliance after a first answer, calibration, areas under ROC curves) are
weighted means θ = Σ w·k over answers. Answers that share a person or a photo are not independent.
With ψ = w·(k − θ), or the influence of the answer on θ where θ is no plain mean, and N(x, y) the
sum of x·y over all pairs of answers that share neither person nor photo,

    V(θ) = − N(ψ, ψ) / N(w, w)          Cov(θa, θb) = − N(ψa, ψb) / N(wa, wb)

This is the U-statistic estimate of readers-and-cases studies (Gallas 2006,
doi:10.1016/j.acra.2005.11.030; Gallas, Pennello & Myers 2007, doi:10.1364/JOSAA.24.000B70). N
comes from sums by person, by photo and by both, so it is also the two-way cluster-robust variance
(Cameron, Gelbach & Miller 2011, doi:10.1198/jbes.2010.07136) with an exact factor for small
numbers. A covariance counts the people and the photos that two conditions share, so one formula
serves conditions between people and within people. V is never less than the term of the people.
Intervals are Student's, with people − 1 degrees of freedom (people − 2 for a difference between
different people).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import t as student

from analysis.stats.inference import N_INTERVAL, Floats, Ints

LEVEL = 0.95
FEW = "fewer than 3 people: no interval"
ALIKE = "all alike: no interval"
NO_PHOTOS = "fewer than 2 photos: no interval"


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """A measure of one condition, and what each answer adds to its variance.

    ``weight`` ``(k,)`` sums to 1 (``psi`` ``(k,)``: see above). ``person`` and ``photo`` ``(k,)``
    hold codes from 0, the same code for the same person and photo in every condition. ``reason``
    says why there is no ``value``, or is empty. ``limits`` are the least and the largest possible
    value.
    """

    value: float
    weight: Floats
    psi: Floats
    person: Ints
    photo: Ints
    reason: str = ""
    limits: tuple[float, float] = (-math.inf, math.inf)

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many people, photos and answers enter the measure."""
        return np.unique(self.person).size, np.unique(self.photo).size, self.person.size


def undefined(reason: str) -> Terms:
    """Return a measure without a value, for a reason in words."""
    none, codes = np.zeros(0), np.zeros(0, dtype=np.int64)
    return Terms(math.nan, none, none, codes, codes, reason)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its standard error, Student's 95 % interval and two-sided p of 0.

    What is not defined is NaN, and ``note`` says why.
    """

    value: float
    se: float
    low: float
    high: float
    p: float
    n_people: int
    n_photos: int
    n_trials: int
    note: str


def covariance(a: Terms, b: Terms) -> float:
    """Return Cov(θa, θb) as above; 0 where the two share neither people nor photos."""
    cells = _cells(a, b)
    shared, weights = 0.0, float(a.weight.sum() * b.weight.sum())
    for sign, codes in ((1, (a.person, b.person)), (1, (a.photo, b.photo)), (-1, cells)):
        shared += sign * _product(codes, a.psi, b.psi)
        weights -= sign * _product(codes, a.weight, b.weight)
    return shared / weights if weights > 0 else math.nan


def _product(codes: tuple[Ints, Ints], x: Floats, y: Floats) -> float:
    """Return the sum over codes of (sum of x) × (sum of y)."""
    size = 1 + int(max(each.max(initial=-1) for each in codes))
    return float(np.bincount(codes[0], x, size) @ np.bincount(codes[1], y, size))


def _cells(a: Terms, b: Terms) -> tuple[Ints, Ints]:
    """Return codes of person × photo, the same in both."""
    width = 1 + int(max(each.photo.max(initial=-1) for each in (a, b)))
    pairs = np.concatenate([each.person * width + each.photo for each in (a, b)])
    codes = np.unique(pairs, return_inverse=True)[1].astype(np.int64)
    return codes[: a.person.size], codes[a.person.size :]


def estimate_of(terms: Terms) -> Estimate:
    """Return a measure of one condition with its interval, within the limits of the measure."""
    counts = terms.counts
    if terms.reason:
        return Estimate(*(math.nan,) * 5, *counts, terms.reason)
    people = np.bincount(terms.person, terms.psi).astype(float)
    found = _numbers(terms.value, covariance(terms, terms), people, counts, 1)
    value, low, high = np.clip([found.value, found.low, found.high], *terms.limits)
    return replace(found, value=float(value), low=float(low), high=float(high), p=math.nan)


def difference_of(a: Terms, b: Terms) -> Estimate:
    """Return the difference θa − θb of two conditions, of the same people or of different ones.

    Where everybody is in both, the degrees of freedom are people − 1, else people − 2.
    """
    people = [np.unique(each.person) for each in (a, b)]
    everyone = np.union1d(*people)
    n_groups = 1 if people[0].size == people[1].size == everyone.size else 2
    n_photos = np.union1d(a.photo, b.photo).size
    counts = (int(everyone.size), int(n_photos), a.psi.size + b.psi.size)
    reason = a.reason or b.reason
    if reason:
        return Estimate(*(math.nan,) * 5, *counts, reason)
    size = int(everyone.max()) + 1
    psi = (np.bincount(a.person, a.psi, size) - np.bincount(b.person, b.psi, size)).astype(float)
    variance = covariance(a, a) + covariance(b, b) - 2 * covariance(a, b)
    if min(each.size for each in people) < N_INTERVAL:
        variance = math.nan
    return _numbers(a.value - b.value, variance, psi, counts, n_groups)


def _numbers(
    value: float, variance: float, people: Floats, counts: tuple[int, int, int], n_groups: int
) -> Estimate:
    """Return the estimate; ``people`` are sums of ψ by person."""
    n = counts[0]
    note = FEW if n < N_INTERVAL + n_groups - 1 or math.isnan(variance) else ""
    note = note or (NO_PHOTOS if counts[1] < 2 else "")
    of_people = float(people @ people) * n / max(1, n - n_groups)
    se = 0.0 if note else math.sqrt(max(variance, of_people, 0.0))
    if not se > 1e-12:
        return Estimate(value, *(math.nan,) * 4, *counts, note or ALIKE)
    reach = float(student.ppf((1 + LEVEL) / 2, n - n_groups)) * se
    p = float(2 * student.sf(abs(value) / se, n - n_groups))
    return Estimate(value, se, value - reach, value + reach, p, *counts, "")


def mean_terms(
    outcome: Floats,
    person: Ints,
    photo: Ints,
    *,
    kind: Ints | None = None,
    of_people: bool = True,
    limits: tuple[float, float] = (-math.inf, math.inf),
    reason: str = "no such trials",
) -> Terms:
    """Return the mean of an outcome ``(n,)``: over people's means, or over all answers alike.

    ``kind`` ``(n,)`` are codes of what the design fixes for each person (such as whether the AI is
    right): residuals are then taken from the mean of the kind. ``reason`` is given without answers.
    """
    if not outcome.size:
        return undefined(reason)
    counts = np.bincount(person)
    n_people = int((counts > 0).sum())
    weight = 1 / (n_people * counts[person]) if of_people else np.full(person.size, 1 / person.size)
    value = float(weight @ outcome)
    centre = np.full(outcome.size, value)
    if kind is not None:
        totals = np.bincount(kind, weight)
        means = np.bincount(kind, weight * outcome) / np.where(totals > 0, totals, 1)
        centre = means[kind]
    psi = weight * (outcome - centre)
    return Terms(value, weight, psi, person, photo, limits=limits)
