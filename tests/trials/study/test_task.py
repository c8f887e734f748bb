"""The task in a study document: defaults, open fields, and what contradicts itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import make_plan
from trials.study.document import PlanRefused
from trials.study.task import classes_of, confidence_of, top_of


def test_a_document_without_a_task_asks_to_verify_and_stays_of_format_1() -> None:
    plan = make_plan()
    assert (plan.task.ask, plan.task.first, plan.task.is_one_press) == ("verify", False, True)
    assert plan.document["format"] == 1
    assert "task" not in plan.document


def test_levels_count_from_one_and_a_level_without_a_label_is_its_number() -> None:
    plan = make_plan(task={"confidence": {"levels": 3}})
    asked = confidence_of(plan.task)
    assert asked is not None
    assert asked.levels == [(1, "1"), (2, "2"), (3, "3")]
    assert plan.document["format"] == 2


def test_a_scale_has_every_whole_number_between_its_ends() -> None:
    asked = confidence_of(make_plan(task={"confidence": {"scale": [50, 100]}}).task)
    assert asked is not None
    assert (asked.is_levels, asked.values) == (False, range(50, 101))


def test_choices_are_all_classes_some_or_those_with_the_highest_scores() -> None:
    some = make_plan(task={"ask": "choose", "choices": ["kind_amber", "birch tree"]}).task
    best = make_plan(task={"ask": "choose", "choices": {"top": 5, "from": "scores"}}).task
    assert (list(classes_of(some)), top_of(some)) == (["kind_amber", "birch tree"], 0)
    assert (list(classes_of(best)), top_of(best)) == ([], 5)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"task": {"choices": ["a"]}}, "task.choices"),
        ({"task": {"choices": ["a", "a"]}}, "task.choices"),
        ({"task": {"confidence": {"levels": 12}}}, "task.confidence"),
        ({"task": {"confidence": {"levels": 3, "labels": ["low", "high"]}}}, "task.confidence"),
        ({"task": {"confidence": {"scale": [100, 50]}}}, "task.confidence.scale"),
        ({"task": {"seconds": 5}, "trial": {"min_seconds": 5}}, "task.seconds"),
        ({"wording": {"first_answer": "Remember."}}, "wording.first_answer"),
    ],
)
def test_what_contradicts_itself_is_refused_by_its_path(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(PlanRefused, match=path.replace(".", r"\.")):
        make_plan(**changes)


def test_no_page_names_the_ais_class_to_people_who_choose_without_it() -> None:
    alone = {"name": "Alone", "classifier": "knn", "view": "unaided"}
    changes = {"conditions": [alone], "trial": {"has_definition": True}}
    make_plan(**changes)
    with pytest.raises(PlanRefused, match="a view with the AI's statement"):
        make_plan(**changes, task={"ask": "choose"})
