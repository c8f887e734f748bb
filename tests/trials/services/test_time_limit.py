"""When the time of a session is over: what was answered is kept, and the session ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import enrol, make_plan, make_study
from tests.trials.doors import WAY, consent
from tests.trials.participant.test_views import go_to
from tests.trials.services.test_services import advance
from trials.models import Participant, Response
from trials.services import trial_of

pytestmark = pytest.mark.django_db
LIMIT = 30
TIMED_OUT, COMPLETED = Participant.Status.TIMED_OUT, Participant.Status.COMPLETED


def late(minutes: float) -> None:
    """Let the time limit have been over for some minutes."""
    began = timezone.now() - timedelta(minutes=LIMIT + minutes)
    Participant.objects.update(consented_at=began)


def judge(participant: Participant, *, until: int) -> Participant:
    """Answer rightly up to a step, counted from the end."""
    while participant.step < len(participant.script) - until:
        step = participant.script[participant.step]
        is_right = trial_of(participant, step).prediction.is_right if step.kind == "trial" else None
        participant = advance(participant, participant.step, is_right)
    return participant


@pytest.fixture
def alice() -> Participant:
    """Return someone in a study with a time limit."""
    return enrol(make_study(plan=make_plan(max_minutes=LIMIT)))


@pytest.mark.parametrize("minutes", [1, 600])
def test_an_answer_that_comes_late_is_stored_and_ends_the_session(
    client: Client, minutes: int
) -> None:
    make_study(plan=make_plan(max_minutes=LIMIT))
    consent(client)
    go_to(client, 2)
    late(minutes)
    client.post(WAY, {"step": "2", "answer": "yes"})
    person = Participant.objects.get()
    assert (person.status, bool(person.code), Response.objects.count()) == (TIMED_OUT, True, 1)


@pytest.mark.parametrize(("minutes", "status"), [(1, COMPLETED), (3, TIMED_OUT)])
def test_the_last_answer_completes_the_session_if_it_is_not_long_after(
    alice: Participant, minutes: float, status: str
) -> None:
    alice = judge(alice, until=2)
    late(minutes)
    assert advance(alice, alice.step, is_yes=True).status == status
    assert Response.objects.filter(trial__phase="test").count() == 6


def test_the_last_but_one_does_not(alice: Participant) -> None:
    alice = judge(alice, until=3)
    late(0.1)
    assert advance(alice, alice.step, is_yes=True).status == TIMED_OUT


@pytest.mark.parametrize("step", [2, 1])
def test_without_an_answer_of_this_page_nothing_is_stored(alice: Participant, step: int) -> None:
    for number in range(2):
        alice = advance(alice, number)
    late(1)
    ended = advance(alice, step, is_yes=None)
    assert (ended.status, Response.objects.count()) == (TIMED_OUT if step == 2 else "active", 0)


def test_whoever_looks_after_the_time_sees_that_it_is_over(client: Client) -> None:
    make_study(plan=make_plan(max_minutes=LIMIT))
    consent(client)
    late(0.1)
    assert "ends 30 minutes after its start" in client.get(WAY).text
    assert Participant.objects.get().status == TIMED_OUT
