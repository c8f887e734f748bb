"""Whole photos: where the AI's square lies, and looking closely by wheel, fingers and keys."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from classifiers.core.whole import crop_share
from tests.browser.axe import violations
from tests.browser.pictures import picture
from tests.browser.walking import answer, begin, go_on
from tests.classifiers.whole import originals_write
from tests.factories import make_dataset
from tests.trials.services.outside_run import make_explained_study
from trials import services
from trials.models import Event

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIZE = (900, 500)
LARGE = re.compile(r"^(http://[^/]*)?/photo/large/")
PINCH = """(frame) => {
  const box = frame.getBoundingClientRect();
  const at = (id, kind, share) => frame.dispatchEvent(new PointerEvent(kind, {
    pointerId: id, pointerType: "touch", bubbles: true, button: 0,
    clientX: box.left + share * box.width, clientY: box.top + box.height / 2 }));
  at(7, "pointerdown", .45); at(8, "pointerdown", .55);
  at(7, "pointermove", .35); at(8, "pointermove", .65);
  at(7, "pointerup", .35); at(8, "pointerup", .65);
}"""


def scale(frame: Locator) -> float:
    """Return how many times as large as at first an enlarged photo is."""
    found: float = frame.locator(".closeup").evaluate(
        "each => new DOMMatrix(each.style.transform).a"
    )
    return found


def test_a_whole_photo_is_looked_at_closely_and_every_way_is_an_event(
    page: Page, tmp_path: Path
) -> None:
    dataset = make_dataset()
    originals_write(dataset, tmp_path, SIZE)
    trial = {"has_opacity": True, "has_window": True, "layout": "equal"}
    services.study_open(study=make_explained_study(dataset, crop="whole", trial=trial))
    begin(page)
    go_on(page)
    go_on(page)
    expect(page.locator("button[value=yes]")).to_be_enabled()
    the_map_lies_on_the_ais_square(page)
    picture(page, "whole-laptop")
    assert violations(page) == []

    page.locator(".photo--query [data-zoom]").click()
    dialog = page.locator("dialog.zoom")
    photo = dialog.locator("img").first
    expect(photo).to_have_attribute("src", LARGE)
    frame = dialog.locator(".photo__frame")
    frame.hover()
    page.mouse.wheel(0, -300)
    page.wait_for_function("document.querySelector('.is-magnified')")
    by_wheel = scale(frame)
    frame.evaluate(PINCH)
    assert scale(frame) == pytest.approx(min(8, 3 * by_wheel))
    page.keyboard.press("0")
    assert scale(frame) == 1
    page.keyboard.press("+")
    assert scale(frame) == pytest.approx(1.25)
    dialog.get_by_label("Contrast").fill("200")
    expect(photo).to_have_css("filter", "brightness(1) contrast(2)")
    assert violations(page) == []
    picture(page, "whole-enlarged")
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".trial__question img")).to_have_css("filter", "brightness(1) contrast(2)")
    a_pair_on_a_phone(page)
    answer(page, "yes")
    told = set(
        Event.objects.filter(kind__in=["magnify", "window"]).values_list("detail", flat=True)
    )
    assert told >= {
        "The photo to judge: 1.25x at 50 %, 50 %",
        "The photo to judge: brightness 100 %, contrast 200 %",
        "example 1, Example 1 of the AI: 1.00x at 50 %, 50 %",
    }


def the_map_lies_on_the_ais_square(page: Page) -> None:
    """The heat map covers the central 7/8 of the shorter side."""
    frame = page.locator(".panel--heatmap .photo__frame").bounding_box()
    heat = page.locator(".heat").bounding_box()
    assert frame is not None
    assert heat is not None
    share = crop_share(*SIZE)
    for length, start in (("width", "x"), ("height", "y")):
        assert heat[length] == pytest.approx(share * frame[length], abs=1)  # type: ignore[literal-required]
        at = frame[start] + (1 - share) / 2 * frame[length]  # type: ignore[literal-required]
        assert heat[start] == pytest.approx(at, abs=1)  # type: ignore[literal-required]


def a_pair_on_a_phone(page: Page) -> None:
    """Both photos of a pair grow together by the buttons, and nothing is cut off at the side."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator(".pair [data-zoom]").first.click()
    dialog = page.locator("dialog.zoom")
    dialog.get_by_role("button", name="Larger").click()
    assert [scale(frame) for frame in dialog.locator(".photo__frame").all()] == [1.25, 1.25]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    picture(page, "whole-phone")
    dialog.get_by_role("button", name="Whole photo").click()
    page.keyboard.press("Escape")
