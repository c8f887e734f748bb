"""One browser, several people: a laboratory's computer, and a researcher who plays the pilot."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from tests.trials.doors import DOOR, NEXT, WAY, consent, finish, hidden, look, make_recruited
from trials import services
from trials.models import Participant, Study

pytestmark = pytest.mark.django_db

AGAIN = "Start again as another person"


def statuses() -> list[str]:
    return list(Participant.objects.order_by("pk").values_list("status", flat=True))


# ---- a laboratory's browser ----


def test_the_next_person_gets_a_fresh_door_after_the_last_one_ended(client: Client) -> None:
    make_recruited("in_person")
    consent(client)
    assert client.post(NEXT).headers["Location"] == DOOR
    assert "Go on as person 1" in look(client).text  # still under way: not freed
    finish(Participant.objects.get())
    assert "Next person" in client.get(WAY).text
    client.post(NEXT)
    consent(client)
    assert statuses() == ["completed", "active"]


def test_an_unfinished_session_is_nobodys_until_somebody_says_so(client: Client) -> None:
    make_recruited("in_person")
    consent(client)
    client.post(WAY, {"step": "0"})
    page = look(client)
    assert page.status_code == 200
    assert "Is that you?" in page.text
    assert re.search(rf'<a [^>]*href="{WAY}\?shown_to=[^"]+">Go on as person 1</a>', page.text)
    assert 'name="step" value="1"' in client.get(WAY).text
    assert statuses() == ["active"]


def test_a_new_person_gives_the_first_ones_place_back(client: Client) -> None:
    make_recruited("in_person")
    consent(client)
    leaves = hidden(look(client).text)
    assert client.post(NEXT, leaves).headers["Location"] == DOOR
    assert statuses() == ["returned"]
    consent(client)
    assert statuses() == ["returned", "active"]


def test_an_old_page_ends_nobody_elses_session(client: Client) -> None:
    make_recruited("in_person")
    consent(client)
    old = hidden(look(client).text)
    client.post(NEXT, old)
    consent(client)
    client.post(NEXT, old)
    assert statuses() == ["returned", "active"]
    finish(Participant.objects.get(status="active"))
    client.post(NEXT, {"leaves": "2"})  # ended meanwhile, in another tab
    assert statuses() == ["returned", "completed"]
    assert "I agree to take part" in look(client).text


def test_a_consent_sent_twice_is_one_persons(client: Client) -> None:
    make_recruited("in_person")
    form = hidden(look(client).text) | {"agree": "on"}
    assert [client.post(DOOR, form).headers["Location"] for _ in range(2)] == [WAY, WAY]
    late = hidden(look(Client()).text) | {"agree": "on"}  # a page that lay open since before
    assert "Is that you?" in client.post(DOOR, late).text
    assert statuses() == ["active"]


def test_who_brings_an_id_is_asked_nothing(client: Client) -> None:
    make_recruited("in_person")
    consent(client, pid="p-1")
    assert look(client, pid="p-1").headers["Location"] == WAY
    assert "I agree to take part" in look(client, pid="p-2").text


def test_next_person_is_a_post_of_laboratories_only(client: Client) -> None:
    make_recruited("link")
    consent(client)
    client.post(NEXT, {"leaves": "1"})
    assert look(client).headers["Location"] == WAY
    finish(Participant.objects.get())
    assert client.get(NEXT).status_code == 405
    client.post(NEXT)
    page = client.get(WAY).text
    assert "DONE-1" in page
    assert "Next person" not in page
    assert Client().post(NEXT).headers["Location"] == DOOR


# ---- a researcher who plays the pilot ----


@pytest.fixture
def pilot() -> Study:
    study = make_recruited("link")
    services.study_pause(study=study)
    services.study_pilot(study=study)
    return study


def signed_in(client: Client, study: Study, role: str) -> Client:
    user = User.objects.create_user("ada", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    study.editors.add(user)
    client.force_login(user)
    return client


@pytest.mark.parametrize("is_open", [False, True])
def test_a_researcher_forgets_the_session_that_ended(
    client: Client, pilot: Study, is_open: bool
) -> None:
    consent(signed_in(client, pilot, "researcher"))
    assert AGAIN not in client.get(WAY).text
    finish(Participant.objects.get())
    if is_open:
        services.study_open(study=pilot)
    assert AGAIN in client.get(WAY).text
    client.post(NEXT)
    consent(client)
    stages = Participant.objects.order_by("pk").values_list("stage", flat=True)
    assert list(stages) == ["pilot", "live" if is_open else "pilot"]


@pytest.mark.parametrize("role", [None, "analyst"])
def test_nobody_else_takes_part_twice(client: Client, pilot: Study, role: str | None) -> None:
    if role:
        signed_in(client, pilot, role)
    consent(client)
    finish(Participant.objects.get())
    services.study_open(study=pilot)
    assert AGAIN not in client.get(WAY).text
    client.post(NEXT)
    assert look(client).headers["Location"] == WAY


def test_a_researcher_who_took_part_in_earnest_stays_in(client: Client) -> None:
    study = make_recruited("link")
    consent(signed_in(client, study, "researcher"))
    finish(Participant.objects.get())
    assert AGAIN not in client.get(WAY).text
    client.post(NEXT)
    assert look(client).headers["Location"] == WAY
