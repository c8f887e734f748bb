"""The study document: what is refused, how it says so, what it is completed with."""

from __future__ import annotations

from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from jsonschema import Draft202012Validator

from tests.factories import make_document, make_plan
from trials.study.document import PlanRefused, changes, completed, read, write
from trials.study.plan import CONDITIONS, StudyPlan
from trials.study.schema import schema


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())


def test_the_schema_is_published(client: Client) -> None:
    assert client.get("/study.schema.json").json() == schema()


def test_the_documentation_is_made_from_the_schema() -> None:
    path = Path(__file__).parents[3] / "docs" / "study-document.md"
    out = StringIO()
    call_command("document_page", stdout=out)
    text = "run: python manage.py document_page > docs/study-document.md"
    assert path.read_text(encoding="utf-8") == out.getvalue(), text


def test_a_plan_survives_the_way_through_yaml() -> None:
    plan = make_plan()
    assert StudyPlan.from_json(read(write(plan.document))) == plan


def test_completing_twice_changes_nothing() -> None:
    document = completed(make_document())
    assert completed(document) == document


def test_a_completed_document_that_is_changed_changes_no_other() -> None:
    first = completed(make_document())
    expected = completed(make_document())
    first["title"] = "Changed"
    first["conditions"].clear()
    assert completed(make_document()) == expected
    plan = make_plan()
    plan.document["trial"].clear()
    assert make_plan().document == expected


def test_a_document_that_is_wrong_is_refused_each_time() -> None:
    for _ in range(2):
        with pytest.raises(PlanRefused, match="seed"):
            completed(make_document() | {"seed": "many"})


def test_the_hash_changes_with_any_field_and_not_with_what_is_left_out() -> None:
    assert make_plan().sha256 == make_plan(persona="Sam").sha256
    assert make_plan().sha256 != make_plan(persona="Max").sha256


def test_one_layout_holds_for_all_conditions() -> None:
    arm = {"name": "a", "classifier": "knn", "view": "none", "trial": {"layout": "equal"}}
    with pytest.raises(PlanRefused, match=r"conditions\[0\]\.trial\.layout"):
        StudyPlan.from_json(make_document(conditions=[arm]))
    assert not make_plan().trial.is_equal
    assert make_plan(trial={"layout": "equal"}).of("EMD-Corr").trial.is_equal


def test_the_defaults_are_those_of_the_reference_study() -> None:
    plan = StudyPlan.from_json({"title": "Birds", "seed": 1})
    assert plan.training
    assert plan.validation
    numbers = (plan.training.n, plan.validation.n, plan.validation.pass_mark, plan.test.n)
    assert numbers == (5, 10, 8, 30)
    assert plan.test.n_sets == 20
    assert plan.conditions == CONDITIONS


def stage(**fields: Any) -> dict[str, Any]:
    """Return a change of the stages: one of them before a test."""
    return {"stages": [fields, {"kind": "test"}]}


NESTED: Any = 1
for _ in range(30):
    NESTED = [NESTED]
QUESTION = {"name": "age", "text": "How old are you?"}
CHOICE = {"name": "eyes", "text": "Do you wear glasses?", "answer": "choice"}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"title": " "}, "title: found ' ', expected a line of text"),
        ({"seed": -1}, "seed: found -1, expected a whole number from 0 to 9007199254740991"),
        ({"persona": None}, "persona: found None, expected a name"),
        ({"conditions": []}, r"conditions: found \[\], expected a list of at least 1"),
        ({"conditions": [{"name": "A"}]}, r"conditions\[0\].view: found None, expected a v"),
        (
            {"conditions": [{"name": "A", "view": "none"}]},
            r"conditions\[0\].classifier: found None, expected one of softmax",
        ),
        ({"trial": {"n_exemplars": 6}}, "trial.n_exemplars: found 6, expected a whole number from"),
        ({"pass_marc": 3}, "pass_marc: found 3, expected one of the fields format, title"),
        ({"exclusions": ["age<5"]}, r"exclusions\[0\]: found 'age<5', expected a measure, one of"),
        (stage(kind="quiz"), r"stages\[0\].kind: found 'quiz', expected one of page, walkthrough"),
        (
            {"seed": {"a": [float("nan")]}},
            r"seed.a\[0\]: found nan, expected a finite number",
        ),
        ({"seed": NESTED}, r"found 'more below', expected at most 20 levels"),
        (stage(kind="test"), "stages: found .*, expected at most one training.*exactly one test"),
        (stage(kind="page", name="faq"), r"stages\[0\].text: found '', expected a text; only"),
        (stage(kind="page", name="debrief"), "stages: found .*expected the page debrief as the l"),
        (stage(kind="page", name="attention", text="x"), r"stages\[0\].name: found 'attention', e"),
        (
            stage(kind="validation", n=5),
            r"stages\[0\].pass_mark: found 8, expected at most the number of photos, 5",
        ),
        ({"stages": [{"kind": "test", "n": 7}]}, r"stages\[0\].n: found 7, expected an even num"),
        (
            {"stages": [{"kind": "test", "balance": "pool", "strata": "difficulty"}]},
            r"stages\[0\].strata: found 'difficulty', expected none, or balance: exact",
        ),
        (
            stage(kind="questions", name="you", questions=[QUESTION, QUESTION]),
            r"stages\[0\].questions: found \['age', 'age'\], expected names that are all differ",
        ),
        (
            stage(kind="questions", name="you", questions=[QUESTION | {"answer": "choice"}]),
            r"questions\[0\].choices: found \[\], expected choices, if answer is choice",
        ),
        (
            stage(kind="questions", name="you", questions=[CHOICE | {"choices": ["No", "Yes "]}]),
            r"stages\[0\].questions\[0\].choices\[1\]: found 'Yes ', expected one line without bl",
        ),
        (
            stage(kind="questions", name="you", questions=[CHOICE | {"choices": ["a\nb"]}]),
            r"stages\[0\].questions\[0\].choices\[0\]: found 'a\\nb', expected one line",
        ),
        (
            {"analysis": {"family": [["kNN", "Grad-CAM"]]}},
            r"analysis.family\[0\]: found .*, expected two different names of CHM-Corr, CHM-NN",
        ),
        (
            {"stages": [{"kind": "test", "n": 4}], "quality": {"n_attention": 4}},
            "quality.n_attention: found 4, expected fewer than the test has photos, 4: each is",
        ),
        (
            {"quality": {"n_attention": 1, "max_failed_attention": 2}},
            "quality.max_failed_attention: found 2, expected at most n_attention, 1",
        ),
    ],
)
def test_a_wrong_document_names_path_value_and_expectation(
    changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(PlanRefused, match=message):
        StudyPlan.from_json({"title": "Birds", "seed": 1} | changed)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(PlanRefused) as caught:
        StudyPlan.from_json({"minutes": 0, "conditions": [{}]})
    paths = {problem.path for problem in caught.value.problems}
    assert {"title", "seed", "minutes", "conditions[0].name"} <= paths


@pytest.mark.parametrize("text", ["title: [", "- a list", "just words", ""])
def test_what_is_no_document_is_refused_in_words(text: str) -> None:
    with pytest.raises(PlanRefused, match="expected"):
        read(text)


BOMB = "a: &a [x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in pairwise("abcdefghij")
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, r"line 2, column 8: found '\*a', expected the text written out; aliases are not"),
        ("title: &t x\ntopic: *t\nseed: 1", r"line 2, column 8: found '\*t', expected"),
        ("[" * 5000, "line 1, column 23: found 'more below', expected at most 20 levels"),
        ("a: " + "[" * 30 + "]" * 30, "found .*, expected at most 20 levels"),
        ("seed: 2020-13-45", "the text: found 'month must be in 1..12', expected a document"),
        ("seed: 2020-12-31", "seed: found .*, expected a text, a number, true, false, a list"),
        ("x: !!binary aGk=", "x: found b'hi', expected a text"),
        ("seed: .nan", "seed: found nan, expected a finite number"),
        ("? [a, b]\n: 1", "line 1, column 3: found 'found unhashable key', expected"),
        ("1: 2", "document: found 1, expected a name in quotes"),
        (r'title: "a\0b"', "title: found .*, expected a text without NUL and halves of characters"),
        (r'title: "\ud800"', "title: found .*, expected a text without NUL"),
        (r'"\ud800": 1', r"found .*ud800', expected a text without NUL"),
    ],
)
def test_what_could_not_be_stored_or_takes_no_end_is_refused(text: str, message: str) -> None:
    with pytest.raises(PlanRefused, match=message) as error:
        read(text)
    str(error.value).encode()


def test_what_is_written_has_no_aliases() -> None:
    part = {"kind": "page", "name": "a"}
    document = {"stages": [part, part]}
    assert read(write(document)) == document


@pytest.mark.parametrize(
    ("classifier", "view", "message"),
    [
        ("softmax", "exemplars", "expected a classifier with examples for it .knn, emd-corr"),
        ("softmax", "correspondences", "expected a classifier with examples for it"),
        ("knn", "correspondences", "expected a classifier with patch matches for it .emd-corr"),
    ],
)
def test_a_view_that_promises_more_than_the_classifier_gives_is_refused(
    classifier: str, view: str, message: str
) -> None:
    arm = {"name": "A", "classifier": classifier, "view": view}
    with pytest.raises(PlanRefused, match=message):
        StudyPlan.from_json({"title": "Birds", "seed": 1, "conditions": [arm]})


def test_a_difference_is_told_field_by_field() -> None:
    before, after = make_plan().document, make_plan(persona="Max", n_sets=3).document
    told = {change.path: (change.before, change.after) for change in changes(before, after)}
    assert told == {"persona": ("Sam", "Max"), "stages[4].n_sets": (2, 3)}


def test_a_condition_may_name_its_own_ai() -> None:
    arms = [
        {"name": "A", "classifier": "knn", "view": "unaided"},
        {"name": "B", "classifier": "knn", "view": "exemplars", "persona": "Max"},
    ]
    plan = make_plan(conditions=arms)
    assert (plan.persona_of("A"), plan.persona_of("B")) == ("Sam", "Max")
