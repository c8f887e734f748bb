"""The last page leads back to the platform by itself: seen, heard, stoppable, and never unseen."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.axe import violations
from tests.browser.pictures import picture
from tests.trials.doors import DOOR, PROLIFIC, WAY, finish, make_recruited
from trials.models import Participant

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AT_PROLIFIC = re.compile(r"^https://app\.prolific\.com/submissions/complete\?cc=DONE-1$")
COUNT, STATUS = "[data-leaving] [role=timer]", "[data-leaving] [role=status]"
A_MINUTE = 60_000


@pytest.fixture
def last_page(page: Page) -> Page:
    """Return a page whose next address is the last one of somebody from Prolific."""
    make_recruited("prolific")
    page.route(
        "https://app.prolific.com/**",
        lambda route: route.fulfill(body="<title>Prolific</title>", content_type="text/html"),
    )
    page.goto(f"{DOOR}?{urlencode(PROLIFIC)}")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Start").click()
    expect(page.locator("input[name=step]")).to_have_value("0")
    finish(Participant.objects.get())
    page.clock.install()
    return page


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_whoever_does_nothing_is_taken_back(last_page: Page, motion: str) -> None:
    last_page.emulate_media(reduced_motion="reduce" if motion == "reduce" else "no-preference")
    last_page.goto(WAY)
    expect(last_page.locator("#code")).to_be_visible()
    expect(last_page.locator(COUNT)).to_have_text(
        re.compile(r"^You will return to Prolific in \d\d\ss\.$")
    )
    expect(last_page.locator(STATUS)).to_contain_text("in 60 seconds")  # and no word each second
    last_page.clock.run_for(A_MINUTE // 2)
    expect(last_page.locator(STATUS)).to_have_text("30 seconds left.")
    expect(last_page.locator(COUNT)).to_have_text(re.compile(r"in [23]\d\ss\.$"))
    last_page.clock.run_for(A_MINUTE // 2)
    expect(last_page).to_have_url(AT_PROLIFIC)


@pytest.mark.parametrize("width", [360, 1366])
def test_it_is_seen_without_scrolling_and_good_for_axe(last_page: Page, width: int) -> None:
    last_page.set_viewport_size({"width": width, "height": 740})
    last_page.goto(WAY)
    expect(last_page.locator(STATUS)).to_contain_text("seconds")
    expect(last_page.get_by_role("button", name="Stay here")).to_be_in_viewport(ratio=1)
    assert violations(last_page) == []
    picture(last_page, f"leaving-{width}")
    last_page.get_by_role("button", name="Stay here").click()
    assert violations(last_page) == []
    picture(last_page, f"staying-{width}")


def test_whoever_stays_stays_by_keyboard_and_after_a_reload(last_page: Page) -> None:
    last_page.goto(WAY)
    last_page.get_by_role("button", name="Stay here").press("Enter")
    said = last_page.get_by_text("You stay on this page.")
    expect(said).to_be_focused()
    last_page.clock.run_for(2 * A_MINUTE)
    expect(said).to_be_visible()
    last_page.reload()
    expect(last_page.locator("#code")).to_be_visible()
    last_page.clock.run_for(2 * A_MINUTE)
    expect(last_page.locator("[data-leaving]")).to_be_hidden()
    expect(last_page.get_by_role("link", name="Back to Prolific")).to_be_visible()


@pytest.mark.parametrize("how", ["by itself", "by the button"])
def test_whoever_comes_back_is_not_sent_away_again(last_page: Page, how: str) -> None:
    last_page.goto(WAY)
    expect(last_page.locator(STATUS)).to_contain_text("in 60 seconds")
    if how == "by itself":
        last_page.clock.run_for(A_MINUTE)
    else:
        last_page.get_by_role("link", name="Back to Prolific").click()
    expect(last_page).to_have_url(AT_PROLIFIC)
    last_page.go_back()
    expect(last_page.locator("#code")).to_be_visible()
    expect(last_page.locator("[data-leaving]")).to_be_hidden()


def test_nothing_counts_before_the_code_is_on_the_screen_or_while_one_reads_on(
    last_page: Page,
) -> None:
    last_page.set_viewport_size({"width": 360, "height": 240})
    last_page.goto(WAY)
    last_page.clock.run_for(2 * A_MINUTE)
    expect(last_page.locator(STATUS)).to_be_empty()
    last_page.locator("#code").scroll_into_view_if_needed()
    last_page.get_by_role("button", name="Stay here").scroll_into_view_if_needed()
    expect(last_page.locator(STATUS)).to_contain_text("in 60 seconds")
    last_page.get_by_text("You may close this page").scroll_into_view_if_needed()
    expect(last_page.locator("[data-leaving]")).not_to_be_in_viewport()
    last_page.clock.run_for(2 * A_MINUTE)
    expect(last_page.locator("#code")).to_have_count(1)


def test_a_lost_connection_takes_nobody_to_a_page_of_errors(last_page: Page) -> None:
    last_page.goto(WAY)
    expect(last_page.locator(STATUS)).to_contain_text("in 60 seconds")
    last_page.context.set_offline(True)
    last_page.clock.run_for(2 * A_MINUTE)
    expect(last_page.locator("#code")).to_be_visible()
    last_page.context.set_offline(False)
    last_page.clock.run_for(A_MINUTE)
    expect(last_page).to_have_url(AT_PROLIFIC)


def test_in_a_frame_nothing_counts(last_page: Page) -> None:
    def unlock(route: Route) -> None:
        answer = route.fetch()
        kept = {k: v for k, v in answer.headers.items() if k.startswith("content-type")}
        route.fulfill(response=answer, headers=kept)

    last_page.route(f"**{WAY}", unlock)
    around = f'<iframe src="{WAY}" width="900" height="900"></iframe>'
    last_page.route("**/around/", lambda r: r.fulfill(body=around, content_type="text/html"))
    last_page.goto("/around/")
    frame = last_page.frame_locator("iframe")
    expect(frame.locator("#code")).to_be_visible()
    last_page.clock.run_for(2 * A_MINUTE)
    expect(frame.locator("[data-leaving]")).to_be_hidden()
    expect(frame.get_by_role("link", name="Back to Prolific")).to_be_visible()
