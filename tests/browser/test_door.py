"""The door and the last page in a real browser: device check, keyboard, copying, axe, widths."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.axe import violations
from tests.browser.pictures import picture
from tests.trials.doors import CODES, DOOR, MTURK, PROLIFIC, WAY, make_recruited
from trials import services
from trials.models import Condition, Participant, Study
from trials.participant.recruitment import PREVIEW

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RICH: dict[str, Any] = {
    "contact": "lab@example.org",
    "ethics": "Board of Trees 12/34",
    "max_minutes": 45,
    "quality": {"n_attention": 2},
    "topic": "trees",
}
LINK = f"{DOOR}?{urlencode(PROLIFIC)}"


def check(page: Page, name: str) -> None:
    """Assert that a page is accessible and fits narrow and wide windows."""
    for width in (360, 1366):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        picture(page, f"{name}-{width}")
        assert violations(page) == []


def agree(page: Page) -> None:
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Start").click()


def finish(status: str) -> None:
    person = Participant.objects.get()
    code = CODES.get(status, "")
    Participant.objects.update(
        status=status, code=code, finished_at=timezone.now(), step=len(person.script) - 1
    )


def test_the_information_is_accessible_and_taken_by_keyboard(page: Page) -> None:
    make_recruited("prolific", **RICH)
    page.goto(LINK)
    check(page, "consent")
    page.get_by_role("checkbox").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")  # the first button is the consent, not the refusal
    expect(page).to_have_url(re.compile(WAY + "$"))
    device = Participant.objects.get().device
    assert (device["kind"], device["browser"], device["has_script"]) == ("computer", "Chrome", True)
    assert (device["width"], device["height"], device["pixel_ratio"]) == (1366, 800, 1)
    assert device["time_zone"]


def test_a_phone_shows_the_whole_title_and_facts_of_one_height(page: Page) -> None:
    make_recruited("link", title="Is the AI right about the trees of the northern forests?")
    page.set_viewport_size({"width": 360, "height": 780})
    page.goto(DOOR)
    title = page.locator(".top__title")
    assert title.evaluate("each => each.scrollWidth <= each.clientWidth")
    expect(page.locator(".top__where")).to_be_hidden()
    page.set_viewport_size({"width": 1366, "height": 768})
    tops = page.locator(".facts li").evaluate_all("all => all.map(each => each.offsetHeight)")
    assert len(set(tops)) == 1


def test_declining_is_one_click_and_stores_nothing(page: Page) -> None:
    make_recruited("prolific")
    page.goto(LINK)
    page.get_by_role("button", name="I do not want").click()
    expect(page.locator("#code")).to_have_text(CODES["no_consent"])
    check(page, "declined")
    assert not Participant.objects.exists()


@pytest.mark.parametrize("name", ["wrong_link", "closed", "already", "full", "complete", "preview"])
def test_pages_at_the_door_are_accessible(page: Page, name: str) -> None:
    study = make_recruited("mturk" if name == "preview" else "prolific", **RICH)
    address = LINK
    if name == "wrong_link":
        address = DOOR
    elif name == "closed":
        Study.objects.update(status="closed")
    elif name == "preview":
        address = f"{DOOR}?assignmentId={PREVIEW}"
    elif name == "already":
        page.goto(LINK)
        agree(page)
        finish("completed")
        page.context.clear_cookies()
        address = LINK.replace("6a" * 12, "9d" * 12)
    else:
        Condition.objects.update(quota=1)
        Condition.objects.exclude(name="kNN").update(is_on=False)
        services.participant_enrol(study=study, enrolment_key="k" * 20, is_simulated=False)
        if name == "complete":
            finish("completed")
    page.goto(address)
    check(page, name)


def test_a_phone_sees_before_the_consent_that_it_will_not_do(
    chromium: Browser, live_server: LiveServer
) -> None:
    make_recruited("prolific", device={"kinds": ["computer", "tablet"], "min_width": 600})
    phone = chromium.new_context(
        base_url=live_server.url,
        viewport={"width": 390, "height": 800},
        is_mobile=True,
        has_touch=True,
        user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 17_5) Version/17 Mobile Safari/604",
    )
    page = phone.new_page()
    page.goto(LINK)
    expect(page.get_by_role("heading", level=1)).to_have_text("This study needs another device")
    expect(page.get_by_role("button", name="Start")).to_be_hidden()
    check(page, "device")
    phone.close()
    assert not Participant.objects.exists()


def test_a_window_made_wide_enough_is_let_in(page: Page) -> None:
    make_recruited("prolific", device={"min_width": 900})
    page.set_viewport_size({"width": 700, "height": 800})
    page.goto(LINK)
    expect(page.get_by_role("heading", level=1)).to_have_text("This study needs another device")
    page.set_viewport_size({"width": 1000, "height": 800})
    agree(page)
    expect(page).to_have_url(re.compile(WAY + "$"))
    assert Participant.objects.get().device["width"] == 1000


@pytest.mark.parametrize("is_fitting", [True, False])
def test_without_scripts_the_server_decides(
    chromium: Browser, live_server: LiveServer, is_fitting: bool
) -> None:
    make_recruited("prolific", device={"kinds": ["computer"] if is_fitting else ["phone"]})
    plain = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = plain.new_page()
    page.goto(LINK)
    expect(page.locator("noscript")).to_have_count(0 if is_fitting else 1)
    agree(page)
    heading = "Meet Sam" if is_fitting else "This study needs another device"
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    plain.close()
    assert Participant.objects.count() == is_fitting


@pytest.mark.parametrize(
    "status",
    ["completed", "failed_validation", "failed_attention", "timed_out", "returned", "withdrawn"],
)
def test_last_pages_are_accessible_and_their_code_can_be_copied(page: Page, status: str) -> None:
    make_recruited("prolific", **RICH)
    page.goto(LINK)
    agree(page)
    finish(status)
    page.goto(WAY)
    check(page, status)
    if status in CODES:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Copy the code").click()
        expect(page.get_by_text("Copied.")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == CODES[status]
        link = page.get_by_role("link", name="Back to Prolific")
        expect(link).to_have_attribute("href", re.compile(f"cc={CODES[status]}$"))


def test_a_browser_without_a_clipboard_selects_the_code(page: Page) -> None:
    make_recruited("link")
    page.goto(DOOR)
    agree(page)
    finish("timed_out")
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.goto(WAY)
    page.get_by_role("button", name="Copy the code").click()
    assert page.evaluate("getSelection().toString().trim()") == CODES["timed_out"]


def test_a_laboratorys_next_person_starts_afresh(page: Page) -> None:
    make_recruited("in_person")
    page.goto(DOOR)
    agree(page)
    finish("completed")
    page.goto(WAY)
    check(page, "in_person")
    page.get_by_role("button", name="Next person").click()
    expect(page.get_by_role("button", name="Start")).to_be_visible()
    page.go_back()
    expect(page.locator("#code")).to_have_count(0)


def test_a_laboratorys_unfinished_session_asks_whose_it_is(page: Page) -> None:
    make_recruited("in_person")
    page.goto(DOOR)
    agree(page)
    expect(page).to_have_url(re.compile(WAY + "$"))
    page.goto(DOOR)
    check(page, "begun")
    page.get_by_role("link", name="Go on as person 1").click()
    expect(page.locator("input[name=step]")).to_have_value("0")
    page.goto(DOOR)
    page.get_by_role("button", name="I am a new person").click()
    expect(page.get_by_role("button", name="Start")).to_be_visible()
    assert Participant.objects.get().status == "returned"


def test_a_researcher_plays_the_pilot_more_than_once(
    page: Page, live_server: LiveServer, client: Client, admin_user: User
) -> None:
    study = make_recruited("link")
    services.study_pause(study=study)
    services.study_pilot(study=study)
    client.force_login(admin_user)
    key = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": key, "url": live_server.url}])
    page.goto(DOOR)
    agree(page)
    expect(page).to_have_url(re.compile(WAY + "$"))
    finish("completed")
    page.goto(WAY)
    check(page, "pilot")
    page.get_by_role("button", name="Start again as another person").click()
    expect(page.get_by_role("button", name="Start")).to_be_visible()


def test_a_worker_submits_to_amazon_and_to_nobody_else(page: Page) -> None:
    sent: list[str] = []

    def amazon(route: Any) -> None:
        sent.append(route.request.post_data)
        route.fulfill(body="Thank you", content_type="text/html")

    make_recruited("mturk", **RICH)
    page.route("https://workersandbox.mturk.com/**", amazon)
    page.goto(f"{DOOR}?{urlencode(MTURK)}")
    agree(page)
    finish("completed")
    page.goto(WAY)
    check(page, "mturk")
    page.get_by_role("button", name="Submit on Mechanical Turk").click()
    expect(page.get_by_text("Thank you")).to_be_visible()
    assert sent == ["assignmentId=3ASSIGN01&code=DONE-1"]
