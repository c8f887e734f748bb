"""Every task by keyboard alone on a narrow phone, for axe, to the code; and in trouble."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.walking import BUTTONS, WAY, begin, person
from tests.factories import make_document, make_study
from trials.models import Response, Study
from trials.steps import asking
from trials.study.design import ASKING, Kind
from trials.study.plan import StudyPlan

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EMD_CORR = {"name": "EMD-Corr", "classifier": "emd-corr", "view": "correspondences"}
LABELS = ["surely no", "rather no", "unsure", "rather yes", "surely yes"]
TASKS: dict[str, dict[str, Any]] = {
    "levels": {"confidence": {"levels": 5, "labels": LABELS}, "reason": "paragraph"},
    "classes": {"ask": "choose", "seconds": 600},
    "many": {"ask": "choose", "confidence": {"levels": 3}},
    "advice": {"first": True, "confidence": {"scale": [50, 100]}, "reason": "line"},
}


def open_study(task: dict[str, Any]) -> Study:
    """Open a study of two trials with a task."""
    document = make_document(conditions=[EMD_CORR], task=task)
    document["stages"] = [{"kind": "test", "n": 2, "n_sets": 2}]
    return make_study(plan=StudyPlan.from_json(document))


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until something is reached."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"No way to {selector} by Tab")


def answer(page: Page) -> None:
    """Answer the page by keyboard alone; each press of a key is one that its field shows."""
    form = page.locator("form[data-send]")
    names = ("#search", "[name=choice]", "[name=confidence]", "#reason", "button[data-key]")
    there = {name: bool(form.locator(name).count()) for name in names}
    if there["#search"]:
        tab_to(page, "#search")
        page.keyboard.type("birch")
        expect(form.locator("label.choice:visible")).to_have_count(1)
        page.keyboard.press("Enter")
    else:
        page.keyboard.press("2" if there["[name=choice]"] else "y")
    if there["[name=confidence]"]:
        tab_to(page, "input[name=confidence][type=radio], input[type=range]")
        page.keyboard.press("ArrowRight")
    if there["#reason"]:
        tab_to(page, "#reason")
        page.keyboard.type("its bark")
    if not there["button[data-key]"]:
        tab_to(page, "form[data-send] button[type=submit]")
        page.keyboard.press("Enter")


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_done_by_keyboard_alone_at_360_pixels(
    page: Page, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MAX_BUTTONS", 3 if name == "many" else 9)
    open_study(TASKS[name])
    page.set_viewport_size({"width": 360, "height": 740})
    begin(page)
    script = person().script
    for number, step in enumerate(script[:-1]):
        expect(page.locator("input[name=step]")).to_have_value(str(number))
        expect(page.locator(f"{BUTTONS}:enabled").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        if step.position == 0:
            assert violations(page) == []
        if step.kind in ASKING:
            answer(page)
        else:
            tab_to(page, "form[data-send] button")
            page.keyboard.press("Enter")
    expect(page.locator("#code")).to_be_visible()
    assert Response.objects.count() == sum(step.kind in ASKING for step in script)


def test_the_end_of_the_time_sends_what_is_chosen_until_then(page: Page) -> None:
    open_study({"confidence": {"levels": 3}, "seconds": 3})
    begin(page)
    page.locator("form[data-send] button").click()
    expect(page.locator(f"{BUTTONS}:enabled")).to_have_text("Continue")
    page.keyboard.press("n")
    expect(page.locator("input[name=step]")).to_have_value("2")
    stored = Response.objects.get()
    assert (stored.is_accepted, stored.confidence, stored.given_by) == (False, None, "time")
    assert stored.rt_ms is not None
    expect(page.locator("input[name=step]")).to_have_count(0)
    assert Response.objects.filter(is_missed=True).count() == 1


def test_trouble_at_either_answer_changes_nothing(page: Page) -> None:
    open_study({"first": True})
    begin(page)
    page.locator("form[data-send] button").click()
    for number, kind in enumerate((Kind.FIRST, Kind.TRIAL)):
        expect(page.locator("input[name=step]")).to_have_value(str(number + 1))
        assert person().script[number + 1].kind == kind
        page.route(f"**{WAY}", lambda route: route.abort())
        page.locator("button[value=no]").dblclick()
        expect(page.get_by_text("Your answer is kept.")).to_be_visible()
        page.unroute(f"**{WAY}")
        page.get_by_role("button", name="Try now").click()
        expect(page.locator("input[name=step]")).to_have_value(str(number + 2))
        page.go_back()
        page.goto(WAY)
        page.reload()
    assert list(Response.objects.values_list("occasion", "is_accepted").order_by("pk")) == [
        ("first", False),
        ("final", False),
    ]
