"""Two people, two tabs, one browser: a button in one tab never acts for the other person."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.walking import BUTTONS, WAY, at_step
from tests.trials.participant.test_identity import everything, person_at
from tests.trials.participant.test_identity import rich_study as rich_study
from trials.models import Participant, Study
from trials.participant import identity
from trials.study.design import Kind

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

REFUSED = "This page belongs to somebody else"


def be(context: BrowserContext, live_server: LiveServer, person: Participant) -> None:
    """Let the browser be a person from now on."""
    request = HttpRequest()
    identity.carry(request, person)
    ((name, value),) = request.COOKIES.items()
    context.add_cookies([{"name": name, "value": value, "url": live_server.url}])


def two_tabs(context: BrowserContext, live_server: LiveServer, study: Study, kind: Kind) -> Any:
    """Open Ann's page in one tab, then Bob's in another of the same browser."""
    tabs = []
    for name in ("ann", "bob"):
        person = person_at(study, f"{name} {kind}", kind)
        be(context, live_server, person)
        tabs.append(context.new_page())
        tabs[-1].goto(WAY)
        at_step(tabs[-1], person.step)
    return tabs


def close(*tabs: Page) -> None:
    """Close tabs once they told all that they had to tell."""
    for tab in tabs:
        tab.goto("about:blank")
        tab.close()


@pytest.mark.parametrize("kind", list(Kind))
def test_a_button_of_the_old_tab_stores_nothing(
    context: BrowserContext, live_server: LiveServer, rich_study: Study, kind: Kind
) -> None:
    old, new = two_tabs(context, live_server, rich_study, kind)
    before = everything()
    if kind == Kind.QUESTIONS:
        old.get_by_label("How old are you?").fill("41")
    old.locator(BUTTONS).first.click()
    expect(old.get_by_role("heading", level=1)).to_have_text(REFUSED)
    expect(old.get_by_role("link", name="Stop taking part")).to_have_count(0)
    close(old)
    assert everything() == before
    new.reload()
    expect(new.locator(BUTTONS).first).to_be_visible()


def test_the_old_tab_stops_nobody(
    context: BrowserContext, live_server: LiveServer, rich_study: Study
) -> None:
    old, new = two_tabs(context, live_server, rich_study, Kind.TRIAL)
    old.get_by_role("link", name="Stop taking part").click()
    expect(old.get_by_role("heading", level=1)).to_have_text(REFUSED)
    new.get_by_role("link", name="Stop taking part").click()
    be(context, live_server, Participant.objects.earliest("pk"))
    new.get_by_role("button", name="Stop and delete my answers").click()
    expect(new.get_by_role("heading", level=1)).to_have_text(REFUSED)
    assert {participant.status for participant in Participant.objects.all()} == {"active"}
