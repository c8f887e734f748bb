"""Every task by keyboard alone on a narrow phone, for axe, to the code; and in trouble.

One study is within people: each way of working has a block, and both answers of each meet trouble.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.pictures import picture
from tests.browser.walking import BUTTONS, at_step, begin, person
from tests.factories import make_document, make_study
from tests.trials.within import AIDED, UNAIDED
from trials.models import Response, Study
from trials.steps import asking
from trials.study.design import ASKING, Kind, Phase, Step
from trials.study.plan import StudyPlan

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LABELS = ["surely no", "rather no", "unsure", "rather yes", "surely yes"]
TASKS: dict[str, dict[str, Any]] = {
    "levels": {"confidence": {"levels": 5, "labels": LABELS}, "reason": "paragraph"},
    "classes": {"ask": "choose", "seconds": 600},
    "many": {"ask": "choose", "confidence": {"levels": 3}},
    "blocks": {"first": True, "confidence": {"scale": [50, 100]}, "reason": "line"},
}
BLOCKS = {"kind": "within", "order": "fixed", "training": "each"}


def open_study(task: dict[str, Any]) -> Study:
    """Open a study of two trials with a task; with a first answer, of two blocks of two trials."""
    if task.get("first"):
        document = make_document(conditions=[UNAIDED, AIDED], task=task, design=BLOCKS)
        document["stages"] = [
            {"kind": "training", "n": 1},
            {"kind": "test", "n": 2, "n_sets": 2},
        ]
    else:
        document = make_document(conditions=[AIDED], task=task)
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


def stored() -> list[Any]:
    """Return everything that is stored of each answer."""
    return list(Response.objects.order_by("pk").values())


def answer_in_trouble(page: Page, number: int) -> None:
    """Answer offline and press twice; when it has arrived, go back and reload."""
    before = stored()
    page.context.set_offline(True)
    answer(page)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your answer is kept.")).to_be_visible()
    assert stored() == before
    page.context.set_offline(False)
    expect(page.locator("input[name=step]")).to_have_value(str(number + 1))
    after = stored()
    assert after[:-1] == before
    page.go_back()
    page.go_forward()
    page.reload()
    expect(page.locator("input[name=step]")).to_have_value(str(number + 1))
    assert stored() == after


def go_on(page: Page, number: int, step: Step, *, is_troubled: bool) -> None:
    """Answer or leave a page by keyboard."""
    if step.kind not in ASKING:
        tab_to(page, "form[data-send] button")
        page.keyboard.press("Enter")
    elif is_troubled:
        answer_in_trouble(page, number)
    else:
        answer(page)


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_done_by_keyboard_alone_at_360_pixels(
    page: Page, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MAX_BUTTONS", 3 if name == "many" else 9)
    open_study(TASKS[name])
    page.set_viewport_size({"width": 360, "height": 740})
    begin(page)
    script = person().script
    seen: set[tuple[str, str, str]] = set()
    for number, step in enumerate(script[:-1]):
        kind = (step.kind, step.name, person().condition_at(number).name)
        at_step(page, number)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        picture(page, f"{name}-{number:02}-{'-'.join(kind)}")
        if is_new := kind not in seen:
            assert violations(page) == []
        seen.add(kind)
        is_test = step.name == Phase.TEST
        go_on(page, number, step, is_troubled=name == "blocks" and is_new and is_test)
    expect(page.locator("#code")).to_be_visible()
    answered = [each["occasion"] for each in stored()]
    asked_for = [step.kind for step in script if step.kind in ASKING]
    assert answered == ["first" if kind == Kind.FIRST else "final" for kind in asked_for]


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
