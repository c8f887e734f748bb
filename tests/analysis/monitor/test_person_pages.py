"""The pages of one person: what they show, and what a researcher may note, exclude and delete."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.analysis.monitor.pages import ALICE, DO, alice, cells
from trials import services
from trials.models import Identity, Study

pytestmark = pytest.mark.django_db


def test_a_person_is_shown_with_their_way_and_id(browser: Client, study: Study) -> None:
    services.step_show(participant=alice())
    event = services.ClientEvent(kind="blur", at_ms=1234)
    services.events_add(participant=alice(), step=0, events=[event])
    page = browser.get(ALICE).text
    assert "PID-alice" in page
    assert "blur at 1234 ms" in cells(page, "1 of 19: introduction")[-1]


def test_a_person_is_marked_as_returned_once_asked(browser: Client, study: Study) -> None:
    assert "It cannot be undone" in browser.get(f"{DO}return/").text
    assert alice().status == "active"
    assert "done, and logged" in browser.post(f"{DO}return/", follow=True).text
    assert alice().status == "returned"
    assert "not possible" in browser.post(f"{DO}return/", follow=True).text


def test_payment_is_noted(browser: Client, study: Study) -> None:
    browser.post(f"{DO}pay/", {"payment": "paid"})
    assert alice().payment == "paid"
    assert browser.post(f"{DO}pay/", {"payment": "gold"}).status_code == 422
    assert alice().payment == "paid"
    assert study.log.get(action="participant payment").user == User.objects.get(username="rita")


def test_an_exclusion_needs_a_reason_and_is_taken_back(browser: Client, study: Study) -> None:
    answer = browser.post(f"{DO}exclude/", {"reason": "  "})
    assert (answer.status_code, "Say why" in answer.text) == (422, True)
    browser.post(f"{DO}exclude/", {"reason": "fell asleep"})
    assert alice().exclusion == "fell asleep"
    browser.post(f"{DO}include/")
    assert alice().exclusion == ""


@pytest.mark.parametrize("typed", ["", "2", "one"])
def test_nobody_is_deleted_by_a_slip(browser: Client, study: Study, typed: str) -> None:
    assert browser.post(f"{DO}withdraw/", {"number": typed}).status_code == 422
    assert alice().status == "active"
    assert Identity.objects.exists()


def test_withdrawing_deletes_what_the_page_says(browser: Client, study: Study) -> None:
    page = browser.post(f"{DO}withdraw/", {"number": "1"}, follow=True).text
    assert alice().status == "withdrawn"
    assert not Identity.objects.exists()
    assert "PID-alice" not in page
    assert f"{DO}withdraw/" not in page
    assert study.log.filter(action="participant withdrawn", user__username="rita").exists()
