"""A person's whole session in a real browser, with everything that people do on the way."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.walking import answer, begin, go_on, in_condition, to_first_trial
from tests.factories import make_plan, make_study
from trials.models import Participant, Response, Study

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def study() -> Study:
    """Open a study of several trials in each phase."""
    sizes = {"n_training": 5, "n_validation": 4, "pass_mark": 3, "n_test": 12, "n_sets": 1}
    return make_study(plan=make_plan(**sizes), n_queries=22)


def truth() -> str:
    """Look into the database for the right answer to the current trial."""
    participant = Participant.objects.get(is_simulated=False, enrolment_key__regex="^.{32}$")
    step = participant.script[participant.step]
    trial = participant.trials.select_related("prediction__image").get(
        phase=step.name, position=step.position
    )
    return "yes" if trial.prediction.category_id == trial.prediction.image.category_id else "no"


def test_a_whole_session_with_reloads_and_steps_back(page: Page, study: Study) -> None:
    begin(page)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Meet Sam")
    go_on(page)
    go_on(page)
    for number in range(5):
        expect(page.locator(".top__count")).to_have_text(f"{number + 1} of 5")
        answer(page, truth())
        expect(page.locator(".feedback")).to_contain_text("Correct")
        page.go_back()
        page.goto("/s/trees/session/")
        expect(page.locator(".feedback")).to_contain_text("Correct")
        go_on(page)
    go_on(page)
    for number in range(4):
        expect(page.locator(".top__count")).to_have_text(f"{number + 1} of 4")
        page.reload()
        expect(page.locator(".top__count")).to_have_text(f"{number + 1} of 4")
        answer(page, truth())
    expect(page.get_by_role("heading", level=1)).to_have_text("Well done: 4 of 4")
    go_on(page)
    for number in range(12):
        expect(page.locator(".top__count")).to_have_text(f"{number + 1} of 12")
        if number % 10 == 3:
            page.go_back()
            page.goto("/s/trees/")
            expect(page.locator(".top__count")).to_have_text(f"{number + 1} of 12")
        answer(page, "yes" if number % 2 else "no")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you!")
    participant = Participant.objects.get()
    expect(page.locator("#code")).to_have_text(participant.code)
    assert participant.status == Participant.Status.COMPLETED
    test_responses = Response.objects.filter(trial__phase="test")
    assert test_responses.count() == 12
    assert all(test_response.rt_ms is not None for test_response in test_responses)


def test_a_double_click_answers_once(page: Page, study: Study) -> None:
    to_first_trial(page)
    page.locator("button[value=yes]").dblclick()
    expect(page.locator(".feedback")).to_be_visible()
    assert [response.is_accepted for response in Response.objects.all()] == [True]
    assert Participant.objects.get().step == 3


def test_the_keys_answer(page: Page, study: Study) -> None:
    to_first_trial(page)
    expect(page.locator("button[value=no]")).to_be_enabled()
    page.keyboard.press("n")
    expect(page.locator(".feedback")).to_be_visible()
    assert [response.is_accepted for response in Response.objects.all()] == [False]


def test_a_second_tab_that_stayed_behind_changes_nothing(
    context: BrowserContext, page: Page, study: Study
) -> None:
    to_first_trial(page)
    second = context.new_page()
    second.goto("/s/trees/session/")
    answer(page, "yes")
    expect(page.locator(".feedback")).to_be_visible()
    answer(second, "no")
    expect(second.locator(".feedback")).to_be_visible()
    assert [response.is_accepted for response in Response.objects.all()] == [True]


def test_who_fails_the_check_ends_on_a_page_with_its_own_code(page: Page, study: Study) -> None:
    to_first_trial(page)
    for _ in range(5):
        answer(page, "yes")
        go_on(page)
    go_on(page)
    for number in range(4):
        expect(page.locator(".top__count")).to_have_text(f"{number + 1} of 4")
        answer(page, "yes")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you for trying")
    expect(page.locator("#code")).to_have_text(re.compile("^FV"))
    page.goto("/s/trees/")
    expect(page.locator("#code")).to_have_text(Participant.objects.get().code)


def test_matched_boxes_lie_on_their_cells_and_enlarge_in_pairs(page: Page, study: Study) -> None:
    in_condition(study, "EMD-Corr")
    to_first_trial(page)
    assert page.locator(".pair").count() == 5
    assert page.locator(".boxes").count() == 10
    pair = page.locator(".pair").first
    frame = pair.locator(".photo__frame").nth(0).bounding_box()
    box = pair.locator(".boxes").nth(0).locator(".box--3 .box__line").bounding_box()
    assert frame is not None
    assert box is not None
    # The third match of the factory lies on query cell 16: row 2, column 2.
    cell = frame["width"] / 7
    assert box["x"] + box["width"] / 2 == pytest.approx(frame["x"] + 2.5 * cell, abs=1.5)
    assert box["y"] + box["height"] / 2 == pytest.approx(frame["y"] + 2.5 * cell, abs=1.5)
    pair.locator("[data-zoom]").nth(1).click(position={"x": 9, "y": 120})
    expect(page.locator("dialog.zoom .photo")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.locator("dialog.zoom")).to_be_hidden()
