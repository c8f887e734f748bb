"""A page of questions: what is stored, what comes back, and what no browser shall be stuck at."""

from __future__ import annotations

import pytest

from tests.trials.participant.test_views import WAY
from tests.trials.steps.test_way import enter
from trials.models import QuestionAnswer, Study

pytestmark = pytest.mark.django_db

QUESTIONS = {
    "kind": "questions",
    "name": "about",
    "title": "About you",
    "questions": [
        {"name": "age", "text": "How old are you?", "answer": "number", "is_required": True},
        {"name": "eyes", "text": "Glasses?", "answer": "choice", "choices": ["Yes", "No"]},
        {"name": "how", "text": "How did you decide?", "answer": "paragraph"},
    ],
}


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({}, "Please answer this question."),
        ({"q_age": "old"}, "“old” is no number."),
        ({"q_age": "nan"}, "is no number"),
        ({"q_age": "1_000"}, "“1_000” is no number. Please write digits, such as 42 or 3.5."),
        ({"q_age": "1,234"}, "can be read as 1234 or as 1.234. Please write 1234, or 1.2340."),
        ({"q_age": "41", "q_eyes": "Perhaps"}, "Please choose one of the answers."),
        ({"q_age": "41", "q_how": "x" * 5001}, "please use at most 5,000"),
    ],
)
def test_a_bad_answer_comes_back_with_what_to_do(typed: dict[str, str], says: str) -> None:
    page = enter([QUESTIONS]).post(WAY, {"step": "0", **typed})
    assert page.status_code == 422
    assert says in page.text
    assert not QuestionAnswer.objects.exists()


def test_what_was_typed_is_kept_when_it_is_refused() -> None:
    typed = {"q_age": "<old>", "q_eyes": "No", "q_how": "By eye & feeling"}
    page = enter([QUESTIONS]).post(WAY, {"step": "0", **typed}).text
    assert 'value="&lt;old&gt;"' in page
    assert 'value="No" checked' in page
    assert "By eye &amp; feeling</textarea>" in page
    assert 'aria-describedby="error_age"' in page


def test_good_answers_are_stored_and_lead_on() -> None:
    client = enter([QUESTIONS])
    assert client.post(WAY, {"step": "0", "q_age": " 41.5 ", "q_x": "?"}).status_code == 302
    assert list(QuestionAnswer.objects.values_list("name", "value")) == [("age", "41.5")]


@pytest.mark.parametrize("typed", ["3,5", "3.50", " ٣٫٥ "])
def test_a_number_is_stored_in_one_form_however_a_phone_types_it(typed: str) -> None:
    assert enter([QUESTIONS]).post(WAY, {"step": "0", "q_age": typed}).status_code == 302
    assert QuestionAnswer.objects.get().value == "3.5"


@pytest.mark.parametrize("choice", [" No ", "No\nnever", "No\r\nnever", "No\rnever"])
def test_a_frozen_study_whose_choice_has_blanks_or_lines_still_takes_it(choice: str) -> None:
    client = enter([QUESTIONS])
    study = Study.objects.get()
    study.document["stages"][0]["questions"][1]["choices"] = ["Yes", choice]
    study.save(update_fields=["document"])
    sent = {"step": "0", "q_age": "41", "q_eyes": "\r\n".join(choice.splitlines())}
    assert client.post(WAY, sent).status_code == 302


def test_a_line_end_counts_as_one_character_as_in_the_browser() -> None:
    client = enter([QUESTIONS])
    typed = "how\r\n" * 1250
    assert client.post(WAY, {"step": "0", "q_age": "41", "q_how": typed}).status_code == 302
    assert QuestionAnswer.objects.get(name="how").value == ("how\n" * 1250).strip()


def test_what_is_too_long_comes_back_whole() -> None:
    typed = "x" * 7000
    page = enter([QUESTIONS]).post(WAY, {"step": "0", "q_age": "41", "q_how": typed}).text
    assert "This has 7,000 characters; please use at most 5,000." in page
    assert f">{typed}</textarea>" in page


def test_what_no_database_stores_is_left_out_of_an_answer() -> None:
    client = enter([QUESTIONS])
    sent = {"step": "0", "q_age": "41", "q_how": "By\0 eye", "q_\0": "?"}
    assert client.post(WAY, sent).status_code == 302
    assert QuestionAnswer.objects.get(name="how").value == "By eye"
