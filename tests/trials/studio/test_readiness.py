"""Whether the photos are enough, in a sentence, and the change that would do."""

from __future__ import annotations

import pytest

from tests.factories import make_document, make_study
from trials.models import Study
from trials.studio.editor import answer, document_check, pools
from trials.studio.readiness import MORE_PHOTOS
from trials.study.schema import Json

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    """A study on photos of which the AI is right on ten and wrong on ten."""
    return make_study()


def judged(study: Study, **changes: object) -> Json:
    found: Json = answer(document_check(make_document(**changes)), study.dataset)
    return found


def test_enough_photos_are_said_to_be_enough(study: Study) -> None:
    ready = judged(study)["readiness"]
    assert ready == {
        "is_ready": True,
        "said": "Ready: there are enough photos for every condition.",
        "change": None,
    }


@pytest.mark.parametrize("n_test", [8, 10, 12])
def test_too_few_photos_are_counted_and_the_largest_set_that_fits_is_proposed(
    study: Study, n_test: int
) -> None:
    said = judged(study, n_test=n_test)
    n = max(row["missing"] for pool in said["pools"] for row in pool["rows"])
    words = f"Not ready: {n} {'photo' if n == 1 else 'photos'} too few where softmax, knn"
    assert said["readiness"]["said"].startswith(words)
    change = said["readiness"]["change"]
    assert change["path"] == "stages[4].n"

    def is_enough(n: int) -> bool:
        plan = document_check(make_document(n_test=n)).plan
        assert plan is not None
        return all(pool.is_enough for pool in pools(study.dataset, plan))

    best = max(n for n in range(2, n_test, 2) if is_enough(n))
    assert (change["value"], change["words"]) == (best, f"Use {best} a set")
    assert (MORE_PHOTOS in said["readiness"]["said"]) == (best < n_test // 2)


def test_fewer_sets_are_proposed_where_a_set_would_become_too_small(study: Study) -> None:
    change = judged(study, n_sets=9)["readiness"]["change"]
    assert (change["path"], change["value"]) == ("stages[4].n_sets", 2)
    assert judged(study, n_sets=2)["readiness"]["is_ready"]


def test_nothing_is_proposed_where_nothing_helps(study: Study) -> None:
    ready = judged(study, n_training=40)["readiness"]
    assert not ready["is_ready"]
    assert ready["change"] is None
    assert ready["said"].endswith(MORE_PHOTOS)


def test_of_a_document_that_is_not_valid_nothing_is_said(study: Study) -> None:
    assert judged(study, minutes=0)["readiness"]["said"] == ""
