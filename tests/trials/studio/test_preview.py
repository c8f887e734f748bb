"""The preview: the participant's own pages, and nothing left behind."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client

from classifiers.models import PredictionRun
from tests.factories import enrol, make_document
from tests.trials.tab import be
from trials import services
from trials.models import (
    Condition,
    Participant,
    Response,
    StepVisit,
    Study,
    StudyLog,
    Trial,
    TrialSet,
)
from trials.studio.preview import choices, screens_of

SCREEN = "/studio/study/draft/preview/screen/"
STORED = (Condition, Participant, Response, StepVisit, StudyLog, Trial, TrialSet)


def stored() -> list[int]:
    return [model._default_manager.count() for model in STORED]


def shown(browser: Client, screen: str, condition: str = "kNN", number: int = 1) -> str:
    asked = {"condition": condition, "set": str(number), "screen": screen}
    return browser.get(SCREEN, asked).content.decode()


@pytest.mark.parametrize("is_frozen", [False, True])
def test_every_screen_is_shown_and_nothing_is_stored(
    browser: Client, draft: Study, is_frozen: bool
) -> None:
    if is_frozen:
        services.study_pilot(study=draft)
    before = stored()
    for item in screens_of(draft.plan):
        page = shown(browser, item.key)
        assert "cannot be shown" not in page, item.key
        assert draft.plan.title in page, item.key
    assert stored() == before
    status = Study.objects.get(pk=draft.pk).status
    assert status == (Study.Status.PILOT if is_frozen else Study.Status.DRAFT)


def first(draft: Study, label: str) -> str:
    return next(item.key for item in screens_of(draft.plan) if item.label.startswith(label))


def test_each_condition_shows_its_own_explanation(browser: Client, draft: Study) -> None:
    key = first(draft, "Test 1")
    assert "evidence" not in shown(browser, key, "ResNet-50")
    assert "evidence" in shown(browser, key, "kNN")
    assert "evidence--boxes" in shown(browser, key, "EMD-Corr")


def test_each_set_shows_its_own_photos(browser: Client, draft: Study) -> None:
    key = first(draft, "Test 1")
    assert shown(browser, key, number=1) != shown(browser, key, number=2)


def test_the_preview_is_what_a_participant_sees(
    client: Client, browser: Client, draft: Study
) -> None:
    """Of the same photo, in the same condition, but for the form's token and the progress."""
    services.study_pilot(study=draft)
    person = enrol(draft, "alice")
    be(browser, person)
    theirs = browser.get("/s/draft/session/").content.decode()
    ours = shown(browser, "0", person.condition.name)
    signed = r'name="csrfmiddlewaretoken" value="\w+"|shown_to(=|" value=")[\w.-]+'
    plain = [re.sub(signed, "", item) for item in (theirs, ours)]
    assert plain[0] == plain[1]


def test_the_pages_inside_can_send_nothing(browser: Client, draft: Study) -> None:
    response = browser.get(SCREEN, {"screen": "0"})
    policy = response["Content-Security-Policy"]
    assert "form-action 'none'" in policy
    assert "connect-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert not response.cookies


def test_a_draft_without_predictions_says_what_is_missing(browser: Client, draft: Study) -> None:
    PredictionRun.objects.filter(classifier="knn").update(status="failed")
    page = shown(browser, first(draft, "Test 1"))
    assert "No finished predictions of knn" in page


def test_the_information_is_shown_even_without_predictions(browser: Client, draft: Study) -> None:
    PredictionRun.objects.update(status="failed")
    assert "agree" in shown(browser, "consent")


def test_an_address_that_names_nothing_shows_the_first_screen(
    browser: Client, draft: Study
) -> None:
    page = browser.get("/studio/study/draft/preview/?condition=x&set=99&screen=9999&size=tv")
    assert page.context["chosen"] == {
        "condition": "ResNet-50", "set": "1", "screen": "consent", "size": "laptop",
        "language": "en",
    }  # fmt: skip


def test_the_navigator_leads_from_the_first_screen_to_the_last(
    browser: Client, draft: Study
) -> None:
    seen, key = [], "consent"
    while True:
        page = browser.get("/studio/study/draft/preview/", {"screen": key})
        seen.append(key)
        if page.context["after"] is None:
            break
        key = page.context["after"].key
    assert seen == [item.key for item in screens_of(draft.plan)]


def test_every_kind_of_screen_is_in_the_navigator(draft: Study) -> None:
    document = make_document(
        trial={"has_prior_knowledge": True, "has_definition": True},
        quality={"n_attention": 1, "attention_end": "end"},
        max_minutes=60,
    )
    study = services.study_revise(study=draft, document=document)
    labels = [item.label for item in screens_of(study.plan)]
    assert {
        "Test 1: prior knowledge",
        "Test 1: definition",
        "Test 1: question",
        "Training 1: feedback",
        "Attention check 1",
        "Timed Out",
        "Failed Attention",
    } <= set(labels)


LIVE = "/studio/study/draft/preview/live/"


def test_the_live_preview_shows_what_is_typed_and_stores_nothing(
    browser: Client, draft: Study
) -> None:
    before = stored()
    typed = json.dumps(draft.document | {"title": "Typed, not saved"})
    key = first(draft, "Test 1")
    for screen in ("consent", "0", key):
        asked = {"document": typed, "screen": screen, "condition": "kNN"}
        page = browser.post(LIVE, asked)
        assert "Typed, not saved" in page.content.decode(), screen
    assert stored() == before
    assert Study.objects.get(pk=draft.pk).document == draft.document


def test_without_a_document_the_live_preview_is_of_the_saved_one(
    browser: Client, draft: Study
) -> None:
    assert draft.plan.title in browser.post(LIVE, {"screen": "0"}).content.decode()


def test_the_live_preview_refuses_a_document_that_is_not_valid(
    browser: Client, draft: Study
) -> None:
    page = browser.post(LIVE, {"document": json.dumps(draft.document | {"minutes": 0})})
    assert page.status_code == 422
    assert "expected a whole number from 1 to 600" in page.content.decode()


def test_the_live_preview_asks_for_no_script(browser: Client, draft: Study) -> None:
    for document in ("", json.dumps(draft.document)):
        for screen in ("consent", first(draft, "Test 1")):
            page = browser.post(LIVE, {"document": document, "screen": screen}).text
            assert 'id="main"' in page
            assert "<script" not in page
    assert "<script" in shown(browser, "consent")


def test_the_live_preview_is_for_editors_and_their_own_pages(browser: Client, draft: Study) -> None:
    asked = {"document": json.dumps(draft.document), "screen": "0"}
    assert Client().post(LIVE, asked).status_code == 302
    assert browser.get(LIVE).status_code == 405
    inside = browser.post(LIVE, asked)
    assert inside["X-Frame-Options"] == "SAMEORIGIN"
    assert "form-action 'none'" in inside["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in inside["Content-Security-Policy"]
    browser.handler.enforce_csrf_checks = True
    assert browser.post(LIVE, asked).status_code == 403


def test_the_choices_of_a_live_preview_are_those_of_the_preview(draft: Study) -> None:
    found = choices(draft.plan)
    assert list(found["of"]) == [each.name for each in draft.plan.conditions]
    rows = found["screens"][found["of"]["kNN"]]
    assert [row[0] for row in rows] == [each.key for each in screens_of(draft.plan.of("kNN"))]
