"""Tests, effects and intervals, against SciPy and loops."""

import json
import math
import shutil
import subprocess
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.stats.inference import (
    cliffs_delta,
    holm,
    mann_whitney,
    mean_draws,
    mean_interval,
    mean_intervals,
    pairwise_tests,
    percentile_interval,
    resampled_sums,
)

HERE = Path(__file__).parent
SMALL_SAMPLES: dict[str, dict[str, list[float]]] = {
    "no ties": {"a": [1.1, 2.5, 3.7, 9.2], "b": [2.1, 4.4, 6.0, 7.3, 8.8]},
    "ten each": {
        "a": [0.3, 1.9, 2.2, 3.1, 4.8, 5.5, 6.1, 7.7, 8.4, 9.6],
        "b": [2.0, 3.3, 5.1, 6.4, 7.2, 8.8, 9.1, 10.3, 11.9, 12.2],
    },
    "ties": {"a": [60, 63, 63, 70, 73], "b": [63, 70, 73, 77, 77, 80]},
    "many ties": {"a": [50, 50, 60, 60, 60, 70], "b": [60, 60, 70, 70, 70, 70, 80]},
}

SCORES = st.lists(st.integers(10, 30), min_size=1, max_size=25)


@given(SCORES, SCORES)
def test_delta_counts_pairs(a: list[int], b: list[int]) -> None:
    counted = sum((x > y) - (x < y) for x in a for y in b)
    assert cliffs_delta(a, b) == pytest.approx(counted / (len(a) * len(b)))


@given(SCORES, SCORES)
def test_u_counts_pairs_with_ties_as_halves(a: list[int], b: list[int]) -> None:
    u, p = mann_whitney(a, b)
    assert u == sum((x > y) + (x == y) / 2 for x in a for y in b)
    assert 0 <= p <= 1
    assert cliffs_delta(a, b) == pytest.approx(2 * u / (len(a) * len(b)) - 1)


def test_p_of_larger_samples_is_that_of_the_normal_approximation_with_ties() -> None:
    a, b = [1, 2, 2, 3, 5, 5, 6, 7, 8, 9, 9], [2, 3, 3, 5, 8, 9, 9, 9, 10, 11, 4]
    u, p = mann_whitney(a, b)
    n, ties = 22, np.unique(a + b, return_counts=True)[1]
    variance = 121 / 12 * (n + 1 - (ties**3 - ties).sum() / (n * (n - 1)))
    assert p == pytest.approx(2 * stats.norm.sf((abs(u - 60.5) - 0.5) / math.sqrt(variance)))


@given(st.lists(st.integers(10, 14), min_size=2, max_size=5), st.data())
def test_p_of_small_samples_counts_every_division_of_the_values(
    a: list[int], data: st.DataObject
) -> None:
    b = data.draw(st.lists(st.integers(10, 14), min_size=2, max_size=5))
    ranks = stats.rankdata(a + b)
    sums = [sum(ranks[i] for i in chosen) for chosen in combinations(range(len(ranks)), len(a))]
    seen = sum(ranks[: len(a)])
    tails = (np.mean([w <= seen for w in sums]), np.mean([w >= seen for w in sums]))
    assert mann_whitney(a, b)[1] == pytest.approx(min(1, 2 * min(tails)))


def test_p_of_small_samples_without_ties_is_scipys_exact_one() -> None:
    values = np.random.default_rng(5).normal(size=(200, 20))
    for row in values:
        theirs = stats.mannwhitneyu(row[:10], row[10:], method="exact")
        assert mann_whitney(row[:10], row[10:]) == pytest.approx((theirs.statistic, theirs.pvalue))


def test_p_of_small_samples_is_that_of_r() -> None:
    """The values come from ``small_samples.R`` beside this file."""
    for name, (u, p) in json.loads((HERE / "small_samples.json").read_text()).items():
        a, b = (SMALL_SAMPLES[name][place] for place in "ab")
        assert mann_whitney(a, b) == pytest.approx((u, p), rel=1e-12), name


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="there is no Rscript here")
def test_the_stored_values_are_what_r_computes_today() -> None:
    command = ["Rscript", "--vanilla", str(HERE / "small_samples.R")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert json.loads(said) == json.loads((HERE / "small_samples.json").read_text())


def test_samples_of_one_and_the_same_value_do_not_differ() -> None:
    assert mann_whitney([5] * 9, [5] * 10) == (45, 1)


def test_an_empty_sample_has_no_test() -> None:
    assert all(map(math.isnan, [*mann_whitney([], [1]), cliffs_delta([1], [])]))


def test_holm_of_a_hand_computed_family() -> None:
    assert holm([0.01, 0.04, 0.03, 0.5]).tolist() == pytest.approx([0.04, 0.09, 0.09, 0.5])


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_is_the_smallest_level_at_which_the_step_down_rejects(values: list[float]) -> None:
    adjusted = holm(values)
    order = sorted(range(len(values)), key=lambda i: values[i])
    for place, i in enumerate(order):
        worst = max((len(values) - k) * values[order[k]] for k in range(place + 1))
        assert adjusted[i] == pytest.approx(min(1, worst))


def test_an_undefined_p_is_missing_and_counts_in_the_family() -> None:
    adjusted = holm([0.02, math.nan, 0.03])
    assert adjusted[[0, 2]].tolist() == pytest.approx([0.06, 0.06])
    assert math.isnan(adjusted[1])


def test_the_correction_is_that_of_the_declared_family_while_a_condition_is_empty() -> None:
    samples = {"A": [1.0, 2, 3, 4], "B": [5.0, 6, 7, 8], "C": []}
    first, *others = pairwise_tests(samples)
    assert first.p_holm == pytest.approx(3 * first.p)
    assert all(math.isnan(other.p_holm) for other in others)


def test_every_pair_is_tested_in_order_without_undefined_values() -> None:
    tests = pairwise_tests({"A": [1.0, 2, math.nan], "B": [3.0, 4], "C": []})
    assert [test.pair for test in tests] == [("A", "B"), ("A", "C"), ("B", "C")]
    assert (tests[0].n, tests[0].u, tests[0].cliffs_delta) == ((2, 2), 0, -1)
    assert tests[0].p == pytest.approx(1 / 3)
    assert tests[0].p_holm == 1
    assert math.isnan(tests[1].p)


def test_a_declared_family_is_tested_in_its_order_and_is_all_that_holm_corrects_for() -> None:
    samples = {"A": [1.0, 2, 3, 4], "B": [5.0, 6, 7, 8], "C": [1.0, 3, 5, 7]}
    tests = pairwise_tests(samples, [("C", "A"), ("A", "B")])
    assert [test.pair for test in tests] == [("C", "A"), ("A", "B")]
    assert tests[1].p_holm == pytest.approx(2 * tests[1].p)
    assert tests[0].n == (4, 4)


def test_resampled_sums_draw_whole_rows() -> None:
    sums = resampled_sums([[1, 10], [2, 20], [4, 40]], n_resamples=50, seed=3)
    assert sums.shape == (50, 2)
    assert (sums[:, 1] == 10 * sums[:, 0]).all()
    assert set(sums[:, 0]) <= {a + b + c for a in (1, 2, 4) for b in (1, 2, 4) for c in (1, 2, 4)}


def test_blocks_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = np.arange(8.0)[:, None]
    whole = resampled_sums(columns, n_resamples=20)
    monkeypatch.setattr("analysis.stats.draws.BLOCK", 24)
    assert (resampled_sums(columns, n_resamples=20) == whole).all()


def test_nobody_sums_to_zero() -> None:
    assert resampled_sums(np.zeros((0, 2)), n_resamples=3).tolist() == [[0, 0]] * 3


def test_the_bootstrap_interval_is_close_to_that_of_scipy() -> None:
    values = np.random.default_rng(1).normal(65, 8, 60)
    ours = mean_interval(values)
    theirs = stats.bootstrap((values,), np.mean, method="percentile", rng=2).confidence_interval
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.2)


def test_fewer_than_three_people_have_no_interval() -> None:
    assert all(map(math.isnan, mean_interval([64, math.nan])))
    assert all(map(math.isnan, mean_interval([64, 70, math.nan])))


@pytest.mark.parametrize("n", [3, 5, 19])
def test_the_interval_of_a_few_people_is_students_t(n: int) -> None:
    values = np.random.default_rng(n).normal(65, 8, n)
    theirs = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert mean_interval([*values, math.nan]) == pytest.approx((theirs.low, theirs.high))


def test_no_interval_goes_beyond_what_is_possible() -> None:
    columns = np.array([[80.0, 1], [100, 9], [100, 5]])
    low, high = mean_intervals(columns, limits=(np.array([0, -np.inf]), np.array([100, np.inf])))
    assert high.tolist() == [100, pytest.approx(5 + 4.30265273 * 4 / math.sqrt(3))]
    assert 0 < low[0] < 100
    assert low[1] < 0


@pytest.mark.parametrize("n", [3, 5, 10])
def test_the_interval_of_a_few_people_covers_as_often_as_it_says(n: int) -> None:
    values = np.random.default_rng(n).normal(65, 8, (n, 4000))
    low, high = mean_intervals(values)
    assert ((low <= 65) & (high >= 65)).mean() == pytest.approx(0.95, abs=0.0125)


def test_columns_share_the_draws_and_leave_out_who_has_no_value() -> None:
    values = np.array([[1.0, 10, math.nan], [2, 20, 5], [3, 30, 5], [4, 40, math.nan]])
    draws = mean_draws(values, seed=1)
    assert draws[:, 1] == pytest.approx(10 * draws[:, 0])
    assert set(draws[~np.isnan(draws[:, 2]), 2]) == {5}
    assert np.isnan(draws[:, 2]).mean() == pytest.approx(1 / 16, abs=0.02)


def test_intervals_of_many_columns_are_those_of_each_alone() -> None:
    values = np.random.default_rng(2).normal(size=(30, 2))
    low, high = mean_intervals(np.column_stack([values, np.full((30, 1), math.nan)]), seed=4)
    for column in (0, 1):
        alone = mean_interval(values[:, column], seed=4)
        assert (low[column], high[column]) == pytest.approx(alone)
    assert math.isnan(low[2])


def test_few_values_among_many_people_are_few() -> None:
    values = np.column_stack([np.arange(40.0), [*[math.nan] * 37, 5, 6, 7]])
    low, high = mean_intervals(values)
    theirs = stats.ttest_1samp([5, 6, 7], 0).confidence_interval(0.95)
    assert (low[1], high[1]) == pytest.approx((theirs.low, theirs.high))


def test_streams_of_one_seed_draw_different_people() -> None:
    values = np.arange(9.0)[:, None]
    first, second = (mean_draws(values, seed=(7, stream)) for stream in (0, 1))
    assert (first != second).any()
    assert (first == mean_draws(values, seed=(7, 0))).all()


def test_an_undefined_draw_leaves_no_interval() -> None:
    low, high = percentile_interval(np.array([[1.0, 1], [2, math.nan], [3, 3]]), 0.5)
    assert (low[0], high[0]) == (1.5, 2.5)
    assert math.isnan(low[1])


def test_a_level_that_is_no_share_is_refused() -> None:
    with pytest.raises(ValueError, match=r"level=95: expected a share between 0 and 1"):
        percentile_interval(np.zeros(3), 95)
