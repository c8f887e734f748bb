"""The design's functions, by their promises."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_plan
from trials.study.design import (
    Kind,
    Phase,
    Step,
    attention_answers,
    least_filled,
    order,
    participant_seed,
    runs_of_same,
    script,
    set_quota,
)


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


@given(st.integers(0, 20), st.integers())
def test_attention_checks_ask_for_both_answers(n: int, seed: int) -> None:
    asked = attention_answers(n, seed)
    assert len(asked) == n
    assert abs(2 * sum(asked) - n) <= 1


@given(st.integers(0, 500), st.integers(1, 50))
def test_the_sets_quotas_hold_everyone_and_not_a_set_more(quota: int, n_sets: int) -> None:
    assert quota <= n_sets * set_quota(quota, n_sets) < quota + n_sets


@given(st.lists(st.booleans()))
def test_a_run_of_the_same_answer_is_the_longest_one(values: list[bool]) -> None:
    text = "".join("y" if value else "n" for value in values)
    longest = max(n for n in range(len(values) + 1) if "y" * n in text or "n" * n in text)
    assert runs_of_same(values) == longest


def test_the_script_leads_from_introduction_to_debrief() -> None:
    steps = script(make_plan(n_training=5, n_validation=10, n_test=30))
    assert (steps[0].name, steps[-1].name) == ("introduction", "debrief")
    assert Counter(step.kind for step in steps) == {Kind.PAGE: 5, Kind.TRIAL: 45, Kind.FEEDBACK: 5}


def test_feedback_follows_training_trials_only() -> None:
    for before, step in pairwise(script(make_plan())):
        if step.kind == Kind.FEEDBACK:
            assert before == Step(Kind.TRIAL, Phase.TRAINING, step.position)


def test_every_attempt_at_the_validation_has_trials_of_its_own() -> None:
    steps = script(make_plan(n_validation=3, attempts=2))
    positions = [step.position for step in steps if step.name == Phase.VALIDATION]
    assert positions == list(range(6))
    assert Step(Kind.PAGE, "retry_validation", 1) in steps


def test_a_trial_may_have_three_screens() -> None:
    steps = script(make_plan(trial={"has_prior_knowledge": True, "has_definition": True}))
    first = [step.kind for step in steps if (step.name, step.position) == (Phase.TEST, 0)]
    assert first == [Kind.PRIOR_KNOWLEDGE, Kind.DEFINITION, Kind.TRIAL]


@given(st.integers(0, 8), st.integers(1, 20).map(lambda half: 2 * half))
def test_attention_checks_lie_inside_the_test_and_apart(n_checks: int, n_test: int) -> None:
    plan = make_plan(n_test=n_test, quality={"n_attention": min(n_checks, n_test - 1)})
    steps = [item for item in script(plan) if item.name in (Phase.TEST, "attention")]
    asked = [step.position for step in steps if step.kind == Kind.ATTENTION]
    assert asked == list(range(plan.quality.n_attention))
    assert {steps[0].kind, steps[-1].kind} == {Kind.TRIAL}


@pytest.mark.parametrize("name", ["training", "validation"])
def test_a_stage_that_is_left_out_has_no_step(name: str) -> None:
    stages = [item for item in make_plan().document["stages"] if item["kind"] != name]
    assert not [item for item in script(make_plan(stages=stages)) if item.name == name]
