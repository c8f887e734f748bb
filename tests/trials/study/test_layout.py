"""A person's trials in a study within people, and the documents that cannot be."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from tests.factories import make_document, make_plan
from tests.trials.within import AIDED, KNN, UNAIDED
from trials.study.design import Kind, Phase, Step, script, trial_near
from trials.study.document import PlanRefused, completed
from trials.study.layout import layout_of, set_at, start_of
from trials.study.plan import StudyPlan

THREE = [UNAIDED, AIDED, KNN]


def plan_of(conditions: list[dict[str, Any]] = THREE, **changes: Any) -> StudyPlan:
    given = {name: changes.pop(name) for name in ("blocks", "order", "photos", "training")
             if name in changes}  # fmt: skip
    sizes = {"n_training": 6, **changes}
    return make_plan(conditions=conditions, design={"kind": "within", **given}, **sizes)


def test_every_block_has_the_tests_photos_in_the_order_of_the_person() -> None:
    laid = layout_of(plan_of(), (3, 1, 2), 5)
    assert [block.conditions for block in laid.blocks] == [("kNN",), ("unaided",), ("EMD-Corr",)]
    assert laid.test == ("kNN",) * 6 + ("unaided",) * 6 + ("EMD-Corr",) * 6
    assert [laid.block_at("test", place) for place in (0, 5, 6, 17)] == [1, 1, 2, 3]


def test_conditions_of_one_block_are_mixed_and_of_equal_number() -> None:
    laid = layout_of(plan_of(blocks=[["unaided", "kNN"], ["EMD-Corr"]]), (1, 2), 5)
    assert Counter(laid.test[:12]) == {"unaided": 6, "kNN": 6}
    assert laid.test[:6] != ("unaided",) * 6
    assert laid.test[12:] == ("EMD-Corr",) * 6


def test_one_training_is_divided_over_the_conditions() -> None:
    plan = plan_of(training="once")
    laid = layout_of(plan, (2, 1, 3), 5)
    assert laid.training == ("EMD-Corr",) * 2 + ("unaided",) * 2 + ("kNN",) * 2
    names = [step.name for step in script(plan.laid(laid)) if step.kind == Kind.PAGE]
    assert names.count("before_practice") == names.count("before_block") == 3


def test_a_training_in_each_block_comes_after_the_page_that_announces_the_block() -> None:
    plan = plan_of(training="each")
    laid = layout_of(plan, (2, 1, 3), 5)
    steps = script(plan.laid(laid))
    assert laid.training == ("EMD-Corr",) * 6 + ("unaided",) * 6 + ("kNN",) * 6
    begun = [after for before, after in pairwise(steps) if before.name == "before_block"]
    assert begun == [Step(Kind.TRIAL, Phase.TRAINING, position) for position in (0, 6, 12)]
    assert [step.position for step in steps if step.kind == Kind.TRIAL and step.name == "test"] == [
        *range(18)
    ]
    assert laid.validation == ("EMD-Corr",) * 4


def test_a_trial_has_the_screens_of_its_condition() -> None:
    asks = {**KNN, "trial": {"has_prior_knowledge": True}}
    plan = plan_of([UNAIDED, asks])
    steps = script(plan.laid(layout_of(plan, (2, 1), 5)))
    asked = [step.position for step in steps if step.kind == Kind.PRIOR_KNOWLEDGE
             and step.name == "test"]  # fmt: skip
    assert asked == [*range(6)]


def test_a_page_belongs_to_the_trial_that_follows() -> None:
    steps = script(plan_of(training="each"))
    at = [place for place, step in enumerate(steps) if step.name == "before_block"]
    assert [trial_near(steps, place) for place in at] == [
        ("training", 0), ("training", 6), ("training", 12)
    ]  # fmt: skip
    assert trial_near(steps, 0) == ("training", 0)
    assert trial_near(steps, len(steps) - 1) == ("test", 17)


@pytest.mark.parametrize("photos", ["disjoint", "same"])
def test_over_the_starts_each_set_is_in_each_condition_once(photos: str) -> None:
    plan = plan_of([UNAIDED, AIDED], photos=photos)
    sets = [1, 2, 3, 4, 5]
    people = [[set_at(plan, sets, start, name) for name in ("unaided", "EMD-Corr")]
              for start in range(5)]  # fmt: skip
    assert [sorted(column) for column in zip(*people, strict=True)] == [sets, sets]
    assert all((a == b) == (photos == "same") for a, b in people)
    assert [start_of(plan, sets, b, "EMD-Corr") for _, b in people] == [*range(5)]


def test_a_document_without_a_design_is_of_format_1_and_between() -> None:
    document = completed(make_document())
    assert document["format"] == 1
    assert "design" not in document
    assert not make_plan().design.is_within
    assert completed(make_document(design={"kind": "between"}))["format"] == 2


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"blocks": [["unaided"], ["EMD-Corr"]]}, "kNN is in none"),
    ({"blocks": [["unaided"], ["EMD-Corr", "no"], ["kNN"]]}, "names of conditions"),
    ({"blocks": [["unaided"], ["EMD-Corr", "unaided"], ["kNN"]]}, "in one block, and once"),
    ({"photos": "same"}, "the same predictions in every condition"),
    ({"n_sets": 1}, "at least 2: 2 conditions show predictions of emd-corr"),
    ({"n_training": 2}, "or training: each"),
    ({"conditions": [UNAIDED]}, "at least two"),
    ({"conditions": [{**UNAIDED, "quota": 5}, AIDED]}, "as in the first condition"),
]


@pytest.mark.parametrize(("changes", "expected"), WRONG)
def test_a_design_that_cannot_be_is_refused_in_words(
    changes: dict[str, Any], expected: str
) -> None:
    with pytest.raises(PlanRefused, match=expected):
        plan_of(**changes)


def test_blocks_between_people_and_a_page_of_the_blocks_name_are_refused() -> None:
    with pytest.raises(PlanRefused, match="only kind: within has blocks"):
        make_plan(design={"blocks": [["kNN"]]})
    own = {"kind": "page", "name": "before_block", "text": "Now."}
    with pytest.raises(PlanRefused, match="another name than before_practice and before_block"):
        plan_of(stages=[own, {"kind": "test", "n": 6}])
    assert make_plan(stages=[own, {"kind": "test", "n": 6}]).pages["before_block"].text == "Now."
