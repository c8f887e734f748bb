"""A page with panels of every kind: seen, made stronger, enlarged, and without faults for axe."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.pictures import picture
from tests.browser.walking import answer, begin, go_on
from tests.trials.services.outside_run import make_explained_study
from trials import services
from trials.models import Event

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_panels_are_seen_made_stronger_and_enlarged_on_a_laptop_and_a_phone(page: Page) -> None:
    services.study_open(study=make_explained_study())
    begin(page)
    picture(page, "panels-introduction")
    go_on(page)
    go_on(page)
    expect(page.locator("button[value=yes]")).to_be_enabled()
    assert violations(page) == []
    heat, slider = page.locator(".heat"), page.locator("[data-opacity]")
    slider.fill("90")
    expect(heat).to_have_css("opacity", "0.9")
    picture(page, "panels-laptop")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    picture(page, "panels-phone")
    page.locator("[data-zoom]").nth(1).click()
    expect(page.locator("dialog.zoom .heat")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    answer(page, "yes")
    expect(page.locator(".feedback")).to_be_visible()
    assert violations(page) == []
    picture(page, "panels-feedback")
    assert Event.objects.get(kind="opacity").detail == "panel 1: 90 %"
