"""The interval over participants, against SciPy."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.stats import mean_interval

PERCENTS = st.lists(st.floats(0, 100), min_size=2, max_size=40)


def test_the_interval_of_a_hand_computed_example() -> None:
    interval = mean_interval([60, 70, 80])
    half = 4.302652729911275 * 10 / math.sqrt(3)  # t(0.975, 2) from a printed table
    assert (interval.n, interval.mean, interval.sd) == (3, 70, 10)
    assert (interval.low, interval.high) == pytest.approx((70 - half, 70 + half))


@given(PERCENTS, st.sampled_from([0.8, 0.95, 0.99]))
def test_the_interval_is_that_of_scipy(values: list[float], level: float) -> None:
    interval = mean_interval(values, level)
    if interval.sd == 0:  # SciPy has no interval for a scale of 0
        assert interval.low == interval.mean == interval.high
        return
    scale = interval.sd / math.sqrt(len(values))
    expected = stats.t.interval(level, len(values) - 1, loc=interval.mean, scale=scale)
    assert (interval.low, interval.high) == pytest.approx(expected)


def test_the_interval_is_that_of_the_one_sample_t_test() -> None:
    values = [56.7, 63.3, 70.0, 66.7, 73.3, 60.0]
    expected = stats.ttest_1samp(values, 50).confidence_interval(0.95)
    interval = mean_interval(values)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))


def test_nobody_gives_nothing_but_a_count_of_zero() -> None:
    interval = mean_interval([])
    assert interval.n == 0
    assert all(map(math.isnan, (interval.mean, interval.sd, interval.low, interval.high)))


def test_one_person_gives_a_mean_without_spread() -> None:
    interval = mean_interval([64.0])
    assert (interval.n, interval.mean) == (1, 64)
    assert all(map(math.isnan, (interval.sd, interval.low, interval.high)))


def test_people_who_agree_give_an_interval_of_no_width() -> None:
    interval = mean_interval([70, 70, 70])
    assert (interval.sd, interval.low, interval.high) == (0, 70, 70)


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_that_is_no_share_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match=r"expected a share between 0 and 1"):
        mean_interval([1, 2], level)
