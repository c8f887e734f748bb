"""The pages of the screenshots, and how to reach each."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Browser, Page, sync_playwright

from analysis.blind import blind_lift
from study_site.demo.album import Album
from study_site.demo.screenshot_world import DRAFT
from trials import services
from trials.models import Participant, Study
from trials.simulation.robots import Robot
from trials.steps.base import screen_of
from trials.study.design import Kind, Phase, Step

FLAGS: Final = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
DEVICES: Final = {"laptop": (1366, 768), "phone": (360, 740)}

VIEWS: Final = {
    "alone": ("test-unaided", "A test trial without any AI."),
    "ResNet-50": ("test-none", "A test trial with the AI's guess alone."),
    "kNN": ("test-exemplars", "A test trial with the five nearest examples."),
    "EMD-Corr": ("test-correspondences", "A test trial with matched parts of five examples."),
}
STAFF: Final = [
    ("studies", "studio", (), "", "The studies that a researcher may change."),
    ("new-study", "studio-new", (), "", "A new study from a template, from nothing or a file."),
    ("editor", "studio-edit", (DRAFT,), "", "The editor: a form and a YAML text of one document."),
    ("preview", "studio-preview", (DRAFT,), "?condition=EMD-Corr", "Any screen before a launch."),
    (
        "checklist",
        "studio-study",
        (DRAFT,),
        "",
        "A draft: what is missing before people can take part.",
    ),
    ("study", "studio-study", None, "", "A running study: its people, its log, its actions."),
    ("live", "studio-monitor", None, "?robots=1", "A running study as it goes."),
    ("datasets", "studio-datasets", (), "", "The photos that studies are made of."),
    ("dataset", "studio-dataset", ("solar",), "", "One dataset: galleries and predictions."),
    ("photos", "studio-dataset-photos", ("solar",), "", "Its photos by category, and their words."),
    ("ai", "studio-dataset-ai", ("solar",), "?run=softmax", "How an AI does, and on what it errs."),
    ("people", "studio-people", None, "?robots=1", "People: filters, codes, payments."),
    ("formulas", "studio-metrics", (), "", "The formula and the limits of every number."),
    (
        "results-blinded",
        "studio-results",
        None,
        "?simulated=1",
        "Results while arms are letters.",
    ),
    ("lift-blind", "studio-lift-blind", None, "", "What lifting the blind means."),
    ("exports", "studio-exports", None, "", "The data as one ZIP file."),
]


class Person:
    """A participant and the two devices on which the session is open."""

    def __init__(self, pages: dict[str, Page], study: Study, number: int) -> None:
        self.pages, self.study = pages, study
        ids = {"PROLIFIC_PID": f"{number:024x}", "SESSION_ID": "6a" * 12, "STUDY_ID": "7b" * 12}
        self.link = f"{reverse('consent', args=[study.slug])}?{urlencode(ids)}"

    def enter(self) -> Participant:
        """Agree on the first device, and open the link again on the others."""
        for page in self.pages.values():
            page.goto(self.link)
            if (button := page.get_by_role("button", name="Start")).count():
                page.get_by_role("checkbox").check()
                button.click()
                page.wait_for_url("**/session/")
        return Participant.objects.filter(is_simulated=False).latest("pk")

    def shots(self) -> dict[str, bytes]:
        """Picture the current step."""
        return shots(self.pages, reverse("session", args=[self.study.slug]))


def shots(pages: dict[str, Page], address: str) -> dict[str, bytes]:
    """Open an address on every device and picture it."""
    taken = {}
    for device, page in pages.items():
        page.goto(address)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(150)
        # A sticky bar would cover a part of a screenshot of the whole page.
        is_trial = page.locator("body.is-trial").count() > 0
        page.evaluate("document.querySelector('.savebar')?.style.setProperty('position', 'static')")
        taken[device] = page.screenshot(full_page=not is_trial)
    return taken


def take(album: Album, site: str, study: Study, password: str) -> None:
    """Take every picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=FLAGS)
        album.part("Participants")
        session(album, browser, site, study)
        endings(album, browser, site, study)
        album.part("Researchers")
        staff(album, browser, site, study, password)
        browser.close()


@contextmanager
def devices(browser: Browser, site: str) -> Iterator[dict[str, Page]]:
    """Open a laptop and a phone."""
    contexts = {
        device: browser.new_context(
            base_url=site, viewport={"width": width, "height": height}, reduced_motion="reduce"
        )
        for device, (width, height) in DEVICES.items()
    }
    yield {device: context.new_page() for device, context in contexts.items()}
    for context in contexts.values():
        context.close()


def session(album: Album, browser: Browser, site: str, study: Study) -> None:
    """Picture one whole session, and a test trial of every other view."""
    for number, (arm, (name, sentence)) in enumerate(VIEWS.items()):
        only(study, arm)
        with devices(browser, site) as pages:
            person = Person(pages, study, number)
            is_whole = arm == "EMD-Corr"
            if is_whole:
                album.add("information", "What people read first.", shots(pages, person.link))
            participant = person.enter()
            if is_whole:
                whole(album, person, participant)
            else:
                participant = go_to(participant, first_test)
                album.add(name, sentence, person.shots())


def whole(album: Album, person: Person, participant: Participant) -> None:
    """Picture each kind of screen once, to the end."""
    seen = set()
    while True:
        step = participant.script[participant.step]
        found = VIEWS["EMD-Corr"] if first_test(step) else screen_of(step).picture(step)
        if found and found not in seen:
            seen.add(found)
            album.add(*found, person.shots())
        if first_test(step):
            enlarged(album, person.pages)
        if not participant.is_active:
            return
        participant = go_on(participant)


def enlarged(album: Album, pages: dict[str, Page]) -> None:
    """Picture a pair of photos large."""
    taken = {}
    for device, page in pages.items():
        page.locator(".pair [data-zoom]").first.click(position={"x": 8, "y": 8})
        taken[device] = page.screenshot()
    album.add("enlarged", "A pair enlarged, with its numbers.", taken)


def endings(album: Album, browser: Browser, site: str, study: Study) -> None:
    """Take the screenshots of the endings before completion."""
    only(study, "kNN")
    with devices(browser, site) as pages:
        person = Person(pages, study, 90)
        participant = person.enter()
        stop = shots(pages, reverse("stop", args=[study.slug]))
        album.add("stop", "A person who wants to stop decides what happens to the answers.", stop)
        while participant.is_active:
            participant = go_on(participant, is_right=False)
        album.add("failed", "The check is not passed; a code of its own.", person.shots())
    with devices(browser, site) as pages:
        taken = {}
        for device, page in pages.items():
            page.goto(Person(pages, study, 91).link)
            page.get_by_role("button", name="I do not want").click()
            page.wait_for_load_state("networkidle")
            taken[device] = page.screenshot(full_page=True)
        album.add("declined", "The person does not want to take part.", taken)
        door = reverse("consent", args=[study.slug])
        album.add("wrong-link", "A link without the recruiter's ids.", shots(pages, door))
        for condition in study.conditions.all():
            services.condition_switch(condition=condition, is_on=False)
        full = shots(pages, Person(pages, study, 92).link)
        album.add("full", "No place is free.", full)
        for condition in study.conditions.all():
            services.condition_switch(condition=condition, is_on=True)


def staff(album: Album, browser: Browser, site: str, study: Study, password: str) -> None:
    """Picture the researchers' pages."""
    with devices(browser, site) as pages:
        album.add("login", "Researchers sign in.", shots(pages, reverse("login")))
        for page in pages.values():
            page.get_by_label("User name").fill("researcher")
            page.get_by_label("Password").fill(password)
            page.locator("main form button").click()
            page.wait_for_url("**/studio/")
        for name, view, args, query, sentence in STAFF:
            address = reverse(view, args=(study.slug,) if args is None else args)
            album.add(name, sentence, shots(pages, address + query))
        blind_lift(study=study, user=User.objects.get())
        results = reverse("studio-results", args=[study.slug]) + "?simulated=1"
        album.add("results", "Results with intervals.", shots(pages, results))


def only(study: Study, arm: str) -> None:
    """Let the next person come into one condition."""
    for condition in study.conditions.all():
        services.condition_switch(condition=condition, is_on=condition.name == arm)


def first_test(step: Step) -> bool:
    """Whether this is the first trial of the test."""
    return step == Step(Kind.TRIAL, Phase.TEST, 0)


def go_to(participant: Participant, is_there: Callable[[Step], bool]) -> Participant:
    """Do steps rightly until one is reached."""
    while not is_there(participant.script[participant.step]):
        participant = go_on(participant)
    return participant


class Careful(Robot):
    """A person who gives the right answer on every trial."""

    __slots__ = ()

    def accepts(self, phase: str, is_ai_correct: bool, rng: random.Random, image: str = "") -> bool:
        """Say Yes or No."""
        return is_ai_correct


class Careless(Robot):
    """A person who gives the wrong answer on every trial."""

    __slots__ = ()

    def accepts(self, phase: str, is_ai_correct: bool, rng: random.Random, image: str = "") -> bool:
        """Say Yes or No."""
        return not is_ai_correct


def go_on(participant: Participant, *, is_right: bool = True) -> Participant:
    """Do one step."""
    participant = services.step_show(participant=participant)
    step = participant.script[participant.step]
    judge = Careful() if is_right else Careless()
    form = screen_of(step).robot_answer(participant, step, judge, random.Random(0))
    answers = {name.removeprefix("q_"): value for name, value in form.items()} | {"age": "41"}
    submission = services.Submission(
        step=participant.step, is_yes=form.get("answer", "yes") == "yes", answers=answers
    )
    return services.participant_advance(participant=participant, submission=submission)
