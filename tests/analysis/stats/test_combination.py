"""Combination of people and AI: Bayes' rule by hand, and planted independent judges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from analysis.stats import combination
from analysis.stats.combination import (
    Independent,
    calibration_of,
    combined,
    confusion_rates,
    posterior,
)
from analysis.stats.inference import Floats
from analysis.stats.mrmc import estimate_of

K = 4


def judged(seed: int, n: int = 4000, people: float = 0.7) -> Independent:
    """Draw people and an AI who are right independently, the AI with the chance it names."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(K, size=n)
    sure = rng.uniform(0.4, 0.95, size=n)

    def said(chance: np.ndarray) -> np.ndarray:
        other = (truth + rng.integers(1, K, size=n)) % K
        return np.where(rng.random(n) < chance, truth, other)

    choice, ai = said(np.full(n, people)), said(sure)
    level = (rng.random(n) < np.where(choice == truth, 0.8, 0.3)).astype(np.int64)
    photo = np.arange(n)
    kind = (ai == truth).astype(np.int64)
    return Independent(photo % 40, photo, kind, truth, choice, level, ai, sure, K)


def by_bayes(data: Independent, row: int, people: float) -> Floats:
    """Return P(y) of one answer from the planted chances, class by class."""
    found = np.empty(K)
    for y in range(K):
        c, is_h = data.ai_confidence[row], data.choice[row] == y
        of_ai = c if data.ai[row] == y else (1 - c) / (K - 1)
        of_choice = people if is_h else (1 - people) / (K - 1)
        sure = 0.8 if is_h else 0.3
        found[y] = of_ai * of_choice * (sure if data.level[row] else 1 - sure)
    return np.asarray(found / found.sum(), dtype=float)


def test_the_posterior_is_that_of_the_planted_chances() -> None:
    data = judged(1, n=20_000)
    found = posterior(data)
    planted = np.array([by_bayes(data, row, 0.7) for row in range(300)])
    assert np.abs(found[:300] - planted).max() < 0.05
    assert np.abs(found[:300] - planted).mean() < 0.01


def test_two_independent_judges_are_better_than_each() -> None:
    found = combined(judged(2))
    people, ai, both = (estimate_of(each).value for each in (found.person, found.ai, found.both))
    assert both > max(people, ai) + 5


def test_people_who_guess_add_nothing_to_the_ai() -> None:
    found = combined(judged(3, people=1 / K))
    assert estimate_of(found.both).value == pytest.approx(estimate_of(found.ai).value, abs=2)


def test_the_confusion_matrix_has_its_prior() -> None:
    rates = confusion_rates(np.array([0, 0]), np.array([0, 1]), 3)
    assert rates[0].tolist() == pytest.approx([2 / 4, 1.5 / 4, 0.5 / 4])
    assert rates[1].tolist() == pytest.approx([0.25, 0.5, 0.25])


def test_calibration_finds_the_planted_line() -> None:
    rng = np.random.default_rng(5)
    sure = rng.uniform(0.3, 0.99, size=50_000)
    right = rng.random(sure.size) < expit(-0.5 + 0.6 * logit(sure))
    assert calibration_of(sure, right) == pytest.approx((-0.5, 0.6), abs=0.05)


def test_few_answers_have_no_combination_and_say_so() -> None:
    found = combined(judged(4, n=20))
    expected = f"choices of 20 photos: at least {combination.LEAST} are needed"
    assert found.both.reason == expected
