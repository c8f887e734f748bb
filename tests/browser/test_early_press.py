"""A page that is shown before its script, as in Firefox: no answer is taken without its time."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.walking import begin, go_on
from tests.factories import make_study
from trials.models import Participant, Response

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

YES = "button[name=answer][value=yes]"
SCRIPT = re.compile(r"/js/trial\.[\w.]*js$")


def shown_at_once(route: Route) -> None:
    """Send a page as a browser sees it that does not know ``blocking``."""
    answer = route.fetch(max_redirects=0)
    if answer.status != 200:
        route.fulfill(response=answer)
    else:
        route.fulfill(response=answer, body=answer.text().replace(' blocking="render"', ""))


def to_first_trial(page: Page) -> None:
    make_study()
    begin(page)
    go_on(page)
    go_on(page)


def test_nothing_can_be_pressed_until_the_script_runs(page: Page) -> None:
    to_first_trial(page)
    held: list[Route] = []
    page.route("**/session/", shown_at_once)
    page.route(SCRIPT, lambda route: held.append(route))
    page.goto("/s/trees/session/", wait_until="commit")
    button = page.locator(YES)
    button.click(force=True, no_wait_after=True)
    button.press("Enter", no_wait_after=True)
    expect(page.locator("html.is-waiting")).to_have_count(1)
    assert not Response.objects.exists()
    for item in held:
        item.continue_()
    expect(page.locator("html.is-waiting")).to_have_count(0)
    expect(button).to_be_enabled()
    button.click()
    expect(page.locator(".feedback")).to_be_visible()
    assert Response.objects.get().rt_ms is not None


def test_where_the_script_cannot_come_the_plain_form_works(page: Page) -> None:
    to_first_trial(page)
    page.route(SCRIPT, lambda route: route.abort())
    page.goto("/s/trees/session/")
    page.locator(YES).click()
    expect(page.locator(".feedback")).to_be_visible()
    assert Participant.objects.get().step == 3
