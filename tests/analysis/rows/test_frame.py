"""Rows of the database as tidy rows."""

import pandas as pd
import pytest
from pytest_django import DjangoAssertNumQueries

from analysis.codebook.codebook import RESPONSES, column_names
from analysis.codebook.file_columns import TASKED
from analysis.rows.frame import responses_frame
from analysis.rows.overview import Progress, progress_counts
from analysis.tables.tidy import dtype_of
from tests.analysis.people import make_study, person
from trials.models import Response, Trial

pytestmark = pytest.mark.django_db


def test_a_row_says_who_judged_what_and_how() -> None:
    study = make_study()
    person(study, "kNN", right="", wrong="1")
    row = responses_frame(study).iloc[0]
    unasked = ["rt_clean_ms", "given_by", "photo_px", "prior_knowledge", "mask", "n_mask_changes"]
    unasked += ["shown_label", "is_shown_correct"]
    unasked += [column.name for column in TASKED if column.is_nullable]
    assert row[unasked].isna().all()
    assert row.drop(unasked).to_dict() == {
        "study": "birds",
        "study_version": 1,
        "document_sha256": study.document_sha256,
        "frozen_sha256": study.frozen_sha256,
        "stage": "live",
        "participant_id": "p0001",
        "is_simulated": False,
        "participant_status": "completed",
        "condition": "kNN",
        "classifier": "knn",
        "view": "exemplars",
        "trial_set": 1,
        "trial_index": 1,
        "item_id": "i" + "5" * 16,
        "image": "sparrow/5.jpg",
        "true_label": "sparrow",
        "ai_label": "wren",
        "ai_confidence": 0.65,
        "ai_votes": 13,
        "is_ai_correct": False,
        "response": "no",
        "is_correct": True,
        "presented_at": pd.Timestamp("2026-03-01T09:30:00.123Z"),
        "received_at": pd.Timestamp("2026-03-01T09:30:02.123Z"),
        "rt_ms": 1500,
        "is_missed": False,
        "block": None,
    }


def test_the_four_ways_to_answer_are_told_apart() -> None:
    study = make_study()
    person(study, "kNN", right="10", wrong="10")
    frame = responses_frame(study)
    assert list(frame["is_ai_correct"]) == [True, True, False, False]
    assert list(frame["response"]) == ["yes", "no", "no", "yes"]
    assert list(frame["is_correct"]) == [True, False, True, False]


@pytest.mark.parametrize("has_answers", [True, False])
def test_columns_and_types_are_the_codebooks_even_without_rows(has_answers: bool) -> None:
    study = make_study()
    if has_answers:
        person(study, "kNN", "1", "0")
    frame = responses_frame(study)
    assert list(frame.columns) == column_names("responses.csv")
    assert [str(dtype) for dtype in frame.dtypes] == [dtype_of(item) for item in RESPONSES]


def test_categorical_cells_are_among_the_codebooks_levels() -> None:
    study = make_study()
    for status in ("active", "completed", "failed_validation"):
        person(study, "ResNet-50", "1", "0", status=status)
    frame = responses_frame(study)
    for column in RESPONSES:
        assert not column.levels or set(frame[column.name].dropna()) <= set(column.levels)


def test_what_was_not_measured_is_missing_and_never_zero() -> None:
    study = make_study()
    person(study, "ResNet-50", "1", rt_ms=None)
    Trial.objects.update(presented_at=None)
    row = responses_frame(study).iloc[0]
    assert row[["ai_votes", "rt_ms", "presented_at"]].isna().all()


def test_rows_are_sorted_by_participant_and_place_with_robots_last() -> None:
    study = make_study()
    person(study, "kNN", "1", "0", is_simulated=True)
    person(study, "kNN", "1", "0")
    person(study, "ResNet-50", "1", "0", status="active")
    frame = responses_frame(study, include_simulated=True)
    assert list(frame["participant_id"]) == ["p0001"] * 2 + ["p0002"] * 2 + ["r0001"] * 2
    assert list(frame["trial_index"]) == [1, 2] * 3


def test_simulated_people_are_left_out_by_default() -> None:
    study = make_study()
    person(study, "kNN", "1", "0", is_simulated=True)
    assert responses_frame(study).empty


@pytest.mark.parametrize("phase", ["training", "validation"])
def test_answers_before_the_test_are_no_results(phase: str) -> None:
    study = make_study()
    person(study, "kNN", "1", "0", phase=phase)
    assert Response.objects.count() == 2
    assert responses_frame(study).empty


def test_answers_of_other_studies_stay_there() -> None:
    study, other = make_study(), make_study("dogs")
    person(other, "kNN", "1", "0")
    assert responses_frame(study).empty


@pytest.mark.parametrize("n_people", [0, 1, 3])
def test_frame_and_counts_take_one_query_each(
    n_people: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    study = make_study()
    for _ in range(n_people):
        person(study, "kNN", "11", "00")
    with django_assert_num_queries(2):
        responses_frame(study)
        progress_counts(study)


def test_progress_counts_people_by_how_far_they_came() -> None:
    study = make_study()
    ends = ("timed_out", "returned", "withdrawn", "failed_attention")
    for status in ("completed", "completed", "active", "failed_validation", *ends):
        person(study, "kNN", status=status)
    person(study, "kNN", is_simulated=True)
    assert progress_counts(study) == [
        Progress("ResNet-50", 0, 0, 0, 0, n_simulated=0),
        Progress("kNN", 2, 1, 1, 4, n_simulated=1),
    ]
    with_robots = progress_counts(study, include_simulated=True)[1]
    assert with_robots == Progress("kNN", 3, 1, 1, 4, n_simulated=1)
    assert with_robots.n_total == 9
