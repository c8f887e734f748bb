"""CHM-Corr++: the whole arm by keyboard alone, by mouse and by finger, for axe, and offline."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.axe import violations
from tests.browser.walking import begin, go_on, person, walk
from tests.trials.interacting import interactive_study
from trials.models import Event, Interaction, Participant

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PRESSED = ".guide__cell[aria-pressed=true]"
SAID = "[data-guide-summary]"


def at_a_trial(page: Page) -> None:
    interactive_study(n_training=1, n_validation=1, pass_mark=1, attempts=2, n_test=2, n_sets=1)
    begin(page)
    go_on(page)
    go_on(page)
    expect(page.locator(".guide__grid")).to_be_visible()
    expect(page.locator("button[value=yes]")).to_be_enabled()


def by_key(page: Page, button: str) -> None:
    """Leave a page by the keyboard, having selected parts where there is a grid."""
    if page.locator("[data-guide]").count():
        while not page.evaluate("document.activeElement.matches('.guide__cell')"):
            page.keyboard.press("Tab")
        for key in ("ArrowRight", "Space", "ArrowDown", "Enter"):
            page.keyboard.press(key)
        expect(page.locator(SAID)).to_contain_text("your 2 parts")
    while not page.evaluate("wanted => document.activeElement.matches(wanted)", button):
        page.keyboard.press("Tab")
    step = page.locator("input[name=step]").input_value()
    page.keyboard.press("Enter")
    expect(page.locator(f"input[name=step][value='{step}']")).to_have_count(0)


def test_the_whole_arm_by_keyboard_alone(page: Page) -> None:
    at_a_trial(page)
    for _ in walk(page, by_key):
        pass
    assert person().status == Participant.Status.COMPLETED
    masks = set(Interaction.objects.values_list("mask", "n_changes"))
    assert masks == {("0100000" + "0100000" + "0" * 35, 2)}


def test_axe_finds_nothing_before_and_after_a_selection_and_with_the_feedback(page: Page) -> None:
    at_a_trial(page)
    for width in (1366, 360):
        page.set_viewport_size({"width": width, "height": 740})
        assert violations(page) == []
        page.get_by_role("button", name="Invert").click()
        expect(page.locator(SAID)).to_contain_text("Sam says")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_role("button", name="Reset").click()
        expect(page.locator(SAID)).to_contain_text("chose itself")
    page.locator("button[value=yes]").click()
    expect(page.locator(".feedback")).to_be_visible()
    assert violations(page) == []


def test_a_drag_selects_a_row_and_each_toggle_result_and_dwell_is_an_event(page: Page) -> None:
    at_a_trial(page)
    first, last = (page.locator(".guide__cell").nth(n) for n in (7, 10))
    first.hover()
    page.mouse.down()
    last.hover(force=True)
    page.mouse.up()
    expect(page.locator(SAID)).to_contain_text("With your")
    n = page.locator(PRESSED).count()
    page.locator("button[value=yes]").click()
    expect(page.locator(".feedback")).to_be_visible()
    told = list(person().events.values_list("kind", flat=True))
    assert n >= 2
    assert told.count(Event.Kind.CELL) == n
    assert told.count(Event.Kind.DWELL) == told.count(Event.Kind.RERANKED) + 1


def test_offline_the_last_answer_stays_and_comes_again_online(
    page: Page, context: BrowserContext
) -> None:
    at_a_trial(page)
    context.set_offline(True)
    page.locator(".guide__cell").first.click()
    expect(page.locator("[data-guide-trouble]")).to_contain_text("offline: the last one stays")
    expect(page.locator(SAID)).to_contain_text("chose itself")
    context.set_offline(False)
    expect(page.locator(SAID)).to_contain_text("your 1 part,")
    expect(page.locator("[data-guide-trouble]")).to_be_empty()
