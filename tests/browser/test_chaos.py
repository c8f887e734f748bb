"""Whatever happens on the way, the person finishes, with exactly one response for each trial."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.db.models import F
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.site_process import SiteProcess
from tests.browser.walking import BUTTONS, WAY, at_step, begin, leave, person, walk
from tests.factories import make_plan, make_study
from tests.trials.doors import DOOR, PROLIFIC, make_recruited
from trials.models import Participant, Response, Study, Trial
from trials.study.design import Kind, Phase

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SHORT = {"n_training": 1, "n_validation": 2, "pass_mark": 1, "n_test": 2, "n_sets": 1}
N_TRIALS = 5
KEPT = "Your answer is kept."
OTHER = {"button[value=yes]": "button[value=no]", "button[value=no]": "button[value=yes]"}
LINK = f"{DOOR}?{urlencode(PROLIFIC)}"


@pytest.fixture
def study() -> Study:
    return make_study(plan=make_plan(**SHORT))


def check_finished(page: Page) -> None:
    """Assert that the one person is through, has the code, and left every step once, in order."""
    participant = Participant.objects.get()
    assert participant.status == Participant.Status.COMPLETED
    expect(page.locator("#code")).to_have_text(participant.code)
    trials = Trial.objects.filter(participant=participant)
    assert trials.count() == N_TRIALS
    assert Response.objects.filter(trial__in=trials).count() == N_TRIALS
    visits = list(participant.visits.order_by("step"))
    # Whoever is through visits nothing: the last page is no step that is left.
    assert [visit.step for visit in visits] == [*range(len(participant.script) - 1)]
    times = [time for visit in visits for time in (visit.shown_at, visit.done_at) if time]
    assert len(times) == 2 * len(visits)
    assert times == sorted(times)


def double_click(page: Page, button: str) -> None:
    """Press twice, and wait for the next page."""
    step = page.locator("input[name=step]").input_value()
    page.locator(button).dblclick()
    expect(page.locator(f"input[name=step][value='{step}']")).to_have_count(0)


@pytest.mark.parametrize("has_scripts", [True, False])
def test_double_clicks_on_every_page(
    chromium: Browser, live_server: LiveServer, study: Study, has_scripts: bool
) -> None:
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=has_scripts)
    page = context.new_page()
    page.goto(DOOR)
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Start").dblclick()
    at_step(page, 0)
    for _ in walk(page, double_click):
        pass
    check_finished(page)
    context.close()


def test_back_and_forward_on_every_page(page: Page, study: Study) -> None:
    begin(page)
    for _ in walk(page):
        here = person().step
        page.go_back()
        at_step(page, here)
        page.go_forward()
        at_step(page, here)
    check_finished(page)
    page.go_back()
    check_finished(page)


def test_a_reload_on_every_page(page: Page, study: Study) -> None:
    begin(page)
    for _ in walk(page):
        page.reload()
        at_step(page, person().step)
    page.reload()
    check_finished(page)
    assert set(person().visits.values_list("n_shown", flat=True)) == {2}


def test_two_tabs_that_take_turns(context: BrowserContext, page: Page, study: Study) -> None:
    begin(page)
    tabs = [page, context.new_page()]

    def take_turns(_: Page, button: str) -> None:
        here = person().step
        for tab in tabs:
            tab.goto(WAY)
            at_step(tab, here)
        leave(tabs[here % 2], button)
        leave(tabs[1 - here % 2], OTHER.get(button, button))  # stayed behind: changes nothing
        page.goto(WAY)

    for _ in walk(page, take_turns):
        pass
    check_finished(page)
    rejected = Response.objects.filter(trial__phase=Phase.TEST).correct()
    assert rejected.count() == SHORT["n_test"]  # the first tab's answers, all right


def test_offline_at_every_submit(context: BrowserContext, page: Page, study: Study) -> None:
    waits = iter([10_000])  # once as long as a tunnel, in the first trial

    def submit_offline(page: Page, button: str) -> None:
        step = page.locator("input[name=step]").input_value()
        context.set_offline(True)
        page.locator(button).click()
        expect(page.get_by_text(KEPT)).to_be_visible()
        if "value" in button:
            page.wait_for_timeout(next(waits, 0))
        context.set_offline(False)
        expect(page.locator(f"input[name=step][value='{step}']")).to_have_count(0)

    begin(page)
    for _ in walk(page, submit_offline):
        pass
    check_finished(page)
    rt_ms = Response.objects.get(trial__phase=Phase.TRAINING, trial__position=0).rt_ms
    assert rt_ms is not None
    assert rt_ms < 10_000  # the clock stopped at the press
    assert person().events.filter(kind="offline").exists()


def test_cookies_are_cleared_on_every_page_and_the_link_opened_again(
    context: BrowserContext, page: Page
) -> None:
    make_recruited("prolific", None, **SHORT)
    page.goto(LINK)
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Start").click()
    at_step(page, 0)
    for step in walk(page):
        here = person().step
        context.clear_cookies()
        if step.kind == Kind.TRIAL:
            page.locator(BUTTONS).first.click()
            expect(page.get_by_text("could not be stored")).to_be_visible()
        page.goto(LINK)
        at_step(page, here)
    context.clear_cookies()
    page.goto(LINK)
    check_finished(page)


@pytest.fixture
def site(study: Study, tmp_path: Path) -> Iterator[SiteProcess]:
    """Serve the study from processes of its own."""
    site = SiteProcess(tmp_path)
    try:
        site.start()
        yield site
    finally:
        site.kill()


@pytest.fixture
def visitor(chromium: Browser, site: SiteProcess) -> Iterator[Page]:
    """Open a tab on that site."""
    context = chromium.new_context(base_url=site.url)
    page = context.new_page()
    site.wait(page)
    yield page
    context.close()


def kill_while_a_page_is_open(site: SiteProcess, page: Page, button: str) -> None:
    """Kill the server under a page that is being read; the answer finds nobody."""
    site.kill()
    page.locator(button).click()
    expect(page.get_by_text(KEPT)).to_be_visible()
    site.start()


def kill_with_the_answer_on_its_way(site: SiteProcess, page: Page, button: str) -> None:
    """Kill a server that has got the answer and not looked at it yet."""
    site.freeze()
    with page.expect_request(lambda request: request.method == "POST"):
        page.locator(button).click()
    site.kill()
    expect(page.get_by_text(KEPT)).to_be_visible()
    site.start()


def kill_with_the_answer_stored(site: SiteProcess, page: Page, button: str) -> None:
    """Kill a server that has stored the answer and not said so yet."""

    def deliver_and_kill(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch(max_redirects=0)
            site.kill()
            route.abort()
        else:
            route.continue_()

    page.route(f"**{WAY}", deliver_and_kill)
    page.locator(button).click()
    expect(page.get_by_text(KEPT)).to_be_visible()
    page.unroute(f"**{WAY}")
    site.start()


def kill_before_the_next_page(site: SiteProcess, page: Page, button: str) -> None:
    """Kill a server that has confirmed the answer; the browser finds no next page."""

    def kill(route: Route) -> None:
        if route.request.method == "POST":
            route.continue_()
        else:
            site.kill()
            route.abort("connectionrefused")

    page.route(f"**{WAY}", kill)
    with page.expect_event("requestfailed", lambda request: request.is_navigation_request()):
        page.locator(button).click()
    page.unroute(f"**{WAY}")
    site.start()
    site.wait(page)
    page.goto(WAY)


Killing = Callable[[SiteProcess, Page, str], None]


@pytest.mark.parametrize(
    "kill",
    [
        kill_while_a_page_is_open,
        kill_with_the_answer_on_its_way,
        kill_with_the_answer_stored,
        kill_before_the_next_page,
    ],
)
def test_the_server_is_killed_and_started_again(
    visitor: Page, site: SiteProcess, kill: Killing
) -> None:
    visitor.set_default_timeout(60_000)

    def go(page: Page, button: str) -> None:
        participant = person()
        step = participant.script[participant.step]
        if step.kind != Kind.TRIAL or step.position:
            leave(page, button)
            return
        kill(site, page, button)  # once in the training, the check and the test
        gone = page.locator(f"input[name=step][value='{participant.step}']")
        expect(gone).to_have_count(0, timeout=60_000)

    begin(visitor)
    for _ in walk(visitor, go):
        pass
    check_finished(visitor)
    assert not Response.objects.filter(rt_ms=None).exists()
    assert not person().visits.filter(shown_at__gt=F("done_at")).exists()


def test_two_tabs_press_at_the_same_time(visitor: Page, site: SiteProcess) -> None:
    begin(visitor)
    second = visitor.context.new_page()

    def press_both(page: Page, button: str) -> None:
        here = person().step
        second.goto(WAY)
        at_step(second, here)
        # Either may come first; in the check a wrong answer that does could end the session.
        is_check = person().script[here].name == Phase.VALIDATION
        other = button if is_check else OTHER.get(button, button)
        site.freeze()  # both answers are on their way before either is looked at
        for tab, pressed in ((page, button), (second, other)):
            with tab.expect_request(lambda request: request.method == "POST"):
                tab.locator(pressed).click()
        site.thaw()
        for tab in (page, second):
            expect(tab.locator(f"input[name=step][value='{here}']")).to_have_count(0)

    for step in walk(visitor, press_both):
        assert step.kind != Kind.ATTENTION
    check_finished(visitor)
