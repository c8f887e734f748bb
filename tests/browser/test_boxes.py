"""Matched parts light up together: by mouse, keyboard and finger, on the page and enlarged."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import violations
from tests.browser.walking import begin, go_on, in_condition
from tests.factories import make_plan, make_study
from trials.models import Event

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def pair(page: Page) -> Locator:
    """Walk to the first trial with matched parts; return its first pair."""
    return first_pair(page)


def first_pair(page: Page, **changes: Any) -> Locator:
    study = make_study(plan=make_plan(**changes))
    in_condition(study, "EMD-Corr")
    begin(page)
    go_on(page)
    go_on(page)
    expect(page.locator("button[value=yes]")).to_be_enabled()
    return page.locator(".pair").first


def lit(pair: Locator) -> set[str]:
    """Return the numbers of the boxes that do not fade, each seen on both photos."""
    pair.evaluate("p => Promise.all(p.getAnimations({subtree: true}).map(a => a.finished))")
    found: list[str] = pair.evaluate(
        """p => [...p.querySelectorAll(".box")].filter(b => getComputedStyle(b).opacity === "1")
              .map(b => b.dataset.number)"""
    )
    assert all(found.count(number) == 4 for number in found)  # two photos, outline and badge
    return set(found)


EVERY = {"1", "2", "3", "4", "5"}


def test_a_mouse_over_a_box_or_its_number_lights_the_pair(page: Page, pair: Locator) -> None:
    assert lit(pair) == EVERY
    pair.locator(".number").nth(2).hover()
    assert lit(pair) == {"3"}
    pair.locator(".box--2 .box__line").first.hover()
    assert lit(pair) == {"2"}
    page.mouse.move(1, 1)
    assert lit(pair) == EVERY


def test_the_keyboard_goes_from_number_to_number(page: Page, pair: Locator) -> None:
    pair.locator(".number").first.focus()
    assert lit(pair) == {"1"}
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert lit(pair) == {"3"}
    page.keyboard.press("Tab")
    assert lit(pair) == EVERY
    expect(page.locator(".pair").nth(1).locator("[data-zoom]").first).to_be_focused()


def test_the_enlarged_pair_lights_up_too_and_closes(page: Page, pair: Locator) -> None:
    pair.locator("[data-zoom]").first.focus()
    page.keyboard.press("Enter")
    zoom = page.locator("dialog.zoom .pair")
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    assert lit(zoom) == EVERY
    zoom.locator(".number").nth(3).hover()
    assert lit(zoom) == {"4"}
    page.keyboard.press("y")
    page.keyboard.press("Escape")
    expect(page.locator("dialog.zoom")).to_be_hidden()
    expect(pair.locator("[data-zoom]").first).to_be_focused()
    expect(page.locator("button[value=yes]")).to_be_enabled()


def test_a_mouse_that_presses_a_box_enlarges_the_photo(page: Page, pair: Locator) -> None:
    pair.locator(".box--3 .box__line").first.click()
    expect(page.locator("dialog.zoom")).to_be_visible()


def test_a_finger_taps_a_box_on_and_off(chromium: Any, live_server: Any) -> None:
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    context = chromium.new_context(base_url=live_server.url, **phone)
    page = context.new_page()
    pair = first_pair(page)
    pair.locator(".box--3 .box__line").first.tap()
    assert lit(pair) == {"3"}
    expect(page.locator("dialog.zoom")).to_be_hidden()
    pair.locator(".number").nth(0).tap()
    assert lit(pair) == {"1"}
    pair.locator(".number").nth(0).tap()
    assert lit(pair) == EVERY
    assert not Event.objects.filter(kind="zoom").exists()
    context.close()


def test_the_two_parts_are_shown_large_by_pointer_key_and_touch(
    chromium: Any, live_server: Any
) -> None:
    context = chromium.new_context(
        base_url=live_server.url, viewport={"width": 1366, "height": 768}, has_touch=True
    )
    page = context.new_page()
    pair = first_pair(page, trial={"layout": "equal"})
    parts = page.locator(".lens svg")
    expect(parts.first).to_be_hidden()
    pair.locator(".number").nth(1).hover()
    is_enlarged(page, pair, "2")
    page.mouse.move(1, 1)
    expect(parts.first).to_be_hidden()
    pair.locator(".number").first.focus()
    page.keyboard.press("ArrowLeft")
    is_enlarged(page, pair, "5")
    page.set_viewport_size({"width": 390, "height": 844})
    pair.locator(".number").nth(2).tap()
    is_enlarged(page, pair, "3")
    page.get_by_role("button", name="Next example").tap()
    expect(page.locator(".swipe__where")).to_have_text("Example 2 of 5")
    expect(page.locator(".lens figcaption").last).to_have_text("Part 3, example 2")
    expect(page.locator("button[value=yes]")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.documentElement.scrollHeight") <= 1300
    assert violations(page) == []
    page.locator("button[value=yes]").tap()
    expect(page.locator(".feedback")).to_be_visible()
    logged = Event.objects.filter(kind__in=["part", "example"]).values_list("detail", flat=True)
    assert {"example 1, part 3", "2"} <= set(logged)
    context.close()


def is_enlarged(page: Page, pair: Locator, number: str) -> None:
    """Assert that both parts of a number are shown, at least three times as large."""
    small = pair.locator(f".box--{number} .box__line").first.bounding_box()
    for part in page.locator(".lens__part").all():
        expect(part).to_contain_text(f"Part {number}")
        large = part.locator(f".box--{number} .box__line").bounding_box()
        assert small is not None
        assert large is not None
        assert large["width"] >= 3 * small["width"]


HELPFUL = {"layout": "equal", "n_true_photos": 2, "has_own_answer": True}


@pytest.mark.parametrize(
    ("name", "trial"),
    [("EMD-Corr", {}), ("ResNet-50", {}), ("EMD-Corr", HELPFUL), ("ResNet-50", HELPFUL)],
)
def test_all_of_the_feedback_is_seen_without_scrolling_on_a_laptop(
    page: Page, name: str, trial: dict[str, Any]
) -> None:
    page.set_viewport_size({"width": 1366, "height": 768})
    in_condition(make_study(plan=make_plan(trial=trial)), name)
    begin(page)
    go_on(page)
    go_on(page)
    page.locator("button[value=no]").click()
    feedback = page.locator(".feedback")
    expect(feedback).to_be_visible()
    page.wait_for_load_state()
    box = feedback.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 768
    texts = feedback.locator("p:not(.sending), li, button")
    rows = [text.bounding_box() for text in texts.all()]
    assert all(row is not None and row["height"] > 0 for row in rows)
    for one, other in pairwise(rows):  # nothing lies on anything
        assert one is not None
        assert other is not None
        is_below = other["y"] >= one["y"] + one["height"] - 1
        is_beside = (
            other["x"] >= one["x"] + one["width"] - 1 or one["x"] >= other["x"] + other["width"] - 1
        )
        assert is_below or is_beside


def test_an_enlarged_photo_is_larger_than_on_the_page_of_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    in_condition(make_study(), "ResNet-50")
    begin(page)
    go_on(page)
    go_on(page)
    expect(page.locator("button[value=yes]")).to_be_enabled()
    before = page.locator(".photo img").first.bounding_box()
    page.locator("[data-zoom]").first.click()
    after = page.locator("dialog.zoom img").bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] > before["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
