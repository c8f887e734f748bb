"""Whoever wants to stop says so on one page; what was answered stays, or is deleted."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import make_plan, make_study
from tests.trials.doors import DOOR, MTURK, PROLIFIC, WAY, consent, finish, make_recruited
from trials import services
from trials.models import Event, Participant, Response, StepVisit, Study

pytestmark = pytest.mark.django_db

STOP = "/s/trees/stop/"
N_STEPS = 4  # into the training


@pytest.fixture
def study() -> Study:
    return make_study()


@pytest.fixture
def alice(study: Study, client: Client) -> Client:
    """Return the browser of someone in the middle of the training."""
    consent(client)
    for number in range(N_STEPS):
        client.post(WAY, {"step": str(number), "answer": "yes"})
    assert Response.objects.exists()
    return client


def status() -> str:
    return Participant.objects.get().status


def test_every_page_of_a_session_leads_there_and_the_last_does_not(alice: Client) -> None:
    assert STOP in alice.get(WAY).text
    alice.post(STOP, {"answers": "keep"})
    assert STOP not in alice.get(WAY).text


def test_looking_stops_nothing(alice: Client) -> None:
    page = alice.get(STOP)
    assert "Do you want to stop?" in page.text
    assert alice.head(STOP).status_code == 200
    assert status() == "active"


def test_whoever_stops_keeps_the_answers_in_the_study_and_frees_the_place(alice: Client) -> None:
    page = alice.post(STOP, {"answers": "keep"}, follow=True)
    assert "You gave your place back" in page.text
    assert status() == "returned"
    assert Response.objects.count() == 1


def test_whoever_wants_it_leaves_no_answer_behind(alice: Client) -> None:
    page = alice.post(STOP, {"answers": "delete"}, follow=True)
    assert "Your answers are deleted" in page.text
    assert status() == "withdrawn"
    assert not Response.objects.exists()
    assert alice.get(DOOR, follow=True).text == alice.get(WAY).text  # this browser stays out


@pytest.mark.parametrize("at", ["events/", "session/"])
def test_a_tab_left_open_stores_nothing_of_whoever_wanted_it_deleted(
    alice: Client, at: str
) -> None:
    alice.post(STOP, {"answers": "delete"})
    before = Participant.objects.values().get()
    told = {"step": "3", "answer": "yes", "events": '[["blur", 120, ""]]', "remarks": "still here"}
    alice.post(f"{DOOR}{at}", told)
    alice.get(f"{WAY}?page=0")
    assert not Event.objects.exists()
    assert Participant.objects.values().get() == before


def test_a_page_asked_for_while_all_is_deleted_leaves_no_visit(alice: Client) -> None:
    stale = Participant.objects.get()
    alice.post(STOP, {"answers": "delete"})
    assert services.step_show(participant=stale).status == "withdrawn"
    assert not StepVisit.objects.exists()


@pytest.mark.parametrize("typed", [{"answers": "burn"}, {"answer": "keep"}])
def test_another_answer_asks_again(alice: Client, typed: dict[str, str]) -> None:
    page = alice.post(STOP, typed)
    assert page.status_code == 400
    assert "Do you want to stop?" in page.text
    assert status() == "active"


def test_a_session_that_ended_stays_as_it_ended(alice: Client) -> None:
    finish(Participant.objects.get())
    assert alice.post(STOP, {"answers": "delete"}).headers["Location"] == WAY
    assert status() == "completed"
    # Even if it ended after the page was answered.
    services.participant_stop(participant=Participant.objects.get(), keeps_answers=False)
    assert status() == "completed"
    assert Response.objects.exists()


def test_a_stranger_is_led_to_the_door(study: Study, client: Client) -> None:
    assert client.post(STOP, {"answers": "keep"}, follow=True).redirect_chain[-1][0] == DOOR


@pytest.mark.parametrize(
    ("channel", "ids", "says"),
    [("prolific", PROLIFIC, "Stop without completing"), ("mturk", MTURK, "return the HIT")],
)
@pytest.mark.parametrize("answers", ["keep", "delete"])
def test_the_last_page_says_what_to_do_on_the_platform(
    client: Client, channel: str, ids: dict[str, str], says: str, answers: str
) -> None:
    make_recruited(channel)
    consent(client, **ids)
    page = client.post(STOP, {"answers": answers}, follow=True)
    assert says in page.text
    assert "externalSubmit" not in page.text  # no task is submitted without a code


def test_the_page_tells_how_long_one_may_stay_away(client: Client) -> None:
    make_study(plan=make_plan(max_minutes=45))
    consent(client)
    assert "within 45 minutes of your start" in client.get(STOP).text
