"""Confidences as integers, against the definitions in words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.stats.confidence import PERCENT, VOTES, Scale, difficulty, threshold_grid

SCALES = pytest.mark.parametrize("scale", [VOTES, PERCENT], ids=lambda scale: scale.name)


@SCALES
def test_every_unit_comes_back_from_its_share(scale: Scale) -> None:
    units = np.arange(scale.n + 1)
    assert scale.units(units / scale.n).tolist() == units.tolist()
    assert scale.units([float(f"{u / scale.n:.2f}") for u in units]).tolist() == units.tolist()


def test_a_softmax_between_two_per_cents_is_cut() -> None:
    assert PERCENT.units([0.4599, 0.999]).tolist() == [45, 99]


@pytest.mark.parametrize("share", [0.33, 1.05, -0.05, float("nan")])
def test_a_share_that_is_no_vote_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match=r"confidence .*steps of 1/20 \(votes\); 1 of 2 values"):
        VOTES.units([0.5, share])


def test_a_per_cent_that_is_no_share_is_refused() -> None:
    with pytest.raises(ValueError, match=r"confidence 58.0: expected a share between 0 and 1 \("):
        PERCENT.units([58.0])


def in_words(c: float, is_ai_correct: bool) -> str:
    sure = "Easy" if c >= 0.75 else "Hard" if c < 0.35 else "Medium"
    return sure if is_ai_correct else {"Easy": "Hard", "Hard": "Easy"}.get(sure, sure)


@given(st.integers(0, 20), st.booleans())
def test_difficulty_is_that_of_the_words(votes: int, is_ai_correct: bool) -> None:
    right = np.array([is_ai_correct])
    expected = [in_words(votes * 5 / 100, is_ai_correct)]
    assert difficulty(np.array([votes]), VOTES, right).tolist() == expected
    assert difficulty(np.array([5 * votes]), PERCENT, right).tolist() == expected


@SCALES
def test_the_grid_compares_whole_units(scale: Scale) -> None:
    grid = threshold_grid(scale)
    assert grid.units.tolist() == [k * scale.n // 20 for k in range(21)]
    assert grid.values == pytest.approx([k / 20 for k in range(21)])


@SCALES
def test_the_papers_grid_repeats_the_comparison_of_floats(scale: Scale) -> None:
    grid = threshold_grid(scale, paper=True)
    for units, value in zip(grid.units, np.arange(0, 1.05, 0.05), strict=False):
        shares = np.arange(scale.n + 1) / scale.n
        assert (shares >= value).tolist() == (np.arange(scale.n + 1) >= units).tolist()


def test_some_of_the_papers_thresholds_equal_their_neighbours() -> None:
    units = threshold_grid(VOTES, paper=True).units
    assert [k * 5 for k in range(20) if units[k] == units[k + 1]] == [15, 35, 60, 70, 85, 95]
