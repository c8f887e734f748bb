"""What helps people to judge: the drawer with the kinds, and photos of the true kind."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.walking import begin, go_on
from tests.factories import make_document, make_study
from trials.models import Event
from trials.study.plan import StudyPlan

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ONE = [{"name": "ResNet-50", "classifier": "softmax", "view": "none"}]


def test_the_drawer_opens_beside_the_photo_and_its_use_is_an_event(page: Page) -> None:
    trial = {"has_kinds": True, "n_true_photos": 2, "layout": "equal"}
    make_study(plan=StudyPlan.from_json(make_document(conditions=ONE, trial=trial)))
    begin(page)
    go_on(page)
    go_on(page)
    opener, panel = page.locator(".drawer__opener"), page.locator(".drawer__panel")
    expect(panel).to_be_hidden()
    opener.press("Enter")
    expect(panel.get_by_role("heading")).to_have_count(4)
    expect(panel.locator("img").last).to_be_visible()
    panel.get_by_role("button", name="Enlarge: Amber tree").first.click()
    enlarged = page.locator("dialog.zoom")
    expect(enlarged.locator("figcaption")).to_have_text("Amber tree")
    page.keyboard.press("Escape")
    expect(enlarged).to_be_hidden()
    expect(page.locator(".photo--query img")).to_be_in_viewport()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(opener).to_be_focused()
    page.set_viewport_size({"width": 390, "height": 844})
    opener.click()
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("button[value=no]").click()
    expect(page.locator(".feedback")).to_be_visible()
    expect(opener).to_be_visible()
    said = Event.objects.filter(kind="kinds").order_by("at_ms").values_list("detail", flat=True)
    assert list(said) == ["open", "closed", "open", "closed"]
    assert violations(page) == []


def test_the_worked_example_says_whether_the_right_part_was_pressed(page: Page) -> None:
    arm = {"name": "EMD-Corr", "classifier": "emd-corr", "view": "correspondences"}
    document = make_document(conditions=[arm], trial={"layout": "equal"})
    document["stages"].insert(2, {"kind": "walkthrough"})
    make_study(plan=StudyPlan.from_json(document))
    begin(page)
    go_on(page)
    go_on(page)
    said, example = page.locator("[data-try-said]"), page.locator("[data-side=example]")
    example.locator(".box--2 .box__line").click()
    expect(said).to_contain_text("Not this one")
    example.locator(".box--3 .box__line").click()
    expect(said).to_contain_text("Number 3 belongs to number 3")
    expect(page.locator(".lens__part").first).to_be_visible()
    for width in (390, 1366):
        page.set_viewport_size({"width": width, "height": 768})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) == []
    go_on(page)
    expect(page.locator(".top__count")).to_have_text("1 of 2")
    said_of = Event.objects.filter(kind="try").order_by("at_ms").values_list("detail", flat=True)
    assert list(said_of) == ["example 2: other", "example 3: found"]
