"""A session in German and in Arabic in Firefox and WebKit, and a researcher's way in Firefox.

The same sessions in Chromium: ``test_languages.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from django.contrib.auth.models import Group, User
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver

from tests.browser.axe import HIDDEN_BUT_DISPLAYED, RUN, axe_source, told
from tests.browser.engines import ENGINES, find, press, text, wait
from tests.browser.languages import LANGUAGES, LOOK, check_language
from tests.browser.walking import BUTTONS, WAY, person, wanted
from tests.factories import make_plan, make_study
from trials import services
from trials.models import Participant, Response, Study
from trials.roles import groups_make
from trials.study.design import Kind, Step

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = {"n_training": 1, "n_validation": 2, "pass_mark": 1, "n_test": 4, "n_sets": 1}


@pytest.fixture(scope="module", params=ENGINES)
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WebDriver]:
    """Start one engine for all tests of this file."""
    with ENGINES[request.param](tmp_path_factory.mktemp(request.param)) as driver:
        yield driver


@pytest.fixture
def driver(engine: WebDriver, live_server: LiveServer) -> Iterator[WebDriver]:
    """Forget the last person, and leave the site before its database is emptied."""
    engine.get(f"{live_server.url}/login/")
    engine.delete_all_cookies()
    yield engine
    engine.get("about:blank")


READY = "return document.readyState === 'complete' && !document.querySelector(arguments[0])"


def at_step(driver: WebDriver, number: int) -> None:
    """Wait until a step's page is there and can be left: before its script runs, it cannot."""
    here = f"input[name=step][value='{number}']"
    wait(driver, lambda _: driver.find_element(By.CSS_SELECTOR, here))
    wait(driver, lambda _: driver.execute_script(READY, f"html.is-waiting, {BUTTONS}:disabled"))


def has_left(number: int, driver: WebDriver) -> bool:
    here = f"input[name=step][value='{number}']"
    return not driver.find_elements(By.CSS_SELECTOR, here)


def walk(driver: WebDriver) -> Iterator[tuple[Step, str]]:
    """Stop at every screen of a session, with the button to press, until the session ends."""
    while (participant := person()).is_active:
        number = participant.step
        step = participant.script[number]
        at_step(driver, number)
        yield step, wanted(participant, step)
        wait(driver, partial(has_left, number))


def check_page(driver: WebDriver) -> None:
    """Look for barriers, and for what is shown though hidden."""
    driver.execute_script(axe_source())
    wanted = f"const done = arguments[0]; {RUN}.then(found => done(found.violations))"
    assert told(driver.execute_async_script(wanted)) == []
    assert driver.execute_script(f"return {HIDDEN_BUT_DISPLAYED}") == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_session_from_the_consent_to_the_code(
    driver: WebDriver, live_server: LiveServer, language: str
) -> None:
    make_study(plan=make_plan(**SIZES, language=language))
    driver.get(f"{live_server.url}/s/trees/")
    press(driver, "input[type=checkbox]")
    press(driver, "button[type=submit]")
    at_step(driver, 0)
    seen = set()
    for step, button in walk(driver):
        check_language(driver.execute_script(LOOK), language, step.kind)
        if step.kind not in seen:
            check_page(driver)
            seen.add(step.kind)
        place = step.position if (step.kind, step.name) == (Kind.TRIAL, "test") else None
        if place == 0:
            driver.refresh()
        elif place == 1:
            driver.back()
            driver.get(f"{live_server.url}{WAY}")
        at_step(driver, person().step)
        if place == 2:
            ActionChains(driver).double_click(find(driver, button)).perform()
        else:
            press(driver, button)
    participant = Participant.objects.get()
    assert text(driver, "#code") == participant.code
    check_page(driver)
    assert (participant.status, participant.language) == ("completed", language)
    answers = Response.objects.all()
    assert answers.count() == 7
    assert all(answer.rt_ms is not None for answer in answers)
    assert {answer.given_by for answer in answers} == {"pointer"}


def fill(driver: WebDriver, selector: str, words: str) -> None:
    """Type into a field in the place of what it holds."""
    field = find(driver, selector)
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", field)
    field.clear()
    field.send_keys(words)


def says(driver: WebDriver, selector: str, words: str) -> None:
    """Wait until an element says some words."""
    wait(driver, lambda _: words in driver.find_element(By.CSS_SELECTOR, selector).text)


@pytest.mark.parametrize("engine", ["firefox"], indirect=True)
def test_a_researcher_signs_in_edits_saves_checks_and_previews(
    driver: WebDriver, live_server: LiveServer
) -> None:
    groups_make()
    rita = User.objects.create_user("rita", password="a long enough word", is_staff=True)
    rita.groups.add(Group.objects.get(name="researcher"))
    document = make_plan(contact="lab@example.org").document
    dataset = make_study().dataset
    services.study_draft(slug="draft", dataset=dataset, document=document, user=rita)

    driver.get(f"{live_server.url}/studio/study/draft/edit/")
    fill(driver, "input[name=username]", "rita")
    fill(driver, "input[name=password]", "a long enough word")
    press(driver, "form:has(input[name=password]) button[type=submit]")
    fill(driver, "#f-title", "Oaks and elms")
    fill(driver, "#f-minutes", "0")
    says(driver, "[data-path=minutes]", "expected a whole number from 1 to 600")
    fill(driver, "#f-minutes", "20")
    says(driver, "[data-summary]", "Every field is filled in")
    press(driver, "[data-editor] button[type=submit]")
    says(driver, "main", "Saved.")
    stored = Study.objects.get(slug="draft").document
    assert (stored["title"], stored["minutes"]) == ("Oaks and elms", 20)

    press(driver, "a[href='/studio/study/draft/']")
    says(driver, "main", "People can ask lab@example.org.")
    press(driver, "a[href='/studio/study/draft/preview/']")
    press(driver, "a[rel=next]")
    driver.switch_to.frame(find(driver, "iframe"))
    says(driver, "h1", "Meet Sam")
    driver.switch_to.default_content()
    assert not Participant.objects.exists()
