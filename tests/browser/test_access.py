"""Every participant's page: for axe, by keyboard alone, on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.walking import BUTTONS, begin, in_condition, person, walk, wanted
from tests.factories import make_document, make_study
from trials.models import Study
from trials.study.design import Kind, Step
from trials.study.plan import CONDITIONS, StudyPlan
from trials.study.schema import begun

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def everything(*, is_new: bool = True) -> Study:
    """Open a study in which every kind of screen occurs; ``is_new``: as new studies begin."""
    arms = [
        {"name": item.name, "classifier": item.classifier, "view": item.view} for item in CONDITIONS
    ]
    alone = {"name": "alone", "classifier": "softmax", "view": "unaided"}
    document = make_document(
        n_training=1,
        n_validation=1,
        pass_mark=1,
        n_test=2,
        n_sets=1,
        attempts=2,
        trial={"has_prior_knowledge": True, "has_definition": True},
        quality={"n_attention": 1},
        conditions=[*arms, alone],
    )
    asked = [
        {"name": "age", "text": "How old are you?", "answer": "number", "is_required": True},
        {"name": "eyes", "text": "Glasses?", "answer": "choice", "choices": ["Yes", "No"]},
        {"name": "how", "text": "How did you decide?", "answer": "paragraph"},
    ]
    document["stages"].insert(-1, {"kind": "questions", "name": "about", "questions": asked})
    if is_new:
        document["stages"].insert(2, {"kind": "walkthrough"})
        document = begun(document)
    return make_study(plan=StudyPlan.from_json(document))


@pytest.mark.parametrize("name", ["alone", "kNN", "EMD-Corr"])
def test_axe_finds_nothing_and_nothing_runs_off_the_side(page: Page, name: str) -> None:
    in_condition(everything(is_new=name != "alone"), name)
    begin(page)
    seen: set[tuple[str, str]] = set()
    differing = {Kind.TRIAL, Kind.FEEDBACK, "walkthrough"}
    for step in walk(page):
        # axe takes a second a page: it looks at each sort of page once, and in the later
        # conditions only at what differs between conditions.
        is_new = (step.kind, step.name) not in seen
        is_axe_due = is_new and (name == "alone" or step.kind in differing)
        seen.add((step.kind, step.name))
        for width in (360, 1366):
            check_page(page, width, step, is_axe_due=is_axe_due)
        if name == "kNN" and (step.kind, step.name) == (Kind.TRIAL, "test"):
            return  # the pages after the first test trial are those of EMD-Corr
    assert {kind for kind, _ in seen} >= set(Kind) - {Kind.FIRST}  # test_tasks has that one
    expect(page.locator("#code")).to_be_visible()
    assert violations(page) == []


def check_page(page: Page, width: int, step: Step, *, is_axe_due: bool) -> None:
    """Assert that a page has no barrier, fits, and that its buttons are large enough."""
    page.set_viewport_size({"width": width, "height": 740})
    if is_axe_due:
        assert violations(page) == [], step
    assert page.evaluate("document.documentElement.scrollWidth") <= width, step
    for button in page.locator(BUTTONS).all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44, step


def test_the_enlarged_pair_and_a_refused_page_are_good_for_axe(page: Page) -> None:
    in_condition(everything(), "EMD-Corr")
    begin(page)
    for step in walk(page):
        if (step.kind, step.name) == (Kind.TRIAL, "training"):
            page.locator("[data-zoom]").nth(2).focus()
            page.keyboard.press("Enter")
            assert violations(page) == []
            page.keyboard.press("Escape")
        elif step.kind == Kind.QUESTIONS:
            page.locator(BUTTONS).click()
            expect(page.locator("[data-problem]")).to_be_visible()
            assert violations(page) == []


@pytest.mark.parametrize("width", [360, 1366])
def test_stopping_is_in_reach_on_a_trial_and_good_for_axe(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    in_condition(everything(), "EMD-Corr")
    begin(page)
    for step in walk(page):
        if step.kind == Kind.TRIAL:
            break
    page.get_by_role("link", name="Stop taking part").click()  # refused if anything covers it
    expect(page.get_by_role("heading", name="Do you want to stop?")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("link", name="Go on").click()
    expect(page.locator(BUTTONS).first).to_be_enabled()
    page.get_by_role("link", name="Stop taking part").click()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("heading", name="You gave your place back")).to_be_visible()
    assert person().status == "returned"


def test_a_whole_session_needs_no_mouse(page: Page) -> None:
    in_condition(everything(), "EMD-Corr")
    begin(page)
    while (participant := person()).is_active:
        step = participant.script[participant.step]
        expect(page.locator("input[name=step]")).to_have_value(str(participant.step))
        expect(page.locator(f"{BUTTONS}:disabled")).to_have_count(0)
        expect(page.locator("h1, .feedback").locator("visible=true").first).to_be_visible()
        assert page.evaluate("document.activeElement.matches('h1, .feedback')"), step
        button = wanted(participant, step)
        if "value" in button:
            page.keyboard.press("y" if "yes" in button else "n")
        else:
            tab_to(page, step)
            page.keyboard.press("Enter")
        expect(page.locator(f"input[name=step][value='{participant.step}']")).to_have_count(0)
    expect(page.locator("#code")).to_be_visible()


def tab_to(page: Page, step: Step) -> None:
    """Press Tab until the button that leads on has the focus; fill in what comes before it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('[name=q_age]')"):
            page.keyboard.type("41")
        if page.evaluate(f"document.activeElement.matches('{BUTTONS}')"):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid", step
            return
    raise AssertionError(f"No Tab leads to the button of {step}.")


def test_whoever_wants_less_motion_gets_none(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    in_condition(everything(), "EMD-Corr")
    begin(page)
    for step in walk(page):
        if step.kind == Kind.TRIAL:
            moving = page.locator(".box").first.evaluate(
                "b => getComputedStyle(b).transitionDuration"
            )
            assert moving == "0s"
            return
