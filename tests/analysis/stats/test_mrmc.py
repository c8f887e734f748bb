"""Variance over people and photos, against sums over all pairs of answers written out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.stats import mrmc
from analysis.stats.inference import Floats, Ints
from analysis.stats.mrmc import Terms, covariance, difference_of, estimate_of, mean_terms


def drawn(seed: int, n: int = 40, n_people: int = 6, n_photos: int = 9) -> Terms:
    rng = np.random.default_rng(seed)
    person, photo = rng.integers(n_people, size=n), rng.integers(n_photos, size=n)
    return mean_terms(rng.random(n), person, photo)


def brute_force(a: Terms, b: Terms) -> float:
    """Return the covariance by a loop over all pairs of answers that share nothing."""
    psi = weight = 0.0
    for i in range(a.psi.size):
        for j in range(b.psi.size):
            if a.person[i] != b.person[j] and a.photo[i] != b.photo[j]:
                psi += a.psi[i] * b.psi[j]
                weight += a.weight[i] * b.weight[j]
    return -psi / weight


@pytest.mark.parametrize("seeds", [(1, 1), (1, 2), (3, 4)])
def test_the_covariance_is_that_of_all_pairs_written_out(seeds: tuple[int, int]) -> None:
    a, b = map(drawn, seeds)
    # Sums of ψ over all pairs are 0 each, so what shares nothing is minus what shares something.
    assert covariance(a, b) == pytest.approx(brute_force(a, b), rel=1e-9)


def test_crossed_answers_have_the_variance_of_two_means() -> None:
    """One answer a person and photo, effects of people alone: V = s² of people's means / n."""
    person, photo = np.repeat(np.arange(5), 4), np.tile(np.arange(4), 5)
    levels = np.array([1.0, 2, 4, 7, 9])
    found = estimate_of(mean_terms(levels[person], person, photo))
    assert found.se == pytest.approx(math.sqrt(levels.var(ddof=1) / 5))


def codes(*values: int) -> Ints:
    return np.array(values, dtype=np.int64)


def terms(outcome: Floats, first_person: int = 0) -> Terms:
    n = outcome.size
    return mean_terms(outcome, first_person + np.arange(n), np.arange(n))


def test_the_same_people_in_both_conditions_are_compared_as_pairs() -> None:
    a, b = np.array([5.0, 6, 9, 3]), np.array([4.0, 6, 7, 3])
    found = difference_of(terms(a), terms(b))
    assert found.value == 0.75
    assert found.se == pytest.approx((a - b).std(ddof=1) / 2)  # the paired t test's


def test_different_people_on_different_photos_are_independent() -> None:
    a, b = terms(np.array([5.0, 6, 9, 3])), terms(np.array([4.0, 6, 7, 3]), 4)
    other = Terms(b.value, b.weight, b.psi, b.person, b.photo + 4)
    sides = [covariance(each, each) for each in (a, other)]
    assert covariance(a, other) == 0
    assert difference_of(a, other).se >= math.sqrt(sum(sides)) * (1 - 1e-12)


@pytest.mark.parametrize(
    ("outcome", "person", "note"),
    [
        ((0, 1, 1, 0), (0, 0, 1, 1), mrmc.FEW),
        ((1, 1, 1, 1), (0, 1, 2, 3), mrmc.ALIKE),
        ((), (), "no such trials"),
    ],
)
def test_what_has_no_interval_says_why(
    outcome: tuple[int, ...], person: tuple[int, ...], note: str
) -> None:
    photo = np.arange(len(person))
    found = estimate_of(mean_terms(np.array(outcome, dtype=float), codes(*person), photo))
    assert found.note == note
    assert np.isnan([found.se, found.low]).all()


def test_a_difference_to_nothing_has_the_reason_of_the_nothing() -> None:
    found = difference_of(terms(np.array([1.0, 2, 3])), mrmc.undefined("nobody answered"))
    assert (found.note, math.isnan(found.value)) == ("nobody answered", True)
