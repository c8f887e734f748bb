"""AI alone and team, against loops over images and trials."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.stats.confidence import PERCENT, VOTES, Scale, threshold_grid
from analysis.stats.team import (
    Below,
    Pool,
    Team,
    accept_reject_hits,
    team_curve,
    team_of,
    trials_below,
    tuned_threshold,
    tuning_splits,
)

IMAGES = st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=1, max_size=30)
TRIALS = st.lists(st.tuples(st.integers(0, 20), st.booleans(), st.booleans()), max_size=30)
GRID = threshold_grid(VOTES)


def pool_of(images: list[tuple[bool, int]], scale: Scale = VOTES) -> Pool:
    right, units = zip(*images, strict=True)
    return Pool(np.array(right), np.array(units), scale)


def below_of(trials: list[tuple[int, bool, bool]]) -> Below:
    units, right, correct = (np.array([t[i] for t in trials], dtype=int) for i in range(3))
    people = trials_below(np.zeros_like(units), units, right > 0, correct > 0, GRID)
    return Below(*people.sum(1))


@given(IMAGES)
def test_the_ai_alone_is_counted_image_by_image(images: list[tuple[bool, int]]) -> None:
    expected = [sum(y == (votes >= t) for y, votes in images) for t in range(21)]
    assert accept_reject_hits(pool_of(images), GRID).tolist() == expected


def test_of_tied_thresholds_the_largest_is_taken() -> None:
    pool = pool_of([(False, 3), (True, 9), (True, 12)])
    assert GRID.values[tuned_threshold(pool, GRID)] == 0.45


def test_a_softmax_on_a_threshold_is_above_it() -> None:
    pool = Pool(np.array([True, False]), PERCENT.units([0.15, 0.149]), PERCENT)
    assert threshold_grid(PERCENT).values[tuned_threshold(pool, threshold_grid(PERCENT))] == 0.15


def mean(values: list[float]) -> float:
    return 100 * sum(values) / len(values) if values else math.nan


def mixed(weight: float, first: float, second: float) -> float:
    return (weight * first if weight else 0) + ((1 - weight) * second if weight < 1 else 0)


@settings(max_examples=60)
@given(IMAGES, TRIALS)
def test_the_team_is_counted_one_by_one(
    images: list[tuple[bool, int]], trials: list[tuple[int, bool, bool]]
) -> None:
    curve = team_curve(pool_of(images), below_of(trials), GRID)
    for t in range(21):
        share = sum(votes >= t for _, votes in images) / len(images)
        ai = mean([y for y, votes in images if votes >= t])
        human = mean([h for votes, _, h in trials if votes < t])
        assert curve.ai_share[t] == pytest.approx(100 * share)
        assert curve.human_accuracy[t] == pytest.approx(human, nan_ok=True)
        assert curve.team[t] == pytest.approx(mixed(share, ai, human), nan_ok=True)


@settings(max_examples=60)
@given(IMAGES, TRIALS)
def test_the_corrected_team_sees_right_answers_as_often_as_the_pool_has_them(
    images: list[tuple[bool, int]], trials: list[tuple[int, bool, bool]]
) -> None:
    curve = team_curve(pool_of(images), below_of(trials), GRID)
    for t in range(1, 21):
        rest = [y for y, votes in images if votes < t]
        kinds = [mean([h for v, y, h in trials if v < t and y is kind]) for kind in (True, False)]
        human = mixed(mean([*rest]) / 100, *kinds) if rest else math.nan
        assert curve.human_prevalence_corrected[t] == pytest.approx(human, nan_ok=True)


def test_without_anything_below_the_threshold_the_team_is_the_ai() -> None:
    curve = team_curve(pool_of([(True, 20), (False, 20)]), below_of([]), GRID)
    assert curve.team.tolist() == [50] * 21
    assert np.isnan(curve.human_accuracy).all()


def test_the_splits_leave_each_ai_its_own_images_and_repeat() -> None:
    splits = tuning_splits(50, ("a", "b"), 10)
    assert {ai: int(split.sum()) for ai, split in splits.items()} == {"a": 10, "b": 10}
    assert (splits["a"] != splits["b"]).any()
    assert all((tuning_splits(50, ("a", "b"), 10)[ai] == splits[ai]).all() for ai in splits)


@pytest.mark.parametrize("n_tuning", [0, 50, 1000])
def test_a_split_that_leaves_no_image_is_refused(n_tuning: int) -> None:
    with pytest.raises(ValueError, match=rf"{n_tuning} tuning images from a pool of 50: expected"):
        tuning_splits(50, ("a",), n_tuning)


def toy_team() -> Team:
    """Three people, unlike each other, below an AI that is right on half of its images."""
    pool = pool_of([(votes >= 10, votes) for votes in range(21)] * 2)
    people = np.repeat([0, 1, 2], 8)
    units, right = np.tile([2, 4, 6, 8, 3, 5, 7, 9], 3), np.tile([True, False] * 4, 3)
    correct = np.array([1] * 8 + [1, 0] * 4 + [0] * 8, dtype=bool)
    is_tuning = np.arange(42) < 21
    return team_of(pool, is_tuning, trials_below(people, units, right, correct, GRID), GRID)


def test_a_teams_threshold_and_ai_come_from_different_images() -> None:
    team = toy_team()
    assert (GRID.values[team.best], team.ai_alone) == (0.5, 100)
    assert team.ai_top1 == pytest.approx(100 * 11 / 21)
    assert team.n_trials[team.best] == 24
    assert team.curve.team[team.best] == pytest.approx(100 * (11 + 10 / 2) / 21)


def test_the_bands_hold_the_curve_and_reach_from_the_worst_to_the_best_person() -> None:
    team = toy_team()
    low, high = (band[team.best] for band in team.team_band)
    assert low <= team.curve.team[team.best] <= high
    assert (low, high) == pytest.approx((100 * 11 / 21, 100))
    assert np.isnan(team.team_band[0][2])  # nobody judged anything below two votes
