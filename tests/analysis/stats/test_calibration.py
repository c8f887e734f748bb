"""Calibration and areas under ROC curves: by hand, and by counting all pairs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.stats import calibration
from analysis.stats.calibration import (
    Rated,
    area_terms,
    auroc2,
    brier,
    calibration_error,
    curve_of,
    overconfidence,
    reader_roc,
    signed_rating,
)
from analysis.stats.inference import Floats, Ints
from analysis.stats.mrmc import covariance, estimate_of


def rated(
    correct: list[int], confidence: list[float], person: Ints | None = None, is_percent: bool = True
) -> Rated:
    place = np.arange(len(correct))
    who = place if person is None else person
    right = np.array(correct, dtype=bool)
    return Rated(who, place, 0 * place, right, np.array(confidence, dtype=float), is_percent)


FOUR = rated([1, 1, 0, 0], [95, 60, 100, 55])


def test_scores_are_what_is_computed_by_hand() -> None:
    # (.05² + .4² + 1² + .55²) / 4; mean confidence 77.5, half right.
    assert estimate_of(brier(FOUR)).value == pytest.approx(1.465 / 4)
    assert estimate_of(overconfidence(FOUR)).value == pytest.approx(27.5)


def test_the_curve_has_ten_bins_and_its_ends_are_in_the_last_one() -> None:
    curve = curve_of(FOUR)
    assert list(zip(curve.low, curve.high, curve.n, strict=True)) == [
        (50, 60, 1), (60, 70, 1), (90, 100, 2)
    ]  # fmt: skip
    assert list(curve.mean) == [55, 60, 97.5]
    assert list(curve.accuracy) == [0, 100, 50]
    assert calibration_error(FOUR) == pytest.approx((55 + 40 + 2 * 47.5) / 4)


def test_levels_have_a_curve_and_an_area_but_no_probability() -> None:
    levels = rated([1, 0, 1], [3, 1, 3], is_percent=False)
    assert list(curve_of(levels).low) == [1, 3]
    assert math.isnan(calibration_error(levels))
    assert estimate_of(brier(levels)).note == calibration.NO_PROBABILITY


def counted(rating: Floats, is_signal: np.ndarray, person: Ints) -> float:
    """Return the mean over people of their area, by counting all pairs."""
    areas = []
    for who in np.unique(person):
        signal = rating[(person == who) & is_signal]
        other = rating[(person == who) & ~is_signal]
        if signal.size and other.size:
            wins = [(s > o) + 0.5 * (s == o) for s in signal for o in other]
            areas.append(float(np.mean(wins)))
    return float(np.mean(areas))


@pytest.mark.parametrize("seed", range(5))
def test_an_area_is_the_share_of_pairs_that_are_ordered_rightly(seed: int) -> None:
    rng = np.random.default_rng(seed)
    person, rating = rng.integers(5, size=60), rng.integers(1, 6, size=60).astype(float)
    is_signal = rng.random(60) < 0.4
    found = area_terms(rating, is_signal, person, np.arange(60), "none")
    assert found.value == pytest.approx(counted(rating, is_signal, person))
    assert found.psi.sum() == pytest.approx(0)


def test_the_influence_of_an_answer_is_that_of_leaving_it_out() -> None:
    """The infinitesimal jackknife: ψ is the change of the area per change of a weight."""
    rng = np.random.default_rng(8)
    rating, is_signal = rng.random(40), np.arange(40) % 2 == 0
    person = np.zeros(40, dtype=np.int64)
    whole = area_terms(rating, is_signal, person, person, "none")
    kept = np.arange(40) != 6
    less = counted(rating[kept], is_signal[kept], person[kept])
    assert (whole.value - less) * 19 / 20 == pytest.approx(whole.psi[6])


def test_type_two_area_is_that_of_two_hand_counted_people() -> None:
    # Person 0: right 80 against wrong 60, 80 gives 1 and ½; person 1: right 50, 90 against 70.
    who = np.array([0, 0, 0, 1, 1, 1])
    data = rated([1, 0, 0, 1, 1, 0], [80, 60, 80, 50, 90, 70], who)
    assert estimate_of(auroc2(data)).value == pytest.approx((0.75 + 0.5) / 2)


def test_somebody_always_right_has_no_type_two_area() -> None:
    assert estimate_of(auroc2(rated([1, 1], [60, 70], np.array([0, 0])))).note == (
        "nobody has both right and wrong answers"
    )
    assert estimate_of(auroc2(rated([], []))).note == calibration.NO_CONFIDENCE


def test_a_reader_rates_by_answer_and_confidence() -> None:
    accepted, sure = np.array([True, True, False, False]), np.array([5.0, 1, 1, 5])
    rating = signed_rating(accepted, sure)
    assert list(rating) == [5, 1, -1, -5]
    thresholds, false_alarms, hits = reader_roc(rating, np.array([True, False, True, False]))
    assert list(thresholds) == [5, 1, -1, -5]
    assert list(false_alarms) == [0, 50, 50, 100]
    assert list(hits) == [50, 50, 100, 100]


def exact_variance(rating: Floats, is_signal: np.ndarray, person: Ints, photo: Ints) -> float:
    """Return Gallas's U-statistic variance of the mean area, by all pairs of pairs written out.

    Elements are pairs of a signal and another answer of one person; pairs of elements that share
    neither the person nor a photo estimate the squared mean without bias.
    """
    i, j = np.nonzero(
        (person[:, None] == person) & is_signal[:, None] & ~is_signal[None, :]
    )  # fmt: skip
    kernel = (rating[i] > rating[j]) + 0.5 * (rating[i] == rating[j])
    weight = 1 / np.bincount(person[i])[person[i]] / np.unique(person).size
    apart = (
        (person[i][:, None] != person[i])
        & (photo[i][:, None] != photo[i])
        & (photo[j][:, None] != photo[j])
    )
    products = weight[:, None] * weight * apart
    centred = kernel - weight @ kernel
    return float(-(centred @ products @ centred) / products.sum())


def test_the_variance_of_an_area_is_that_of_all_pairs_of_pairs() -> None:
    """Not equal by construction: influences are the first order of the U-statistic."""
    found = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        person, photo = np.repeat(np.arange(12), 16), np.tile(np.arange(16), 12)
        is_signal = photo % 2 == 0
        effects = rng.normal(0, 0.5, 12)[person] * is_signal + rng.normal(0, 0.6, 16)[photo]
        rating = np.round(effects + is_signal + rng.standard_normal(person.size), 1)
        area = area_terms(rating, is_signal, person, photo, "none")
        found.append((covariance(area, area), exact_variance(rating, is_signal, person, photo)))
    ours, exact = np.array(found).mean(axis=0)
    assert ours == pytest.approx(exact, rel=0.1)
