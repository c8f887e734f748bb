"""Answers to a study's own questions, on the results page and as a file."""

import pytest
from django.test import Client

from analysis.results.answers import TITLE, answers_panels
from analysis.rows.collected import CollectedRows
from tests.analysis.people import make_study
from tests.analysis.questioned import PEOPLE, questioned_study
from tests.analysis.staff_pages import lifted, rows
from trials.models import Study

pytestmark = pytest.mark.django_db
PAGE = "/studio/study/trees/results/"


@pytest.fixture
def study() -> Study:
    """Six people of the study, two of its pilot; the first of each answers one question."""
    return questioned_study()


def test_choices_are_counted_numbers_summed_up_and_texts_left_unread(study: Study) -> None:
    (panel,) = answers_panels(CollectedRows(study, include_texts=True))
    assert [(row[1], row[2]) for row in panel.sheet.rows] == [
        ("median 41.5 (7.0 to 41.5)", "6"),
        ("NA", "0"), ("both  eyes", "5"), ("=1", "0"),
        ("free text: in a results bundle that includes it", "5"),
        ("free text: in a results bundle that includes it", "5"),
    ]  # fmt: skip
    assert panel.sheet.rows[0][0] == "How old are you?"


def test_the_page_shows_them_blinded_too_and_no_text(study: Study, staff: Client) -> None:
    page = staff.get(PAGE).text
    assert TITLE.replace("'", "&#x27;") in page
    assert "median 41.5" in page
    assert "Secretville" not in page
    assert "answers.csv" not in page
    assert staff.get(f"{PAGE}answers.csv").status_code == 403


def test_the_file_has_no_free_text(study: Study, staff: Client) -> None:
    lifted(study)
    assert "answers.csv" in staff.get(PAGE).text
    found = rows(staff.get(f"{PAGE}answers.csv").content)
    assert {row["kind"] for row in found} == {"number", "choice"}
    assert len({row["participant_id"] for row in found}) == PEOPLE["live"]


def test_a_study_without_questions_shows_nothing_of_them(staff: Client) -> None:
    study = lifted(make_study())
    page = staff.get("/studio/study/birds/results/").text
    assert "answers.csv" not in page
    assert answers_panels(CollectedRows(study, include_texts=True)) == []
