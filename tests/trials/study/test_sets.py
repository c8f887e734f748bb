"""Drawing the trial sets, by its promises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.difficulty import LEVELS
from tests.factories import make_plan
from trials.study.design import split_even
from trials.study.plan import StudyPlan
from trials.study.sets import (
    Candidate,
    PoolTooSmall,
    draw_sets,
    needed,
    shortages,
)

POOL = [Candidate(n, n % 2 == 0, LEVELS[n // 2 % 3]) for n in range(1500)]
plans = st.builds(
    make_plan,
    n_training=st.integers(1, 6),
    n_validation=st.integers(1, 12),
    pass_mark=st.just(1),
    attempts=st.integers(1, 3),
    n_test=st.integers(1, 15).map(lambda half: 2 * half),
    n_sets=st.integers(1, 8),
    seed=st.integers(0, 2**32),
)


def parts(plan: StudyPlan) -> list[tuple[int, ...]]:
    draw = draw_sets(plan, POOL)
    return [draw.training, *draw.validation, *draw.test_sets]


@given(plans)
def test_no_prediction_is_drawn_twice(plan: StudyPlan) -> None:
    everything = [item for part in parts(plan) for item in part]
    assert len(everything) == len(set(everything)) == sum(needed(plan).values())


@given(plans)
def test_every_part_has_its_size_and_is_half_right(plan: StudyPlan) -> None:
    assert plan.training
    assert plan.validation
    wanted = [plan.training.n, *[plan.validation.n] * plan.validation.attempts]
    wanted += [plan.test.n] * plan.test.n_sets
    for size, part in zip(wanted, parts(plan), strict=True):
        n_right = sum(POOL[item].is_right for item in part)
        assert (n_right, len(part) - n_right) == split_even(size)


@given(plans)
def test_the_same_seed_draws_the_same_sets(plan: StudyPlan) -> None:
    assert draw_sets(plan, POOL) == draw_sets(plan, POOL)


def test_another_seed_draws_other_sets() -> None:
    assert draw_sets(make_plan(seed=1), POOL) != draw_sets(make_plan(seed=2), POOL)


def test_balanced_over_the_pool_is_not_balanced_in_each_set() -> None:
    plan = make_plan(n_test=30, n_sets=20, balance="pool")
    rights = [sum(POOL[item].is_right for item in part) for part in draw_sets(plan, POOL).test_sets]
    assert sum(rights) == 300
    assert len(set(rights)) > 1


@given(st.integers(1, 20).map(lambda half: 2 * half), st.integers(0, 99))
def test_strata_give_every_set_the_same_mixture(n_test: int, seed: int) -> None:
    plan = make_plan(n_test=n_test, n_sets=3, strata="difficulty", seed=seed)
    for is_right, n in zip((True, False), split_even(n_test), strict=True):
        for part in draw_sets(plan, POOL).test_sets:
            kind = [POOL[i].stratum for i in part if POOL[i].is_right == is_right]
            counts = [kind.count(stratum) for stratum in LEVELS]
            assert sum(counts) == n
            assert max(counts) - min(counts) <= 1


def test_a_pool_that_just_suffices_is_used_up() -> None:
    plan = make_plan(n_training=3, n_validation=2, pass_mark=1, n_test=10, n_sets=1)
    pool = [Candidate(n, n < 8) for n in range(15)]
    draw = draw_sets(plan, pool)
    drawn = [*draw.training, *draw.validation[0], *draw.test_sets[0]]
    assert sorted(drawn) == list(range(15))


def test_a_pool_too_small_says_by_how_much() -> None:
    plan = make_plan(n_training=3, n_validation=2, pass_mark=1, n_test=10, n_sets=1)
    pool = [Candidate(n, n < 7) for n in range(15)]
    with pytest.raises(PoolTooSmall, match="AI right: 7 in the pool, 8 needed, 1 more"):
        draw_sets(plan, pool)


def test_a_stratum_too_small_is_named() -> None:
    plan = make_plan(n_test=6, n_sets=2, strata="difficulty")
    pool = [item for item in POOL if item.stratum != "Hard" or item.is_right]
    with pytest.raises(PoolTooSmall, match="AI wrong, hard: 0 in the pool, 2 needed, 2 more"):
        draw_sets(plan, pool)


def test_the_report_names_what_suffices_too() -> None:
    told = [str(shortage) for shortage in shortages(make_plan(), POOL)]
    assert told[0] == "AI right: 750 in the pool, 9 needed, 0 more"
