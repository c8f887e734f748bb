"""Simulated people: they walk the real pages through HTTP and judge with known chances."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from django.conf import settings
from django.test import Client
from django.urls import reverse

from trials.design import Kind, Phase
from trials.models import Participant, Study
from trials.services import trial_of
from trials.views import ROBOT

KEY = re.compile(r'name="enrolment_key" value="([^"]+)"')
STEP = re.compile(r'name="step" value="(\d+)"')


class RobotStuck(RuntimeError):
    """A page did not offer what a person would need to go on."""


@dataclass(frozen=True, slots=True)
class Robot:
    """How a simulated person judges a test trial: two chances of saying Yes.

    In training and in the check it answers rightly, so that it reaches the test; its expected
    test accuracy on half-right sets is ``(accept_right + 1 - accept_wrong) / 2``.
    """

    accept_right: float = 0.9
    accept_wrong: float = 0.4

    @property
    def accuracy(self) -> float:
        """The expected share of right judgements where the AI is right half of the time."""
        return (self.accept_right + 1 - self.accept_wrong) / 2

    def accepts(self, phase: str, is_ai_correct: bool, rng: random.Random) -> bool:
        """Say Yes or No."""
        if phase != Phase.TEST:
            return is_ai_correct
        return rng.random() < (self.accept_right if is_ai_correct else self.accept_wrong)


def reaction_ms(rng: random.Random) -> int:
    """Draw a time to answer from an ex-Gaussian: mean 6 s, most of it the long tail."""
    return max(300, round(rng.gauss(2500, 500) + rng.expovariate(1 / 3500)))


def robot_client() -> Client:
    """Return a browser that says in the WSGI environment that a robot holds it."""
    client = Client()
    host = settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "localhost"
    client.defaults.update({ROBOT: "yes", "HTTP_HOST": host.lstrip("*.") or "localhost"})
    return client


def _submit(client: Client, url: str, form: dict[str, str]) -> None:
    # secure: a site that redirects plain HTTP has to let the robot in.
    response = client.post(url, form, secure=True)
    if response.status_code != 302:
        raise RobotStuck(f"{url} answered {response.status_code} to {form}.")


def play(study: Study, robot: Robot, rng: random.Random) -> Participant:
    """Walk one whole session, page by page, and return the finished participant.

    The robot sees the truth in the database, as no person can; all else goes through HTTP. One
    that is stopped half-way is removed, so that it holds no place.
    """
    try:
        return _walk(study, robot, rng)
    except BaseException:
        robots_remove_unfinished(study)
        raise


def robots_remove_unfinished(study: Study) -> None:
    """Remove the simulated people of a study who are still on their way."""
    on_their_way = Participant.objects.filter(study=study, is_simulated=True)
    on_their_way.filter(status=Participant.Status.ACTIVE).delete()


def _walk(study: Study, robot: Robot, rng: random.Random) -> Participant:
    client = robot_client()
    door, way = reverse("consent", args=[study.slug]), reverse("session", args=[study.slug])
    key = KEY.search(client.get(door, secure=True).text)
    if key is None:
        raise RobotStuck(f"{door} offers no consent form: is the study open?")
    _submit(client, door, {"agree": "on", "enrolment_key": key[1]})
    participant = Participant.objects.get(study=study, enrolment_key=key[1])
    while step := STEP.search(client.get(way, secure=True).text):
        form = {"step": step[1]}
        current = participant.script[int(step[1])]
        if current.kind == Kind.TRIAL:
            prediction = trial_of(participant, current).prediction
            is_accepted = robot.accepts(current.name, prediction.is_right, rng)
            form |= {"answer": "yes" if is_accepted else "no", "rt_ms": str(reaction_ms(rng))}
        _submit(client, way, form)
    participant.refresh_from_db()
    if participant.status == Participant.Status.ACTIVE:
        raise RobotStuck(f"{participant} stopped at step {participant.step}.")
    return participant
