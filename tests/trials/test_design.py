"""The design's functions, by their promises."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trials.design import (
    Kind,
    Phase,
    PoolTooSmall,
    Step,
    draw_sets,
    least_filled,
    order,
    participant_seed,
    script,
    split_even,
)

RIGHT, WRONG = tuple(range(1000, 1400)), tuple(range(2000, 2400))
sizes = st.fixed_dictionaries(
    {
        "n_training": st.integers(2, 6),
        "n_validation": st.integers(2, 12),
        "n_test": st.integers(1, 15).map(lambda half: 2 * half),
        "n_sets": st.integers(1, 8),
        "seed": st.integers(0, 2**32),
    }
)


@given(sizes)
def test_no_prediction_is_drawn_twice(plan: dict[str, int]) -> None:
    draw = draw_sets(RIGHT, WRONG, **plan)
    everything = [*draw.training, *draw.validation, *(i for each in draw.test_sets for i in each)]
    assert len(everything) == len(set(everything))


@given(sizes)
def test_every_part_has_its_size_and_is_half_right(plan: dict[str, int]) -> None:
    draw = draw_sets(RIGHT, WRONG, **plan)
    wanted = [plan["n_training"], plan["n_validation"], *[plan["n_test"]] * plan["n_sets"]]
    for size, part in zip(wanted, [draw.training, draw.validation, *draw.test_sets], strict=True):
        n_right = sum(each in RIGHT for each in part)
        assert (n_right, len(part) - n_right) == split_even(size)


@given(sizes)
def test_the_same_seed_draws_the_same_sets(plan: dict[str, int]) -> None:
    assert draw_sets(RIGHT, WRONG, **plan) == draw_sets(RIGHT, WRONG, **plan)


def test_another_seed_draws_other_sets() -> None:
    plan = {"n_training": 5, "n_validation": 10, "n_test": 30, "n_sets": 4}
    assert draw_sets(RIGHT, WRONG, seed=1, **plan) != draw_sets(RIGHT, WRONG, seed=2, **plan)


def test_a_pool_that_just_suffices_is_used_up() -> None:
    draw = draw_sets(
        range(8), range(8, 15), n_training=3, n_validation=2, n_test=10, n_sets=1, seed=0
    )
    assert sorted([*draw.training, *draw.validation, *draw.test_sets[0]]) == list(range(15))


def test_a_pool_too_small_says_by_how_much() -> None:
    with pytest.raises(PoolTooSmall, match=r"holds 7 .* 8 .*needs 8 and 7: 1 and 0 more"):
        draw_sets(range(7), range(8), n_training=3, n_validation=2, n_test=10, n_sets=1, seed=0)


@given(st.lists(st.integers(), unique=True), st.integers(0, 2**62))
def test_an_order_keeps_every_item_and_depends_on_the_seed_alone(
    items: list[int], seed: int
) -> None:
    assert sorted(order(items, seed)) == sorted(items)
    assert order(items, seed) == order(items, seed)


@given(st.dictionaries(st.integers(), st.integers(0, 50), min_size=1), st.integers())
def test_the_least_filled_has_no_one_below_it(counts: dict[int, int], seed: int) -> None:
    assert counts[least_filled(counts, seed)] == min(counts.values())


def test_ties_fall_on_every_condition() -> None:
    drawn = Counter(least_filled({"a": 1, "b": 1, "c": 2}, seed) for seed in range(200))
    assert set(drawn) == {"a", "b"}
    assert min(drawn.values()) > 70


def test_people_and_robots_of_the_same_number_have_other_seeds() -> None:
    assert participant_seed(1, 1, False) != participant_seed(1, 1, True)
    assert participant_seed(1, 1, False) != participant_seed(1, 2, False)


def test_the_script_leads_from_introduction_to_debrief() -> None:
    steps = script(n_training=5, n_validation=10, n_test=30)
    assert (steps[0].name, steps[-1].name) == ("introduction", "debrief")
    assert Counter(each.kind for each in steps) == {Kind.PAGE: 5, Kind.TRIAL: 45, Kind.FEEDBACK: 5}


def test_feedback_follows_training_trials_only() -> None:
    steps = script(n_training=2, n_validation=2, n_test=2)
    for before, step in pairwise(steps):
        if step.kind == Kind.FEEDBACK:
            assert before == Step(Kind.TRIAL, Phase.TRAINING, step.position)
