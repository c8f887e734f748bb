"""Confidence of people: calibration, Brier score, and areas under ROC curves. Pure NumPy.

Confidence is a number that is larger for a surer answer. Where it is a probability (a scale in
percent) it is compared with the share of right answers; levels with labels are only ordered, so
they have a curve and areas, and no Brier score. Formulas: docs/metrics.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import rankdata

from analysis.stats.confidence import Bools
from analysis.stats.inference import Floats, Ints
from analysis.stats.mrmc import Terms, mean_terms, undefined

N_BINS: Final = 10
NO_PROBABILITY: Final = "confidence is in levels, which are no probabilities"
NO_CONFIDENCE: Final = "no answer has a confidence"


@dataclass(frozen=True, slots=True, eq=False)
class Rated:
    """Answers with confidence, ``(n,)`` each; codes as in ``mrmc.Terms``.

    ``kind`` are codes of what the design fixes (is the AI right). ``is_percent`` says that
    ``confidence`` is the probability, in percent, that the answer is right.
    """

    person: Ints
    photo: Ints
    kind: Ints
    is_correct: Bools
    confidence: Floats
    is_percent: bool


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Answers by bins of confidence, ``(b,)`` each, only bins that occur.

    ``low`` and ``high`` bound a bin: low ≤ confidence < high, the last one with its end. ``mean``
    is the mean confidence, ``accuracy`` the share of right answers in percent.
    """

    low: Floats
    high: Floats
    n: Ints
    mean: Floats
    accuracy: Floats


def brier(rated: Rated) -> Terms:
    """Return the mean over people of (confidence / 100 − right)²: 0 is best, 1 is worst."""
    why = _why_not(rated)
    if why:
        return undefined(why)
    score = (rated.confidence / 100 - rated.is_correct) ** 2
    return mean_terms(score, rated.person, rated.photo, kind=rated.kind, limits=(0.0, 1.0))


def overconfidence(rated: Rated) -> Terms:
    """Return mean confidence − accuracy in points, a mean over people; above 0: too sure."""
    why = _why_not(rated)
    if why:
        return undefined(why)
    gap = rated.confidence - 100.0 * rated.is_correct
    return mean_terms(gap, rated.person, rated.photo, kind=rated.kind, limits=(-100.0, 100.0))


def _why_not(rated: Rated) -> str:
    if not rated.confidence.size:
        return NO_CONFIDENCE
    return "" if rated.is_percent else NO_PROBABILITY


def curve_of(rated: Rated) -> Curve:
    """Return the calibration curve, pooled over answers.

    Probabilities have ten bins of 10 points, [0, 10), [10, 20) … [90, 100]; of levels, each is a
    bin, with the level at both ends.
    """
    if rated.is_percent:
        codes = np.minimum(np.floor(rated.confidence / N_BINS), N_BINS - 1).astype(np.int64)
        ends: Floats = np.linspace(0, 100, N_BINS + 1)
        low, high = ends[:-1], ends[1:]
    else:
        levels, places = np.unique(rated.confidence, return_inverse=True)
        codes, low, high = places.astype(np.int64), levels, levels
    n = np.bincount(codes, minlength=low.size)
    there = n > 0
    sums = [np.bincount(codes, each, low.size) for each in (rated.confidence, rated.is_correct)]
    mean, accuracy = (each[there] / n[there] for each in sums)
    return Curve(low[there], high[there], n[there].astype(np.int64), mean, 100 * accuracy)


def calibration_error(rated: Rated) -> float:
    """Return Σ n_b/n · |accuracy_b − mean confidence_b| in points over the bins of ``curve_of``.

    The expected calibration error (Naeini, Cooper & Hauskrecht 2015) on these ten bins. It is
    above 0 by chance alone, the more the fewer answers a bin has. NaN without probabilities.
    """
    if _why_not(rated):
        return math.nan
    curve = curve_of(rated)
    return float((curve.n * np.abs(curve.accuracy - curve.mean)).sum() / curve.n.sum())


def auroc2(rated: Rated) -> Terms:
    """Return the type-2 area: P(surer when right than when wrong) + ½ P(equally sure).

    The mean over people who have right and wrong answers, each with their own area, because people
    use a scale differently (Fleming & Lau 2014, doi:10.3389/fnhum.2014.00443).
    """
    if not rated.confidence.size:
        return undefined(NO_CONFIDENCE)
    return area_terms(
        rated.confidence, rated.is_correct, rated.person, rated.photo,
        "nobody has both right and wrong answers",
    )  # fmt: skip


def area_terms(rating: Floats, is_signal: Bools, person: Ints, photo: Ints, empty: str) -> Terms:
    """Return the mean over people of P(rating of a signal > of another) + ½ P(equal).

    Only people with trials of both kinds count; ``empty`` is the reason if there are none. An
    answer's influence is its placement value: the share of the person's answers of the other kind
    that it is ordered rightly with (DeLong, DeLong & Clarke-Pearson 1988, doi:10.2307/2531595;
    for clustered answers Obuchowski 1997, doi:10.2307/2533958).
    """
    n_signal = np.bincount(person, is_signal)
    n_other = np.bincount(person, ~is_signal)
    rows = (n_signal * n_other > 0)[person]
    if not rows.any():
        return undefined(empty)
    rating, is_signal = rating[rows], is_signal[rows]
    person, photo = person[rows], photo[rows]
    placement = _placements(rating, is_signal, person)
    n = np.bincount(person)
    own = np.where(is_signal, n_signal[person], n_other[person])  # answers of the same kind
    area = np.bincount(person, placement * is_signal) / np.maximum(n_signal[: n.size], 1)
    n_people = int((n > 0).sum())
    value = float(area[n > 0].mean())
    psi = ((placement - area[person]) / own + (area[person] - value) / n[person]) / n_people
    return Terms(value, 1 / (n_people * n[person]), psi, person, photo, limits=(0.0, 1.0))


def _placements(rating: Floats, is_signal: Bools, person: Ints) -> Floats:
    """Return each answer's share of the person's other kind that it is ordered rightly with.

    By ranks: the rank among all of the person's answers, less that among those of the same kind.
    """
    order = rankdata(rating, method="dense")
    above = _ranks(order, person) - _ranks(order, 2 * person + is_signal)
    n_signal, n = np.bincount(person, is_signal)[person], np.bincount(person)[person]
    n_unlike = np.where(is_signal, n - n_signal, n_signal)
    below: Floats = above / n_unlike
    return np.where(is_signal, below, 1 - below)


def _ranks(order: Floats, group: Ints) -> Floats:
    """Return mid-ranks from 1 within each group."""
    width = int(order.max()) + 1
    keys = group * width + order.astype(np.int64)
    ranks = rankdata(keys)
    first = np.bincount(group, minlength=int(group.max()) + 1)
    return np.asarray(ranks - (np.cumsum(first) - first)[group], dtype=float)


def reader_roc(rating: Floats, is_signal: Bools) -> tuple[Floats, Floats, Floats]:
    """Return thresholds ``(t,)`` from the largest rating down, and both rates in percent.

    The rates are the shares of answers rated at the threshold or above: where the AI is wrong (the
    false alarms) and where it is right (the hits), pooled over people.
    """
    thresholds = np.unique(rating)[::-1]
    rates = [
        100 * (np.searchsorted(np.sort(-part), -thresholds, side="right") / max(1, part.size))
        for part in (rating[~is_signal], rating[is_signal])
    ]
    return thresholds, rates[0], rates[1]


def signed_rating(is_accepted: Bools, confidence: Floats) -> Floats:
    """Return the rating that "the label is right": + confidence of a Yes, − confidence of a No."""
    return np.where(is_accepted, confidence, -confidence)
