"""Mechanical Turk: the preview, its frame, and the result that goes to Amazon alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from study_site.middleware import mturk_frames
from tests.trials.doors import DOOR, MTURK, WAY, consent, hidden, look, make_recruited
from tests.trials.tab import Tab
from trials.models import Identity, Participant
from trials.participant.framing import FRAMED, PERSON_COOKIE
from trials.participant.recruitment import PREVIEW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _study() -> None:
    make_recruited("mturk")


def finish() -> None:
    Participant.objects.update(status="completed", code="DONE-1", finished_at=timezone.now())
    person = Participant.objects.get()
    Participant.objects.update(step=len(person.script) - 1)


def test_a_preview_informs_and_offers_no_button(client: Client) -> None:
    page = look(client, assignmentId=PREVIEW, hitId="3HIT01", turkSubmitTo="https://www.mturk.com")
    assert (page.status_code, "Accept the HIT" in page.text) == (200, True)
    assert "What you should know" in page.text
    assert "an AI named Sam" in page.text
    assert not re.search(r"<form|<button|<input", page.text)


def test_a_preview_cannot_be_posted_into_the_study(client: Client) -> None:
    sealed = hidden(look(client, **MTURK).text)
    page = client.post(DOOR, {"agree": "on", "enrolment_key": sealed["enrolment_key"]})
    assert page.status_code == 400
    assert not Participant.objects.exists()


def submit_form(page: str) -> tuple[str, dict[str, str]]:
    found = re.search(r'<form method="post" action="(https:[^"]+)"[^>]*>(.*?)</form>', page, re.S)
    assert found is not None
    return found[1], dict(re.findall(r'name="(\w+)" value="([^"]*)"', found[2]))


def test_the_last_page_posts_assignment_and_code_to_amazon(client: Client) -> None:
    consent(client, **MTURK)
    finish()
    url, fields = submit_form(client.get(WAY).text)
    assert url == "https://workersandbox.mturk.com/mturk/externalSubmit"
    assert fields == {"assignmentId": "3ASSIGN01", "code": "DONE-1"}  # and no token of ours


@pytest.mark.parametrize("url", ["https://evil.example", "http://www.mturk.com", ""])
def test_no_result_is_posted_anywhere_else(client: Client, url: str) -> None:
    consent(client, **(MTURK | {"turkSubmitTo": url}))
    finish()
    page = client.get(WAY).text
    assert "externalSubmit" not in page
    assert "DONE-1" in page


def test_a_task_taken_up_again_is_submitted_under_its_new_assignment(client: Client) -> None:
    consent(client, **MTURK)
    look(client, **(MTURK | {"assignmentId": "3ASSIGN02"}))
    assert Identity.objects.get().submission_id == "3ASSIGN02"
    finish()
    assert submit_form(client.get(WAY).text)[1]["assignmentId"] == "3ASSIGN02"


@pytest.mark.parametrize("where", ["door", "session"])
def test_amazon_may_frame_the_pages_of_this_study(client: Client, where: str) -> None:
    consent(client, **MTURK)
    other = Tab()
    page = client.get(WAY) if where == "session" else look(other, assignmentId=PREVIEW)
    policy = page.headers["Content-Security-Policy"]
    assert "frame-ancestors https://*.mturk.com" in policy
    assert "form-action 'self' https://*.mturk.com" in policy
    assert "default-src 'none'" in policy
    assert "X-Frame-Options" not in page.headers


@pytest.mark.parametrize("address", [DOOR, WAY, "/s/trees/stop/"])
def test_a_worker_whose_token_is_lost_reads_so_in_the_frame(address: str) -> None:
    page = Client(enforce_csrf_checks=True).post(address, {"step": "0"})
    assert (page.status_code, "allow cookies" in page.text) == (403, True)
    assert "frame-ancestors https://*.mturk.com" in page.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in page.headers


@pytest.mark.parametrize("address", ["/s/birds/", "/login/", "/studio/study/trees/"])
def test_no_other_page_without_its_token_may_be_framed(address: str) -> None:
    page = Client(enforce_csrf_checks=True).post(address)
    assert page.status_code == 403
    assert page.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("address", ["/login/", "/s/birds/"])
def test_nothing_else_may_be_framed(client: Client, address: str) -> None:
    page = client.get(address)
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(("secure", "expected"), [(True, "None"), (False, "Lax")])
def test_a_frame_keeps_its_cookies_over_https(secure: bool, expected: str) -> None:
    client = Tab()
    page: Any = client.get(DOOR, MTURK, secure=secure)
    answer: Any = client.post(DOOR, hidden(page.text) | {"agree": "on"}, secure=secure)
    for cookies in (page.cookies, answer.cookies):
        assert {cooky["samesite"] for cooky in cookies.values()} == {expected}
        assert {bool(cooky["secure"]) for cooky in cookies.values()} == {secure}
    assert any(name.startswith("person_") for name in answer.cookies)


def test_the_staffs_cookie_never_goes_into_a_frame() -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        request.META[FRAMED] = True
        response = HttpResponse()
        response.set_cookie("sessionid", "staff", samesite="Lax")
        response.set_cookie(f"{PERSON_COOKIE}trees", "person", samesite="Lax")
        return response

    cookies = mturk_frames(answer)(RequestFactory().get("/", secure=True)).cookies
    assert cookies["sessionid"]["samesite"] == "Lax"
    assert cookies[f"{PERSON_COOKIE}trees"]["samesite"] == "None"


def test_nothing_that_travels_over_http_makes_a_page_framed() -> None:
    page = Client(headers={"trials.framed": "yes"}).get("/login/")
    assert page.headers["X-Frame-Options"] == "DENY"
