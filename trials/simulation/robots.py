"""Simulated people: they go through the real pages by HTTP and judge with known chances."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import fields

from django.conf import settings
from django.test import Client
from django.urls import reverse

from classifiers.models import Prediction
from trials.models import Participant, Response, Study
from trials.participant.visitors import ROBOT
from trials.simulation.behaviour import Behaviour, Person, Times
from trials.simulation.task_answers import Trial
from trials.steps.asking import Asked
from trials.steps.base import screen_of
from trials.study.design import ASKING, Phase

KEY = re.compile(r'name="enrolment_key" value="([^"]+)"')
STEP = re.compile(r'name="step" value="(\d+)"')
SEAL = re.compile(r'name="shown_to" value="([^"]+)"')


class RobotStuck(RuntimeError):
    """A page did not offer what a person would need to go on."""


class Robot(Person):
    """A simulated person in a session: in training and validation all answers are right.

    So it reaches the test, where it judges by ``Person``.
    """

    __slots__ = ()

    @classmethod
    def drawn(cls, behaviour: Behaviour, rng: random.Random, *, image_seed: int = 0) -> Robot:
        """Draw a robot from the people of a condition."""
        person = behaviour.draw(rng, image_seed=image_seed)
        return cls(**{field.name: getattr(person, field.name) for field in fields(person)})

    def accepts(self, phase: str, is_ai_correct: bool, rng: random.Random, image: str = "") -> bool:
        """Say Yes or No to the AI's answer."""
        if phase != Phase.TEST:
            return is_ai_correct
        return rng.random() < self.accept_chance(is_ai_correct, image)

    def first_answer(
        self, phase: str, prediction: Prediction, asked: Asked, rng: random.Random
    ) -> dict[str, str]:
        """Answer before the AI's advice."""
        return Trial(self, phase, prediction, asked, rng).first()

    def final_answer(
        self,
        phase: str,
        prediction: Prediction,
        asked: Asked,
        first: Response | None,
        rng: random.Random,
    ) -> dict[str, str]:
        """Answer a trial finally."""
        return Trial(self, phase, prediction, asked, rng).final(first)


def reaction_ms(rng: random.Random) -> int:
    """Draw a time to answer from an ex-Gaussian: mean 6 s, most of it the long tail."""
    return Times().draw(rng)


def robot_client() -> Client:
    """Return a test client whose WSGI environment marks it as a robot's."""
    client = Client()
    host = settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "localhost"
    client.defaults.update({ROBOT: "yes", "HTTP_HOST": host.lstrip("*.") or "localhost"})
    return client


def _submit(client: Client, url: str, form: dict[str, str]) -> None:
    # secure: a site that redirects plain HTTP would otherwise block the robot.
    response = client.post(url, form, secure=True)
    if response.status_code != 302:
        raise RobotStuck(f"{url} answered {response.status_code} to {form}.")


def _move(client: Client, url: str, form: dict[str, str]) -> None:
    response = client.post(url, form, secure=True)
    if response.status_code != 200:
        raise RobotStuck(f"{url} answered {response.status_code} to {form}.")


Cast = Mapping[str, Behaviour]


def play(
    study: Study, robot: Robot | Cast, rng: random.Random, *, leaves_at: float | None = None
) -> Participant:
    """Go through a whole session, page by page, and return the finished participant.

    ``robot`` is one person, or the people of each condition by its name: then one is drawn when the
    condition is known, and images are as hard as the study's seed makes them. In a study within
    people it is one person with the chances of each condition in turn. After the share
    ``leaves_at`` of the session's pages the robot stops taking part. The robot reads the
    truth from the database; everything else uses HTTP. An interrupted robot is removed, so that it
    occupies no place.
    """
    try:
        return _walk(study, robot, rng, leaves_at)
    except BaseException:
        robots_remove_unfinished(study)
        raise


def robots_remove_unfinished(study: Study) -> None:
    """Remove a study's simulated people whose session is still under way."""
    on_their_way = Participant.objects.filter(study=study, is_simulated=True)
    on_their_way.filter(status=Participant.Status.ACTIVE).delete()


def _walk(
    study: Study, robot: Robot | Cast, rng: random.Random, leaves_at: float | None
) -> Participant:
    client = robot_client()
    door, way = reverse("consent", args=[study.slug]), reverse("session", args=[study.slug])
    key = KEY.search(client.get(door, secure=True).text)
    if key is None:
        raise RobotStuck(f"{door} offers no consent form: is the study open?")
    _submit(client, door, {"agree": "on", "enrolment_key": key[1]})
    participant = Participant.objects.get(study=study, enrolment_key=key[1])
    judges = _judges(participant, robot, rng)
    last = len(participant.script) * (1 if leaves_at is None else leaves_at)
    while step := STEP.search(page := client.get(way, secure=True).text):
        participant = _current(participant)
        current = participant.script[int(step[1])]
        judge = judges[participant.condition_at(int(step[1])).name]
        seal = SEAL.search(page)
        form = {"step": step[1], "shown_to": seal[1] if seal else ""}
        if int(step[1]) >= last:
            _submit(client, reverse("stop", args=[study.slug]), form | {"answers": "keep"})
            break
        for name, fields_sent in screen_of(current).robot_moves(participant, current, rng):
            _move(client, reverse(name, args=[study.slug]), form | fields_sent)
        if current.kind in ASKING and current.name == Phase.TEST:
            judge = judge.after(current.position)
        form |= screen_of(current).robot_answer(participant, current, judge, rng)
        _submit(client, way, form)
    participant.refresh_from_db()
    if participant.status == Participant.Status.ACTIVE:
        raise RobotStuck(f"{participant} stopped at step {participant.step}.")
    return participant


def _current(participant: Participant) -> Participant:
    """Return the participant's row, read again while a condition may still be assigned."""
    if participant.is_assigned:
        return participant
    return Participant.objects.select_related("study", "condition").get(pk=participant.pk)


def _judges(
    participant: Participant, robot: Robot | Cast, rng: random.Random
) -> Mapping[str, Robot]:
    """Return the person as he or she judges in each of the session's conditions.

    All are drawn by the same random numbers: somebody who is good in one is good in the others.
    """
    layout, plan = participant.layout, participant.study.plan
    names = [participant.condition.name]
    if layout:
        names = [each for block in layout.blocks for each in block.conditions]
    elif plan.common is not None:  # one that is not known yet, and the common one before
        names = [each.name for each in plan.conditions]
    if isinstance(robot, Robot):
        return dict.fromkeys(names, robot)
    state, found = rng.getstate(), {}
    for each in names:
        rng.setstate(state)
        found[each] = Robot.drawn(robot[each], rng, image_seed=participant.study.plan.seed)
    return found
