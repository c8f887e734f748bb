"""Browsers of some years ago: an answer is sent whatever they lack, and never stuck."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.walking import WAY, answer, at_step, begin, go_on
from tests.factories import make_document, make_study
from trials.models import Participant, QuestionAnswer, Response
from trials.study.plan import StudyPlan

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FEEDBACK = ".feedback"
LACKS = {
    "Safari 15, Chrome 102, Firefox 99": "delete AbortSignal.timeout",
    "Safari 15.3": "delete SubmitEvent.prototype.submitter",
    "no way to stop a request": "delete window.AbortController",
    "a request that throws": "window.fetch = () => { throw new SyntaxError('unknown option'); }",
}


@pytest.mark.parametrize("lack", LACKS.values(), ids=LACKS.keys())
def test_an_answer_is_stored_with_its_time(page: Page, lack: str) -> None:
    make_study()
    page.add_init_script(lack)
    begin(page)
    go_on(page)
    go_on(page)
    answer(page, "no")
    expect(page.locator(FEEDBACK)).to_be_visible()
    stored = Response.objects.get()
    assert (stored.is_accepted, stored.given_by) == (False, "pointer")
    assert stored.rt_ms is not None


def test_what_was_typed_is_sent_by_the_plain_form_too(page: Page) -> None:
    document = make_document()
    asked = {"name": "how", "text": "How did you decide?", "answer": "paragraph"}
    document["stages"].insert(0, {"kind": "questions", "name": "about", "questions": [asked]})
    make_study(plan=StudyPlan.from_json(document))
    page.add_init_script("window.fetch = undefined")
    begin(page)
    page.get_by_label("How did you decide?").fill("by\nlooking")
    page.locator("button[type=submit]").click()
    at_step(page, 1)
    assert Participant.objects.get().step == 1
    assert QuestionAnswer.objects.get().value.split() == ["by", "looking"]


def test_a_server_that_does_not_answer_is_given_up_and_asked_again(page: Page) -> None:
    make_study()
    page.clock.install()
    page.add_init_script("delete AbortSignal.timeout")
    begin(page)
    hung: list[Route] = []
    page.route(f"**{WAY}", lambda route: hung.append(route))
    page.locator("form.next button").click()
    expect(page.locator("form.next button")).to_be_disabled()
    page.clock.run_for(20_100)
    expect(page.get_by_text("Trying again in 1 s.")).to_be_visible()
    page.unroute(f"**{WAY}")
    page.clock.run_for(1100)
    at_step(page, 1)
