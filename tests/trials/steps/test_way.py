"""The participant's way: reading again, waiting, attempts, checks, events."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import make_document, make_study
from tests.trials.participant.test_views import DOOR, WAY, consent, go_to
from tests.trials.tab import Tab
from trials.models import AttentionCheck, Participant, Response, StepVisit
from trials.services import trial_of
from trials.study.plan import StudyPlan

pytestmark = pytest.mark.django_db

HELLO = {"kind": "page", "name": "hello", "title": "Hello", "text": "From **{persona}** & <us>."}


def enter(stages: list[dict[str, Any]] | None = None, **changes: Any) -> Client:
    """Open a study, with these stages first, and consent to it."""
    document = make_document(**changes)
    document["stages"] = [*(stages or []), *document["stages"]]
    make_study(plan=StudyPlan.from_json(document), n_queries=24)
    client = Tab()
    consent(client)
    return client


def person() -> Participant:
    return Participant.objects.select_related("study", "condition").get()


def judge(client: Client, *, is_right: bool) -> None:
    """Answer the current trial rightly or wrongly."""
    participant = person()
    trial = trial_of(participant, participant.script[participant.step])
    value = "yes" if trial.prediction.is_right == is_right else "no"
    client.post(WAY, {"step": str(participant.step), "answer": value})


def go_to_validation(client: Client) -> None:
    go_to(client, 7)  # introduction, instructions, two trials with feedback, the page before


def test_an_own_page_shows_its_text_and_lets_no_markup_through() -> None:
    page = enter([HELLO]).get(WAY).text
    assert "<p>From <strong>Sam</strong> &amp; &lt;us&gt;.</p>" in page


def test_an_own_text_replaces_the_standard_page() -> None:
    client = enter()
    plan = make_document()
    plan["stages"][0]["text"] = "Our own words."
    study = person().study
    study.document = StudyPlan.from_json(plan).document
    study.save()
    page = client.get(WAY).text
    assert "Our own words." in page
    assert "Meet Sam" not in page


def test_reading_again_moves_nothing() -> None:
    client = enter([HELLO])
    go_to(client, 2)
    page = client.get(f"{WAY}?page=0").text
    assert '<h1 tabindex="-1">Hello</h1>' in page
    assert f'href="{WAY}?page=1&amp;shown_to=0.' in page
    assert 'name="step"' not in page
    assert person().step == 2


@pytest.mark.parametrize("typed", ["2", "9", "-1", "x", "", "9" * 30])
def test_a_page_that_is_no_earlier_page_of_text_leads_to_the_current_one(typed: str) -> None:
    client = enter([HELLO])
    go_to(client, 2)
    assert client.get(WAY, {"page": typed}).headers["Location"] == WAY


def test_from_a_trial_nothing_is_read_again() -> None:
    client = enter()
    go_to(client, 2)
    assert client.get(f"{WAY}?page=0").headers["Location"] == WAY
    assert "?page=" not in client.get(WAY).text


def test_a_page_left_too_early_comes_back_and_counts_down() -> None:
    client = enter([HELLO | {"min_seconds": 20}])
    page = client.get(WAY).text
    assert re.search(r'data-wait="(19|20)"', page)
    early = client.post(WAY, {"step": "0"})
    assert early.status_code == 422
    assert "more seconds" in early.text
    assert person().step == 0


def test_after_its_time_a_page_lets_go() -> None:
    client = enter([HELLO | {"min_seconds": 20}])
    client.get(WAY)
    StepVisit.objects.update(shown_at=timezone.now() - timedelta(seconds=20))
    assert client.post(WAY, {"step": "0"}).status_code == 302
    assert person().step == 1


def test_a_trial_waits_for_its_minimum_time_too() -> None:
    client = enter(trial={"min_seconds": 5})
    go_to(client, 2)
    assert 'data-wait="5"' in client.get(WAY).text
    assert client.post(WAY, {"step": "2", "answer": "yes"}).status_code == 422
    assert not Response.objects.exists()


def test_who_fails_an_attempt_sees_the_score_and_may_read_again() -> None:
    client = enter(attempts=2)
    go_to_validation(client)
    for position in range(4):
        judge(client, is_right=position < 2)
    page = client.get(WAY).text
    assert "Not passed yet: 2 of 4" in page
    assert "last attempt" in page
    assert "Read the instructions again" in page
    assert "Meet Sam" in client.get(f"{WAY}?page=0").text


def test_the_second_attempt_is_judged_by_its_own_answers() -> None:
    client = enter(attempts=2)
    go_to_validation(client)
    for _ in range(4):
        judge(client, is_right=False)
    client.post(WAY, {"step": str(person().step)})
    for position in range(4):
        judge(client, is_right=position > 0)
    assert "Well done: 3 of 4" in client.get(WAY).text


def to_first_check(client: Client) -> AttentionCheck:
    go_to_validation(client)
    for _ in range(4):
        judge(client, is_right=True)
    client.post(WAY, {"step": str(person().step)})
    while person().script[person().step].name != "attention":
        judge(client, is_right=True)
    return AttentionCheck.objects.get(position=0)


def test_an_attention_check_asks_for_an_answer_and_is_no_trial() -> None:
    client = enter(quality={"n_attention": 1})
    check = to_first_check(client)
    page = client.get(WAY).text
    asked = "Yes" if check.asks_yes else "No"
    assert f"please answer <strong>{asked}</strong>" in page
    n_before = Response.objects.count()
    client.post(WAY, {"step": str(person().step), "answer": asked.lower()})
    check.refresh_from_db()
    assert check.is_yes == check.asks_yes
    assert Response.objects.count() == n_before


def test_a_failed_attention_check_ends_the_session_only_where_the_study_says_so() -> None:
    client = enter(quality={"n_attention": 1})
    check = to_first_check(client)
    client.post(WAY, {"step": str(person().step), "answer": "no" if check.asks_yes else "yes"})
    assert person().is_active


def test_the_study_may_end_with_a_failed_attention_check() -> None:
    client = enter(quality={"n_attention": 1, "attention_end": "end"})
    check = to_first_check(client)
    client.post(WAY, {"step": str(person().step), "answer": "no" if check.asks_yes else "yes"})
    assert person().status == Participant.Status.FAILED_ATTENTION


def test_prior_knowledge_and_definition_come_before_the_photo() -> None:
    client = enter(trial={"has_prior_knowledge": True, "has_definition": True, "n_samples": 3})
    go_to(client, 2)
    assert "Have you ever seen" in client.get(WAY).text
    go_to(client, 3)
    page = client.get(WAY).text
    assert "What is " in page
    assert len(re.findall(r'<img src="/image/', page)) == 3


def test_without_confidence_no_percentage_is_told() -> None:
    client = enter(trial={"has_confidence": False})
    assert "%" not in client.get(WAY).text.partition("<main")[2]
    go_to(client, 2)
    page = client.get(WAY).text
    assert re.search(r"Sam guessed this is an? <strong>", page)
    go_to(client, 3)
    assert "%" not in client.get(WAY).text.partition("<main")[2]


def test_without_zoom_and_keys_the_page_offers_neither() -> None:
    client = enter(trial={"has_zoom": False, "has_keys": False})
    go_to(client, 2)
    page = client.get(WAY).text
    assert not re.search(r"data-zoom|<dialog|<kbd|data-keys", page)


def test_the_unaided_page_has_no_word_of_an_ai() -> None:
    condition = {"name": "alone", "classifier": "softmax", "view": "unaided"}
    client = enter(conditions=[condition])
    for step in range(4):
        page = client.get(WAY).text.partition("<main")[2]
        assert not re.search(r"\bSam\b|\bAI\b|%|guess", page)
        client.post(WAY, {"step": str(step), "answer": "yes"})


def test_a_study_of_a_test_alone_needs_no_other_stage() -> None:
    client = enter(stages=[])
    document = make_document()
    document["stages"] = [{"kind": "test", "n": 6, "n_sets": 2}]
    study = person().study
    study.document = StudyPlan.from_json(document).document
    study.save()
    assert "Now the study begins" in client.get(WAY).text


def test_a_page_names_the_next_steps_photos_and_nothing_else_about_it() -> None:
    client = enter()
    go_to_validation(client)
    page = client.get(WAY).text
    ahead = re.findall(r'data-preload="([^"]*)"', page)[0].split()
    judge(client, is_right=True)
    assert all(re.fullmatch(r"/image/[\w-]{20}\.jpg", url) for url in ahead)
    assert set(photos(client.get(WAY).text)) - set(photos(page)) == set(ahead)


def photos(page: str) -> list[str]:
    return re.findall(r'src="(/image/[^"]+)"', page)


def test_the_door_still_leads_inside() -> None:
    assert enter().get(DOOR).headers["Location"] == WAY
