"""Differences between conditions when people and photos are both samples. Pure NumPy and SciPy.

A test over participants generalises to other people, but not to other photos. Conditions that
judge different AIs show different photos, so part of their difference is the choice of photos. The
two-way cluster-robust variance includes both (Cameron, Gelbach & Miller 2011,
doi:10.1198/jbes.2010.07136; for readers and cases, Gallas, Pennello & Myers 2007):

    ψᵢ = weight of answer i in the difference × its residual, with the sign of its condition
    V  = Σ over people (Σ ψ)² · n / (n − arms)  +  Σ over photos (Σ ψ)² · m / (m − 1)  −  Σ ψ²

(arms: 1 where the same people are in both conditions)

and V is at least the people's term. A residual is the deviation from the mean of the condition's
answers of the same kind (the AI right, the AI wrong), because the design fixes how many of each
kind a person sees. The interval is Student's t with n − arms degrees of freedom.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from analysis.stats.crossed_measures import CROSSED_MEASURES, Crossed
from analysis.stats.inference import Floats, Ints

LEVEL = 0.95
_SHARED = 0.5  # least share of answers on the other's photos to count as shared


@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """A measure of one condition, and the terms of its answers in the variance of a difference.

    ``value`` is in the unit of the measure (percent, or standard deviations). ``by_person``
    ``(p,)`` and ``by_image`` ``(i,)`` are sums of ψ, ``squares`` is Σ ψ². ``answers`` ``(i,)``
    counts the answers on each photo. Only answers that enter the measure are counted. ``psi``,
    ``person`` and ``image`` ``(k,)`` are the answers themselves.
    """

    value: float
    by_person: Floats
    by_image: Floats
    squares: float
    n_people: int
    answers: Ints
    psi: Floats
    person: Ints
    image: Ints


@dataclass(frozen=True, slots=True)
class TwoWay:
    """A difference a − b with its standard error, interval and two-sided p; NaN: not defined.

    ``shares_photos`` says that at least half of each condition's answers are on photos that the
    other condition judged as well.
    """

    difference: float
    se: float
    freedom: int
    low: float
    high: float
    p: float
    n_images: int
    shares_photos: bool

    def interval(self, level: float) -> tuple[float, float]:
        """Return Student's interval of the given level around the difference."""
        if not self.se > 0:
            return math.nan, math.nan
        reach = float(student.ppf((1 + level) / 2, self.freedom)) * self.se
        return self.difference - reach, self.difference + reach

    def p_within(self, margin: float) -> float:
        """Return the larger p of the two one-sided tests of a difference within ± ``margin``."""
        if not self.se > 0:
            return math.nan
        return float(student.sf((margin - abs(self.difference)) / self.se, self.freedom))


def arm_of(crossed: Crossed, measure: str) -> Arm:
    """Return a measure of ``MEASURES`` over a condition's answers, ready to be compared.

    Rates are means over the participants who have such a trial, as in the table ``measures``.
    ``d_prime`` and ``criterion`` are computed from the pooled answers, because the difference of
    two means of corrected rates depends on the criterion. ``value`` is NaN without answers.
    """
    value, parts = CROSSED_MEASURES[measure](crossed)
    psi = np.zeros(crossed.person.size)
    enters = np.zeros(crossed.person.size, dtype=bool)
    for part in parts:
        for kind in (True, False):
            rows = part.rows & (crossed.is_ai_correct == kind)
            weight = np.broadcast_to(part.weight, rows.shape)[rows]
            if weight.size:
                hit = part.outcome[rows].astype(float)
                psi[rows] += weight * (hit - np.average(hit, weights=np.abs(weight)))
                enters |= rows
    people, images = crossed.person[enters], crossed.image[enters]
    by_person = np.bincount(people, psi[enters]).astype(float)
    by_image = np.bincount(images, psi[enters]).astype(float)
    return Arm(
        value, by_person, by_image, float(psi @ psi), n_distinct(people), np.bincount(images),
        psi[enters], people, images,
    )  # fmt: skip


def difference_of(a: Arm, b: Arm, *, is_within: bool = False) -> TwoWay:
    """Return the difference of two conditions, a − b, with its interval.

    They have different people, unless ``is_within``: then the same code in both is the same
    person, whose ψ in both conditions are added before they are squared. If everybody is in both,
    there are n − 1 degrees of freedom. Not defined with fewer than two people on a side, with a
    single photo, or if no answer differs from the mean of its kind.
    """
    size = max(a.answers.size, b.answers.size)
    first, second = (np.pad(item.by_image, (0, size - item.by_image.size)) for item in (a, b))
    seen = [np.pad(item.answers, (0, size - item.answers.size)) for item in (a, b)]
    m, difference, shares = int(((seen[0] + seen[1]) > 0).sum()), a.value - b.value, _shares(*seen)
    if min(a.n_people, b.n_people) < 2 or m < 2:
        return TwoWay(difference, math.nan, 0, math.nan, math.nan, math.nan, m, shares)
    n, arms, of_people, squares = _of_same_people(a, b) if is_within else _of_people(a, b)
    people = of_people * n / (n - arms)
    photos = float(((first - second) ** 2).sum()) * m / (m - 1)
    se, freedom = math.sqrt(max(people, people + photos - squares)), n - arms
    found = TwoWay(difference, se, freedom, math.nan, math.nan, math.nan, m, shares)
    low, high = found.interval(LEVEL)
    p = float(2 * student.sf(abs(difference) / se, freedom)) if se > 0 else math.nan
    return TwoWay(difference, se, freedom, low, high, p, m, shares)


def estimate_of(value: float, psi: Floats, person: Ints, image: Ints) -> tuple[float, float, float]:
    """Return a measure of one condition with its interval: ``value``, low, high.

    ``psi``, ``person`` and ``image`` ``(k,)`` are of its answers, as in ``Arm``. There are n − 1
    degrees of freedom. The interval is NaN below two people or two photos, and if no answer differs
    from the mean of its kind.
    """
    of_person, of_image = (np.bincount(codes, psi).astype(float) for codes in (person, image))
    n, m = n_distinct(person), n_distinct(image)
    if n < 2 or m < 2:
        return value, math.nan, math.nan
    people = float(of_person @ of_person) * n / (n - 1)
    photos = float(of_image @ of_image) * m / (m - 1)
    se = math.sqrt(max(people, people + photos - float(psi @ psi)))
    found = TwoWay(value, se, n - 1, math.nan, math.nan, math.nan, m, shares_photos=True)
    return value, *found.interval(LEVEL)


def _of_people(a: Arm, b: Arm) -> tuple[int, int, float, float]:
    """Return people, groups of them, Σ (Σ ψ)² over people and Σ ψ², of two different groups."""
    people = float(a.by_person @ a.by_person) + float(b.by_person @ b.by_person)
    return a.n_people + b.n_people, 2, people, a.squares + b.squares


def _of_same_people(a: Arm, b: Arm) -> tuple[int, int, float, float]:
    """Return the same where a code is the same person in both conditions.

    A person may judge a photo in both: the last sum is over person × photo.
    """
    person = np.concatenate([a.person, b.person])
    image = np.concatenate([a.image, b.image])
    psi = np.concatenate([a.psi, -b.psi])
    cells = np.unique(person * (1 + int(image.max())) + image, return_inverse=True)[1]
    of_people, of_cells = (np.bincount(codes, psi).astype(float) for codes in (person, cells))
    n = n_distinct(person)
    arms = 1 if a.n_people == b.n_people == n else 2
    return n, arms, float(of_people @ of_people), float(of_cells @ of_cells)


def n_distinct(codes: Ints) -> int:
    """Return how many codes from 0 occur."""
    return int(np.count_nonzero(np.bincount(codes)))


def _shares(a: Ints, b: Ints) -> bool:
    return all(
        mine.sum() > 0 and mine[other > 0].sum() >= _SHARED * mine.sum()
        for mine, other in ((a, b), (b, a))
    )
