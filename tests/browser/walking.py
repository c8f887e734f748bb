"""What a person does in the browser, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from playwright.sync_api import Page, expect

from trials.models import Condition, Participant, Study
from trials.services import participant_enrol, trial_of
from trials.study.design import Kind, Step

WAY = "/s/trees/session/"
BUTTONS = "form[data-send] button[type=submit]"


def begin(page: Page) -> None:
    """Consent."""
    page.goto("/s/trees/")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Start").click()
    expect(page.locator("input[name=step]")).to_have_value("0")


def leave(page: Page, button: str) -> None:
    """Press a button and wait until the next step, or the last page, is there."""
    step = page.locator("input[name=step]").input_value()
    page.locator(button).click()
    expect(page.locator(f"input[name=step][value='{step}']")).to_have_count(0)


def answer(page: Page, value: str) -> None:
    """Press Yes or No."""
    leave(page, f"button[name=answer][value={value}]")


def go_on(page: Page) -> None:
    """Press the one button of a page of text."""
    leave(page, "form.next button")


def to_first_trial(page: Page) -> None:
    """Consent and go through the introduction and the instructions."""
    begin(page)
    go_on(page)
    go_on(page)
    expect(page.locator(".top__count")).to_have_text("1 of 5")


def in_condition(study: Study, name: str) -> None:
    """Fill the other conditions, so that the next person comes into this one."""
    for position, each in enumerate(Condition.objects.exclude(name=name)):
        crowd = participant_enrol(
            study=study, enrolment_key=f"crowd{position:015d}", is_simulated=False
        )
        Participant.objects.filter(pk=crowd.pk).update(condition=each)


def person() -> Participant:
    """Return whoever walks in the browser: the last who came."""
    return Participant.objects.select_related("study", "condition").latest("pk")


def walk(page: Page, go: Callable[[Page, str], object] = leave) -> Iterator[Step]:
    """Stop at every screen of a session, then go on by the button wanted.

    The first answer of the check is a wrong one.
    """
    while (participant := person()).is_active:
        step = participant.script[participant.step]
        at_step(page, participant.step)
        yield step
        if step.kind == Kind.QUESTIONS:
            page.get_by_label("How old are you?").fill("41")
        go(page, wanted(participant, step))


def at_step(page: Page, number: int) -> None:
    """Wait until a step's page is there with all it needs, and can be left."""
    expect(page.locator("input[name=step]")).to_have_value(str(number))
    # A page without its styles is not drawn: no press reaches it once the server is stopped.
    page.wait_for_load_state()
    expect(page.locator(f"{BUTTONS}:disabled")).to_have_count(0)


def wanted(participant: Participant, step: Step) -> str:
    """Return the button to press."""
    is_yes = True
    if step.kind == Kind.TRIAL:
        is_right = trial_of(participant, step).prediction.is_right
        is_yes = is_right != (step.name == "validation" and step.position == 0)
    elif step.kind == Kind.ATTENTION:
        is_yes = participant.attention_checks.get().asks_yes
    elif step.kind != Kind.PRIOR_KNOWLEDGE:
        return BUTTONS
    return f"button[value={'yes' if is_yes else 'no'}]"
