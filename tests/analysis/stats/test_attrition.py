"""People lost on the way: SciPy's tests, bounds by hand, and a gate that shifts completers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from analysis.stats.attrition import lee_bounds, lost_by_stage, lost_p, with_guesses


def test_few_losses_are_tested_exactly_and_many_by_chi_square() -> None:
    assert lost_p((1, 4), (10, 10)) == stats.fisher_exact([[1, 4], [9, 6]]).pvalue
    z = (0.3 - 0.5) / math.sqrt(0.4 * 0.6 * 2 / 100)
    assert lost_p((30, 50), (100, 100)) == pytest.approx(2 * stats.norm.sf(abs(z)))
    assert (lost_p((0, 0), (9, 9)), lost_p((9, 9), (9, 9))) == (1, 1)
    assert math.isnan(lost_p((0, 0), (0, 9)))


def test_unequal_losses_trim_the_condition_that_kept_more() -> None:
    # 4 of 4 against 2 of 4 completed: half of the first is trimmed, by hand.
    assert lee_bounds([10, 20, 30, 40], [22, 24], (4, 4)) == (15 - 23, 35 - 23)
    assert lee_bounds([22, 24], [10, 20, 30, 40], (4, 4)) == (23 - 35, 23 - 15)
    # 3 of 4 against 2 of 4: a third of three people is one; 3 of 3 against 4 of 6: one is whole.
    assert lee_bounds([1, 2, 6], [0, 0], (4, 4)) == (1.5, 4)


def test_equal_losses_leave_the_difference_as_it_is() -> None:
    assert lee_bounds([1, 2, 3], [4, 5, 6], (5, 5)) == (-3, -3)
    assert all(math.isnan(lee_bound) for lee_bound in lee_bounds([], [1], (2, 2)))


def test_a_part_of_a_person_is_trimmed_where_the_surplus_is_no_whole_number() -> None:
    low, high = lee_bounds([0, 10], [5, 5, 5], (2, 4))  # 1.5 people of two stay
    assert low == pytest.approx(5 / 1.5 - 5)
    assert high == pytest.approx(10 / 1.5 - 5)


def test_bounds_hold_nothing_where_a_gate_shifts_those_who_complete() -> None:
    rng, hits, shifts = np.random.default_rng(1), 0, []
    for _ in range(200):
        skill = rng.normal(65, 10, (2, 400))
        a, b = skill[0], skill[1][skill[1] > 60]  # the second condition's gate drops the weak
        low, high = lee_bounds(a, b, (400, 400))
        hits += low - 3 <= 0 <= high + 3
        shifts.append(a.mean() - b.mean())
    assert np.mean(shifts) < -4
    assert hits >= 195


def test_the_lost_may_be_given_what_guessing_gives() -> None:
    assert with_guesses([80, 90], 4, 50) == (80 + 90 + 50 + 50) / 4
    assert math.isnan(with_guesses([], 0, 50))


def test_losses_are_counted_by_stage() -> None:
    stages = {"failed_validation": "validation", "withdrawn": "other"}
    statuses = ["completed", "withdrawn", "failed_validation", "withdrawn"]
    assert lost_by_stage(statuses, stages) == {"validation": 1, "other": 2}
