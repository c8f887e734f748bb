"""The researcher's pages while a study runs, in a real browser."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from analysis.monitor import views
from tests.browser.axe import violations
from tests.browser.researcher import sign_in
from tests.factories import enrol, make_plan, make_study
from tests.trials.services.test_flags import play
from trials import services
from trials.models import Identity, Participant, Study

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIVE, PEOPLE = "/studio/study/trees/monitor/", "/studio/study/trees/people/"
PAGES = [LIVE, PEOPLE, f"{PEOPLE}p0001/", f"{PEOPLE}p0002/", f"{PEOPLE}p0002/do/withdraw/"]


@pytest.fixture
def study(context: BrowserContext, live_server: LiveServer) -> Study:
    """Sign a researcher in whose study has people of every kind."""
    rita = sign_in(context, live_server.url)
    study = make_study(plan=make_plan(recruitment={"pay": 0.5}))
    services.study_own(study=study, owner=rita)
    alice = play(study, "alice", rt_ms=100)
    begun = timezone.now() - timedelta(minutes=9)
    Participant.objects.filter(pk=alice.pk).update(consented_at=begun)
    bob = enrol(study, "bob")
    services.step_show(participant=bob)
    events = [services.ClientEvent(kind=name, at_ms=900) for name in ("blur", "focus", "resize")]
    services.events_add(participant=bob, step=0, events=events)
    Identity.objects.create(participant=bob, channel="prolific", person_id="5f" * 12)
    services.participant_exclude(participant=alice, reason="said that they had guessed throughout")
    study.page_errors.create(
        participant=bob, path="/s/trees/session/", kind="OperationalError",
        message="the server closed the connection (trials/services/progress.py:120)",
    )  # fmt: skip
    return study


def test_no_page_has_a_barrier_or_scrolls_sideways(page: Page, study: Study) -> None:
    for address in PAGES:
        page.goto(address)
        for width in (360, 1366):
            page.set_viewport_size({"width": width, "height": 800})
            assert violations(page) == [], (address, width)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def test_the_counts_look_again_and_keep_the_focus(
    page: Page, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "REFRESH_S", 1)
    page.goto(LIVE)
    page.locator("#switch-0").focus()
    enrol(study, "carol")
    expect(page.locator(".figures dd").first).to_have_text("3")
    expect(page.locator("#switch-0")).to_be_focused()
    assert violations(page) == []


def test_nobody_is_deleted_before_their_number_is_typed(page: Page, study: Study) -> None:
    page.goto(f"{PEOPLE}p0002/")
    page.get_by_role("link", name="Withdraw and delete").click()
    page.get_by_label("The person's number").fill("1")
    page.get_by_role("button", name="Withdraw and delete").click()
    expect(page.get_by_role("alert")).to_have_text("Typed 1, expected 2. Nothing was deleted.")
    page.get_by_label("The person's number").fill("2")
    page.get_by_role("button", name="Withdraw and delete").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("withdrawn")
    assert not Identity.objects.exists()
