"""The names of a document's fields in words."""

from __future__ import annotations

import pytest

from tests.factories import make_document
from trials.study.document import Problem
from trials.study.field_names import field_name, problem_words

DOCUMENT = make_document(
    conditions=[{"name": "kNN", "classifier": "knn", "view": "exemplars"}],
    exclusions=["accuracy<=50"],
)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("minutes", "Duration"),
        ("stages[4].n", "Stages, 5. test, Photos"),
        ("stages[0].min_seconds", "Stages, 1. page introduction, Minimum seconds"),
        ("stages[40].n", "Stages, entry 41, n"),
        ("conditions[0].view", "Conditions, 1. kNN, Explanation"),
        ("exclusions[0]", "Exclusion rules, entry 1"),
        ("quality.n_attention", "Quality control, Attention checks"),
        ("recruitment.codes.completed", "Recruitment, Completion codes, Completed"),
        ("quality.unknown", "Quality control, unknown"),
        ("line 2, column 8", "line 2, column 8"),
        ("document", "document"),
    ],
)
def test_a_field_is_named_as_the_form_names_it(path: str, name: str) -> None:
    assert field_name(path, DOCUMENT) == name


def test_a_problem_names_its_field() -> None:
    problem = Problem("stages[4].n", 1, "a whole number from 2 to 500")
    assert problem_words(problem, DOCUMENT) == (
        "Stages, 5. test, Photos: found 1, expected a whole number from 2 to 500."
    )


def test_a_value_that_is_not_there_is_nothing() -> None:
    assert problem_words(Problem("seed", None, "a value"), {}) == (
        "Seed: found nothing, expected a value."
    )
