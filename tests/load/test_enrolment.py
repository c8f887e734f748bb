"""A crowd at the door at once: every arm and set fills to its quota and not beyond.

People come through the real pages, each over a connection of their own. A third of them drop out
at random, in every way there is; who finds the study full tries again.
"""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tests.factories import make_plan, make_study
from tests.trials.doors import DOOR, hidden
from trials import services
from trials.models import Participant, Study
from trials.participant.framing import PERSON_COOKIE
from trials.study.design import Kind, Phase, set_quota

pytestmark = [pytest.mark.load, pytest.mark.django_db(transaction=True)]

N_SETS = 3
N_CONNECTIONS = {"postgresql": 40, "sqlite": 8}
CROWD = {"postgresql": 300, "sqlite": 30}
WAYS_OUT = ("silent", "returned", "timed_out", "failed_validation")


@pytest.fixture(autouse=True)
def _one_address(settings: Settings) -> None:
    """The whole crowd comes from one address."""
    settings.CONSENTS_PER_ADDRESS = 0


@dataclass
class Person:
    """Someone who comes: how they leave, after which step, and the form that they hold."""

    number: int
    way_out: str
    after: int
    form: dict[str, str] = field(default_factory=dict)
    answer: str = ""


def crowd(n: int, rng: random.Random) -> list[Person]:
    """Return people of whom every third drops out."""
    people = [
        Person(number, "" if number % 3 else rng.choice(WAYS_OUT), rng.randrange(4))
        for number in range(n)
    ]
    rng.shuffle(people)
    return people


def come(person: Person) -> Person:
    """Let one person look or try again, agree, and go their way to the end."""
    client = Client()
    try:
        link = {"pid": f"person-{person.number}"}
        answer = client.post(DOOR, person.form) if person.form else client.get(DOOR, link)
        if "I agree to take part" in answer.text:
            answer = client.post(DOOR, hidden(answer.text) | {"agree": "on"})
        person.form, person.answer = hidden(answer.text), said(answer)
        if person.answer == "in":
            go(person_of(client), person)
        return person
    finally:
        connections.close_all()


def person_of(client: Client) -> Participant:
    """Return the person whose token the signed cookie of a browser carries."""
    cookie = next(each for name, each in client.cookies.items() if name.startswith(PERSON_COOKIE))
    return Participant.objects.get(token=cookie.value.split(":")[0])


def said(answer: Any) -> str:
    """Return what the door answered."""
    if answer.status_code == 302:
        return "in"
    return "wait" if "taken for now" in answer.text else "complete"


def go(participant: Participant, person: Person) -> None:
    """Walk through the session, or a part of it and out."""
    n_done = 0
    while participant.is_active and not (person.way_out and n_done == person.after):
        participant = step_on(participant, is_careless=person.way_out == "failed_validation")
        n_done += 1
    if not participant.is_active or not person.way_out:
        return
    if person.way_out == "returned":
        services.participant_return(participant=participant)
    elif person.way_out == "timed_out":
        services.participant_time_out(participant=participant)
    elif person.way_out == "failed_validation":
        while participant.is_active:
            participant = step_on(participant, is_careless=True)
    else:
        long_ago = timezone.now() - timedelta(minutes=participant.study.plan.idle_minutes + 1)
        Participant.objects.filter(pk=participant.pk).update(last_seen_at=long_ago)


def step_on(participant: Participant, *, is_careless: bool) -> Participant:
    """Do one step, rightly or wrongly."""
    step = participant.script[participant.step]
    is_yes = None
    if step.kind == Kind.TRIAL:
        is_yes = services.trial_of(participant, step).prediction.is_right != is_careless
    submission = services.Submission(step=participant.step, is_yes=is_yes)
    return services.participant_advance(participant=participant, submission=submission)


def open_study(n_people: int) -> Study:
    """Open a study of a few steps whose places are fewer than the people who will finish."""
    n_finish = n_people - -(-n_people // 3)
    names = [item["name"] for item in make_plan().document["conditions"]]
    stages = [
        {"kind": "page", "name": "introduction"},
        {"kind": "validation", "n": 1, "pass_mark": 1},
        {"kind": "test", "n": 2, "n_sets": N_SETS},
    ]
    conditions = [
        item | {"quota": n_finish // len(names)} for item in make_plan().document["conditions"]
    ]
    return make_study(plan=make_plan(stages=stages, conditions=conditions))


def test_a_crowd_fills_every_arm_and_no_set_beyond_its_quota() -> None:
    n_people = CROWD[connection.vendor]
    study = open_study(n_people)
    people = waiting = crowd(n_people, random.Random(20260301))
    with ThreadPoolExecutor(N_CONNECTIONS[connection.vendor]) as pool:
        while waiting:
            waiting = [item for item in pool.map(come, waiting) if item.answer == "wait"]
    completed = Participant.objects.filter(status=Participant.Status.COMPLETED)
    by_arm = Counter(completed.values_list("condition", flat=True))
    quota = study.plan.conditions[0].quota
    assert sorted(by_arm.values()) == [quota] * len(study.plan.conditions)
    by_set = Counter(completed.values_list("condition", "trial_set"))
    assert max(by_set.values()) <= set_quota(quota, N_SETS)
    everyone = Participant.objects.all()
    assert everyone.count() == sum(person.answer == "in" for person in people)
    assert {person.answer for person in people} == {"in", "complete"}
    assert {*everyone.values_list("status", flat=True)} > {"completed"}  # some dropped out
    assert len({*everyone.values_list("number", flat=True)}) == everyone.count()
    for arm in services.arm_places(study, stage=Participant.Stage.LIVE):
        assert (arm.held, arm.free, arm.beyond) == (quota, 0, 0)


def test_one_id_from_forty_devices_at_once_is_one_person() -> None:
    open_study(30)
    people = [Person(7, "returned", 0) for _ in range(N_CONNECTIONS[connection.vendor])]
    with ThreadPoolExecutor(len(people)) as pool:
        answers = [item.answer for item in pool.map(come, people)]
    # A bare id opens nobody's session: the other devices are told so.
    assert answers.count("in") == 1
    assert Participant.objects.count() == 1
    assert Participant.objects.get().trials.filter(phase=Phase.TEST).count() == 2
