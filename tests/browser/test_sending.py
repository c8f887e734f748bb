"""No answer is lost: connections break, servers fail, people press twice and look away."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.walking import WAY, answer, at_step, begin, go_on, leave
from tests.factories import make_document, make_study
from trials.models import Event, Participant, Response, StepVisit, Study
from trials.study.plan import StudyPlan

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FEEDBACK = ".feedback"


@pytest.fixture
def study() -> Study:
    return make_study()


def to_trial(page: Page) -> None:
    begin(page)
    go_on(page)
    go_on(page)
    expect(page.locator("button[value=yes]")).to_be_enabled()


def break_posts(page: Page, status: int | None) -> list[str]:
    """Let every posted answer fail; return what was posted."""
    posted: list[str] = []

    def handle(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        posted.append(route.request.post_data or "")
        if status is None:
            route.abort()
        else:
            route.fulfill(status=status, body="trouble")

    page.route(f"**{WAY}", handle)
    return posted


@pytest.mark.parametrize("status", [None, 500, 503, 429])
def test_an_answer_is_kept_and_sent_when_the_trouble_is_over(
    page: Page, study: Study, status: int | None
) -> None:
    page.clock.install()
    to_trial(page)
    posted = break_posts(page, status)
    page.locator("button[value=no]").click()
    for seconds in (1, 2, 4):
        expect(page.locator("[data-sending]")).to_contain_text(
            f"Your answer is kept. Trying again in {seconds} s."
        )
        expect(page.locator("button[value=yes]")).to_be_disabled()
        page.clock.run_for(1000 * seconds + 50)
    expect(page.get_by_text("Trying again in 8 s.")).to_be_visible()
    page.unroute(f"**{WAY}")
    page.get_by_role("button", name="Try now").click()
    expect(page.locator(FEEDBACK)).to_be_visible()
    assert len(posted) == 4
    assert [response.is_accepted for response in Response.objects.all()] == [False]
    assert Event.objects.filter(kind="retried").count() == 4


def test_the_clock_stops_at_the_press(page: Page, study: Study) -> None:
    page.clock.install()
    to_trial(page)
    break_posts(page, None)
    page.locator("button[value=yes]").click()
    expect(page.locator("[data-sending]")).to_contain_text("1 s.")
    page.unroute(f"**{WAY}")
    page.clock.fast_forward(3_600_000)
    expect(page.locator(FEEDBACK)).to_be_visible()
    stored = Response.objects.get().rt_ms
    assert stored is not None
    assert stored < 3_600_000


def test_an_answer_that_arrived_but_was_not_confirmed_counts_once(page: Page, study: Study) -> None:
    page.clock.install()
    to_trial(page)

    def deliver_and_lose(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch(max_redirects=0)
            route.abort()
        else:
            route.continue_()

    page.route(f"**{WAY}", deliver_and_lose)
    page.locator("button[value=yes]").click()
    expect(page.get_by_text("Your answer is kept.")).to_be_visible()
    page.unroute(f"**{WAY}")
    page.clock.run_for(1100)
    expect(page.locator(FEEDBACK)).to_be_visible()
    assert Response.objects.count() == 1
    assert Participant.objects.get().step == 3


def test_a_lost_token_says_what_to_do_and_a_reload_helps(
    context: BrowserContext, page: Page, study: Study
) -> None:
    to_trial(page)
    page.evaluate("document.querySelector('[name=csrfmiddlewaretoken]').value = 'x'.repeat(64)")
    page.locator("button[value=yes]").click()
    expect(page.get_by_text("could not be stored")).to_be_visible()
    page.get_by_role("button", name="Reload the page").click()
    answer(page, "yes")
    assert Response.objects.count() == 1


def test_nothing_can_be_pressed_before_the_script_that_times_it_is_there(
    page: Page, study: Study
) -> None:
    to_trial(page)
    held: list[Route] = []
    page.route("**/trial.js", lambda route: held.append(route))
    page.reload(wait_until="commit")
    page.locator("button[value=yes]").wait_for(state="attached")
    page.wait_for_timeout(300)
    assert page.evaluate("performance.getEntriesByType('paint').length") == 0
    held[0].continue_()
    answer(page, "yes")
    assert Response.objects.get().rt_ms is not None


def test_without_scripts_every_page_works(chromium: Any, live_server: Any, study: Study) -> None:
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    begin(page)
    go_on(page)
    go_on(page)
    answer(page, "no")
    expect(page.locator(FEEDBACK)).to_be_visible()
    assert [response.is_accepted for response in Response.objects.all()] == [False]
    context.close()


def test_the_history_does_not_pile_up(page: Page, study: Study) -> None:
    begin(page)
    before = page.evaluate("history.length")
    go_on(page)
    go_on(page)
    answer(page, "yes")
    assert page.evaluate("history.length") == before


@pytest.mark.parametrize(("how", "expected"), [("y", "key"), ("Enter", "key"), ("", "pointer")])
def test_how_an_answer_was_given_is_noted(
    page: Page, study: Study, how: str, expected: str
) -> None:
    to_trial(page)
    if how == "Enter":
        page.locator("button[value=yes]").focus()
    if how:
        page.keyboard.press(how)
    else:
        page.locator("button[value=yes]").click()
    expect(page.locator(FEEDBACK)).to_be_visible()
    assert Response.objects.get().given_by == expected


def test_time_away_is_counted_once_and_both_events_are_logged(page: Page, study: Study) -> None:
    page.clock.install()
    to_trial(page)
    page.evaluate(
        """() => {
          Object.defineProperty(document, "hidden", { value: true, configurable: true });
          document.hasFocus = () => false;
          window.dispatchEvent(new Event("blur"));
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    page.clock.run_for(5000)
    page.evaluate(
        """() => {
          Object.defineProperty(document, "hidden", { value: false, configurable: true });
          document.hasFocus = () => true;
          document.dispatchEvent(new Event("visibilitychange"));
          window.dispatchEvent(new Event("focus"));
        }"""
    )
    answer(page, "yes")
    away = Response.objects.get().away_ms
    assert away is not None
    assert 5000 <= away < 9000
    kinds = set(Event.objects.values_list("kind", flat=True))
    assert {"blur", "focus", "hidden", "visible", "webdriver"} <= kinds


def test_no_person_can_reach_the_hidden_field(page: Page, study: Study) -> None:
    begin(page)
    field = page.locator("input[name=remarks]")
    box = field.locator("xpath=../..").bounding_box()
    assert box is not None
    assert box["width"] <= 1
    assert field.get_attribute("tabindex") == "-1"
    go_on(page)
    assert not Event.objects.filter(kind="honeypot").exists()


def test_a_page_with_a_minimum_time_counts_down_and_then_lets_go(page: Page) -> None:
    document = make_document()
    document["stages"][0]["min_seconds"] = 7
    make_study(plan=StudyPlan.from_json(document))
    page.clock.install()
    begin(page)
    button = page.locator("form.next button")
    expect(button).to_be_disabled()
    expect(page.locator(".wait")).to_contain_text("You can go on in")
    page.clock.run_for(8000)
    expect(button).to_be_enabled()
    button.click()  # the server's own clock has not moved
    expect(page.locator("[data-problem]")).to_contain_text("more second")
    expect(button).to_be_disabled()
    visit = StepVisit.objects.get(step=0)
    StepVisit.objects.filter(pk=visit.pk).update(shown_at=visit.shown_at.replace(year=2020))
    page.clock.run_for(8000)
    go_on(page)


def test_refused_answers_stay_typed_beside_what_is_wrong(page: Page) -> None:
    document = make_document()
    asked = {"name": "age", "text": "How old are you?", "answer": "number", "is_required": True}
    document["stages"].insert(0, {"kind": "questions", "name": "about", "questions": [asked]})
    make_study(plan=StudyPlan.from_json(document))
    begin(page)
    field = page.get_by_label("How old are you?")
    field.fill("yes")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("[data-problem]")).to_be_focused()
    expect(field).to_have_value("yes")
    expect(page.locator("#error_age")).to_contain_text("is no number")
    field.fill("41")
    leave(page, "button[type=submit]")
    assert Participant.objects.get().step == 1


def test_a_consent_whose_sending_was_cancelled_can_be_sent_again(page: Page, study: Study) -> None:
    page.clock.install()
    page.goto("/s/trees/")
    page.get_by_role("checkbox").check()
    start = page.get_by_role("button", name="Start")
    posted: list[str] = []

    def cancel(route: Route) -> None:
        posted.append(route.request.method)
        route.fulfill(status=204)  # the browser stays where it is, as after a press on its cross

    page.route("**/s/trees/", cancel)
    with page.expect_request("**/s/trees/"):
        start.click()
    start.click()
    page.clock.run_for(100)
    assert posted == ["POST"]
    page.clock.run_for(10_000)
    page.unroute("**/s/trees/")
    start.click()
    at_step(page, 0)
