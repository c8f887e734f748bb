"""Two one-sided tests against statsmodels, and what cannot be known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW, ttost_ind

from analysis.stats.equivalence import equivalence_table, tost
from analysis.stats.twoway import TwoWay

RNG = np.random.default_rng(0)
A, B = RNG.normal(70, 8, 60), RNG.normal(69, 10, 45)


@pytest.mark.parametrize("margin", [0.5, 3, 5, 20])
def test_p_and_interval_are_those_of_statsmodels(margin: float) -> None:
    ours = tost(A, B, margin)
    assert ours.p == pytest.approx(ttost_ind(A, B, -margin, margin, usevar="unequal")[0])
    compared = CompareMeans(DescrStatsW(A), DescrStatsW(B))
    interval = compared.tconfint_diff(alpha=0.1, usevar="unequal")
    assert (ours.low, ours.high) == pytest.approx(interval)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 30), min_size=3, max_size=12), st.floats(0.5, 30))
def test_the_decision_is_the_interval_inside_the_margin(scores: list[int], margin: float) -> None:
    ours = tost(scores, [*scores[1:], 12], margin)
    if not math.isnan(ours.p) and abs(ours.p - 0.05) > 1e-9:
        assert ours.is_equivalent == (-margin < ours.low and ours.high < margin)


def twoway(difference: float, se: float) -> TwoWay:
    return TwoWay(difference, se, 100, math.nan, math.nan, math.nan, 40, True)


def test_a_table_has_a_row_a_pair_and_welch_s_test_beside_it() -> None:
    samples = {"kNN": A, "EMD": np.append(B, math.nan), "CHM": A + 20}
    differences = [twoway(1.5, 3.0), twoway(20.0, 1.0)]
    table = equivalence_table(samples, [("kNN", "EMD"), ("CHM", "kNN")], 5, differences)
    assert table["is_equivalent"].tolist() == [False, False]  # Welch's says yes to the first
    assert table["welch_p"].tolist()[0] == pytest.approx(tost(A, B, 5).p)
    assert table[["n_a", "n_b"]].to_numpy().tolist() == [[60, 45], [60, 60]]
    assert table["p"].tolist() == pytest.approx(stats.t(100).sf([3.5 / 3, -15]))
    assert table[["low", "high"]].to_numpy()[0] == pytest.approx(stats.t(100, 1.5, 3).interval(0.9))


@pytest.mark.parametrize(("p_bound", "expected"), [(0.05, True), (0.04, True), (0.01, False)])
def test_a_planned_look_decides_by_its_own_bound(p_bound: float, expected: bool) -> None:
    samples = {"kNN": A, "EMD": B}
    table = equivalence_table(samples, [("kNN", "EMD")], 5, [twoway(1, 2)], p_bound=p_bound)
    assert table["p"][0] == pytest.approx(stats.t(100).sf(2))  # 0.024
    assert table["is_equivalent"].tolist() == [expected]


def test_one_participant_says_nothing_about_equivalence() -> None:
    pairs, unknown = [("a", "b"), ("c", "b")], math.nan
    differences = [twoway(-19.0, unknown), twoway(unknown, unknown)]
    table = equivalence_table({"a": [50.0], "b": B, "c": []}, pairs, 5, differences)
    assert table["is_equivalent"].isna().all()
    assert table[["low", "p", "welch_low"]].isna().all(axis=None)
    assert table["difference"].isna().tolist() == [False, True]


def test_everybody_alike_leaves_the_interval_undefined() -> None:
    ours = tost([60, 60, 60], [60, 60], 5)
    assert ours.difference == 0
    assert ours.is_equivalent is None


@pytest.mark.parametrize("margin", [0, -5, math.nan])
def test_a_margin_that_is_no_margin_is_refused(margin: float) -> None:
    with pytest.raises(ValueError, match="expected a difference above 0"):
        tost(A, B, margin)
