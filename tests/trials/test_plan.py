"""The study document: what is refused, and how it says so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import make_plan
from trials.plan import CONDITIONS, PlanRefused, StudyPlan


def test_a_plan_survives_the_way_through_json() -> None:
    plan = make_plan()
    assert StudyPlan.from_json(plan.to_json()) == plan


def test_the_hash_changes_with_any_field() -> None:
    assert make_plan().sha256 == make_plan().sha256
    assert make_plan().sha256 != make_plan(persona="Max").sha256


def test_the_defaults_are_those_of_the_reference_study() -> None:
    plan = StudyPlan(title="Birds", seed=1)
    numbers = (plan.n_training, plan.n_validation, plan.pass_mark, plan.n_test, plan.n_sets)
    assert numbers == (5, 10, 8, 30, 20)
    assert plan.conditions == CONDITIONS


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title": " "}, "title: found ' ', expected a text"),
        ({"seed": -1}, "seed: found -1, expected a whole number of at least 0"),
        ({"n_test": 2.5}, "n_test: found 2.5, expected a whole number"),
        ({"n_test": True}, "n_test: found True, expected a whole number"),
        ({"n_test": 7}, "n_test: found 7, expected an even number"),
        ({"pass_mark": 11}, "pass_mark: found 11, expected at most n_validation=10"),
        ({"persona": None}, "persona: found None, expected a text"),
        ({"conditions": []}, "conditions: found .*, expected a list of at least one"),
        ({"conditions": [{"name": "A"}]}, r"conditions\[0\]: found .*, expected exactly name"),
        ({"n_exemplars": 6}, "n_exemplars: found 6, expected at most 5"),
        ({"topic": None}, "topic: found None, expected a text, or an empty one"),
        ({"pass_marc": 3}, "pass_marc: found 3, expected one of .*pass_mark"),
    ],
)
def test_a_wrong_document_names_path_value_and_expectation(
    changes: dict[str, Any], message: str
) -> None:
    document = {"title": "Birds", "seed": 1} | changes
    with pytest.raises(PlanRefused, match=message):
        StudyPlan.from_json(document)


def test_a_missing_required_field_is_named() -> None:
    with pytest.raises(PlanRefused, match="seed: found None, expected a value"):
        StudyPlan.from_json({"title": "Birds"})


@pytest.mark.parametrize(
    ("classifier", "view", "message"),
    [
        ("softmax", "exemplars", r"view: found 'exemplars', .* with examples .*knn, emd-corr"),
        ("knn", "correspondences", r"view: found 'correspondences', .* patch matches .*emd-corr"),
    ],
)
def test_a_view_that_the_classifier_cannot_fill_is_refused(
    classifier: str, view: str, message: str
) -> None:
    condition = {"name": "A", "classifier": classifier, "view": view}
    with pytest.raises(PlanRefused, match=message):
        StudyPlan.from_json({"title": "Birds", "seed": 1, "conditions": [condition]})


@pytest.mark.parametrize("name", ["", "x" * 51])
def test_a_condition_has_a_name_that_fits(name: str) -> None:
    condition = {"name": name, "classifier": "knn", "view": "none"}
    with pytest.raises(PlanRefused, match="a name of 1 to 50 characters"):
        StudyPlan.from_json({"title": "Birds", "seed": 1, "conditions": [condition]})


def test_two_conditions_of_one_name_are_refused() -> None:
    twice = {"name": "A", "classifier": "knn", "view": "none"}
    with pytest.raises(PlanRefused, match="names that are all different"):
        StudyPlan.from_json({"title": "Birds", "seed": 1, "conditions": [twice, twice]})


@pytest.mark.parametrize(
    ("field", "known"), [("view", "correspondences"), ("classifier", "emd-corr")]
)
def test_an_unknown_view_or_classifier_lists_the_known_ones(field: str, known: str) -> None:
    condition = {"name": "A", "classifier": "knn", "view": "none"} | {field: "magic"}
    with pytest.raises(PlanRefused, match=rf"conditions\[0\].{field}: found 'magic'.*{known}"):
        StudyPlan.from_json({"title": "Birds", "seed": 1, "conditions": [condition]})
