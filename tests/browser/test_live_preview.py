"""The live preview beside the editor's form: renewed as one types, and never in the way."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.axe import violations
from tests.browser.researcher import sign_in
from tests.factories import make_plan, make_study
from trials import services
from trials.models import Participant, Study

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def draft(context: BrowserContext, live_server: LiveServer) -> Study:
    """Sign a researcher in, and give them a draft."""
    rita = sign_in(context, live_server.url)
    document = make_plan(contact="lab@example.org").document
    return services.study_draft(
        slug="draft", dataset=make_study().dataset, document=document, user=rita
    )


def shown(page: Page) -> FrameLocator:
    """Return the page that is shown in the live preview."""
    return page.frame_locator(".live__page:not(.live__page--coming)")


def edit(page: Page, width: int = 1366) -> None:
    page.set_viewport_size({"width": width, "height": 768})
    page.goto("/studio/study/draft/edit/")


def test_a_changed_text_appears_beside_the_form_and_the_field_keeps_the_focus(
    page: Page, draft: Study
) -> None:
    edit(page)
    expect(shown(page).get_by_text("Questions: lab@example.org")).to_be_visible()
    length = page.evaluate("history.length")
    page.get_by_label("Contact").fill("")
    page.get_by_label("Contact").press_sequentially("new@example.org")
    expect(shown(page).get_by_text("Questions: new@example.org")).to_be_visible()
    expect(page.get_by_label("Contact")).to_be_focused()
    expect(page.get_by_label("Contact")).to_have_value("new@example.org")
    assert page.evaluate("history.length") == length
    assert Study.objects.get(slug="draft").document["contact"] == "lab@example.org"
    assert not Participant.objects.exists()
    assert violations(page) == []


def test_a_value_that_is_not_valid_keeps_the_last_page_and_says_so(
    page: Page, draft: Study
) -> None:
    edit(page)
    expect(shown(page).get_by_text("Questions: lab@example.org")).to_be_visible()
    page.get_by_label("Duration").fill("0")
    said = page.locator("[data-live-said]")
    expect(said).to_contain_text("Not renewed: 1 to fix. This is the page of the last valid")
    expect(shown(page).get_by_text("Questions: lab@example.org")).to_be_visible()
    page.get_by_label("Duration").fill("33")
    expect(said).to_be_hidden()
    expect(shown(page).get_by_text("33 minutes").first).to_be_visible()


def test_the_screen_of_a_condition_is_chosen_beside_the_form(page: Page, draft: Study) -> None:
    edit(page)
    page.locator("#live-condition").select_option("EMD-Corr")
    page.locator("#live-screen").select_option(label="Test 1: question")
    expect(shown(page).locator(".evidence--boxes").first).to_be_visible()
    page.locator("#f-persona").fill("Alex")
    expect(shown(page).locator("main")).to_contain_text("Alex guessed")
    expect(page.locator("#live-screen option:checked")).to_have_text("Test 1: question")


def test_a_laptop_s_page_is_large_enough_to_read(page: Page, draft: Study) -> None:
    edit(page)
    expect(shown(page).get_by_text("Questions: lab@example.org")).to_be_visible()
    page.locator("#live-size").select_option("laptop")
    field = page.get_by_label("Contact")
    page.wait_for_function("document.querySelector('[data-live-stage]').clientWidth > 800")
    frame = page.locator(".live__page:not(.live__page--coming)")
    expect(page.get_by_role("navigation", name="Sections").get_by_text("Stages")).to_be_visible()
    seen, box = frame.bounding_box(), field.bounding_box()
    assert seen is not None
    assert box is not None
    assert seen["width"] / 1366 > 0.6
    assert box["width"] > 250
    assert box["x"] + box["width"] < seen["x"]
    assert violations(page) == []


def test_what_was_chosen_is_chosen_again_after_saving(page: Page, draft: Study) -> None:
    edit(page)
    page.locator("#live-condition").select_option("EMD-Corr")
    page.locator("#live-screen").select_option(label="Test 1: question")
    page.locator("#live-size").select_option("laptop")
    page.locator("#f-persona").fill("Alex")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.locator("#live-condition option:checked")).to_have_text("EMD-Corr")
    expect(page.locator("#live-screen option:checked")).to_have_text("Test 1: question")
    expect(page.locator("#live-size")).to_have_value("laptop")
    expect(shown(page).locator("main")).to_contain_text("Alex guessed")


def test_on_a_phone_a_button_opens_the_preview_below(page: Page, draft: Study) -> None:
    edit(page, 360)
    expect(page.locator("#live")).to_be_hidden()
    assert page.locator("iframe").count() == 0
    page.get_by_role("button", name="Preview").click()
    expect(shown(page).get_by_text("Questions: lab@example.org")).to_be_visible()
    expect(page.locator("#live")).to_be_in_viewport()
    assert violations(page) == []


def test_a_page_that_the_server_refuses_leaves_the_last_one_in_its_place(
    page: Page, draft: Study
) -> None:
    edit(page)
    expect(shown(page).get_by_text("Questions: lab@example.org")).to_be_visible()
    page.route("**/preview/live/", lambda route: route.abort())
    page.get_by_label("Contact").fill("new@example.org")
    expect(page.locator("[data-live-said]")).to_contain_text("could not be renewed")
    expect(shown(page).get_by_text("Questions: lab@example.org")).to_be_visible()
    expect(page.get_by_label("Contact")).to_have_value("new@example.org")
