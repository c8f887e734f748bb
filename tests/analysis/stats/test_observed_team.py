"""The team of an AI that decides where it is sure, and people who judge the rest."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.stats.crossed_measures import Crossed
from analysis.stats.observed_team import observed_team

# Ten photos: the AI decides six, of which five are right; of the other four one is right.
AI_RIGHT = np.array([True] * 5 + [False] + [True] + [False] * 3)
DEFERRED = np.array([False] * 6 + [True] * 4)


def answers(n_people: int, right: list[int], wrong: list[int]) -> Crossed:
    """Return people who all judge a right and a wrong answer; the lists say who is correct."""
    person = np.repeat(np.arange(n_people), 2)
    image = np.tile([6, 7], n_people)
    is_correct = np.column_stack([right, wrong]).ravel().astype(bool)
    return Crossed(person, image, np.tile([True, False], n_people), is_correct)


def test_the_team_joins_what_the_ai_decided_and_what_people_judged() -> None:
    found = observed_team(AI_RIGHT, DEFERRED, answers(4, [1, 1, 1, 0], [1, 0, 0, 1]))
    assert (found.n_images, found.n_deferred, found.ai_share) == (10, 4, 60)
    assert found.ai_accuracy == pytest.approx(500 / 6)
    assert found.human[0] == pytest.approx(62.5)
    assert found.team[0] == pytest.approx(50 + 0.4 * 62.5)
    # A quarter of the deferred photos has a right answer.
    assert found.human_natural[0] == pytest.approx(0.25 * 75 + 0.75 * 50)
    assert found.natural[0] == pytest.approx(50 + 0.4 * (0.25 * 75 + 0.75 * 50))


def test_the_interval_is_that_of_people_and_photos_on_the_deferred_share() -> None:
    found = observed_team(AI_RIGHT, DEFERRED, answers(4, [1, 1, 1, 0], [1, 0, 0, 1]))
    value, low, high = found.team
    assert value - low == pytest.approx(high - value)
    assert high - low == pytest.approx(0.4 * (found.human[2] - found.human[1]))
    # By hand: residuals of each kind give 12.5 times (1, 1, 1, -3) / 4 + (2, -2, -2, 2) / 4.
    sums = 12.5 * np.array([0.25 + 0.5, 0.25 - 0.5, 0.25 - 0.5, -0.75 + 0.5]) * 2 / 2
    assert high - value == pytest.approx(0.4 * 3.182446 * math.sqrt(sums @ sums * 4 / 3), rel=1e-5)


def test_what_nobody_judged_is_not_defined() -> None:
    none = answers(4, [1] * 4, [1] * 4).none()
    found = observed_team(AI_RIGHT, DEFERRED, none)
    assert math.isnan(found.team[0])
    assert math.isnan(observed_team(AI_RIGHT, DEFERRED, answers(1, [1], [0])).team[1])
    everything = observed_team(AI_RIGHT, np.ones(10, dtype=bool), answers(2, [1, 1], [1, 0]))
    assert math.isnan(everything.ai_accuracy)
    assert everything.team[0] == pytest.approx(75)
