"""Whole sessions in German and Arabic: direction, percent signs, keys, axe, and a translator."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.languages import LOOK, check_language
from tests.browser.pictures import picture
from tests.browser.walking import leave, person, walk
from tests.factories import make_document, make_study
from trials.models import Event, Participant
from trials.study.design import Kind
from trials.study.plan import StudyPlan

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ARM = {"name": "EMD-Corr", "classifier": "emd-corr", "view": "correspondences"}
SIZES = {"n_training": 1, "n_validation": 2, "pass_mark": 1, "n_test": 2, "n_sets": 1}
# The places of the number and of the sign of a percentage, as they are drawn.
DRAWN = """() => {
  const text = document.querySelector(".statement__percent").firstChild;
  const left = (from) => {
    const range = document.createRange();
    range.setStart(text, from);
    range.setEnd(text, from + 1);
    return range.getBoundingClientRect().left;
  };
  return [left(text.data.search("8")), left(text.data.search("%"))];
}"""

PRESS = "key => document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}))"


def make_study_in(language: str) -> None:
    """Open a short study with matched parts, a worked example and an attention check."""
    document = make_document(
        conditions=[ARM],
        language=language,
        trial={"layout": "equal", "has_kinds": True, "has_prior_knowledge": True},
        quality={"n_attention": 1},
        **SIZES,
    )
    document["stages"].insert(2, {"kind": "walkthrough"})
    make_study(plan=StudyPlan.from_json(document))


@pytest.mark.parametrize(
    ("language", "direction", "start", "key", "width"),
    [("de", "ltr", "Beginnen", "j", 390), ("ar", "rtl", "ابدأ", "ن", 1366)],
)
def test_a_session_to_the_code(
    page: Page, language: str, direction: str, start: str, key: str, width: int
) -> None:
    def go(page: Page, button: str) -> None:
        step = page.locator("input[name=step]").input_value()
        if person().script[person().step].kind != Kind.PRIOR_KNOWLEDGE:
            leave(page, button)
            return
        # The driver has no keyboard with Arabic letters.
        page.evaluate(PRESS, key)
        expect(page.locator(f"input[name=step][value='{step}']")).to_have_count(0)

    make_study_in(language)
    page.set_viewport_size({"width": width, "height": 844 if width < 400 else 768})
    page.goto("/s/trees/")
    root = page.locator("html")
    expect(root).to_have_attribute("lang", language)
    assert root.evaluate("each => getComputedStyle(each).direction") == direction
    assert violations(page) == []
    picture(page, f"{language}-consent")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name=start, exact=True).click()
    expect(page.locator("input[name=step]")).to_have_value("0")
    seen = set()
    for step in walk(page, go):
        if step.kind in seen and step.kind != Kind.PAGE:
            continue
        seen.add(step.kind)
        check_language(page.evaluate(f"() => {{ {LOOK} }}"), language, step.kind)
        assert violations(page) == [], step
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(overflow) <= 0, step
        if step.kind == Kind.TRIAL:
            number, sign = page.evaluate(DRAWN)
            assert number < sign
            # As a browser's translator does.
            root.evaluate("each => each.classList.add('translated-ltr')")
        picture(page, f"{language}-{step.kind}-{step.name}")
    expect(page.locator("#code")).to_have_text(Participant.objects.get().code)
    assert violations(page) == []
    picture(page, f"{language}-end")
    assert person().language == language
    assert Event.objects.filter(kind="translated").count() == 1
