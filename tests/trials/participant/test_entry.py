"""The door: looking takes nothing, consent takes a place, and everyone finds the way back in."""

from __future__ import annotations

import logging
import random
import time
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from tests.trials.doors import (
    DOOR,
    PID,
    PROJECT,
    PROLIFIC,
    SESSION,
    WAY,
    consent,
    finish,
    hidden,
    look,
    make_recruited,
)
from tests.trials.tab import Tab, person_in
from trials import services
from trials.models import Condition, Identity, Participant, Study
from trials.simulation.robots import Robot, play

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_link_scanner_takes_no_place_and_no_session(client: Client, method: str) -> None:
    make_recruited("prolific")
    for _ in range(3):
        assert getattr(client, method)(DOOR, PROLIFIC).status_code == 200
    assert not Participant.objects.exists()
    assert not Identity.objects.exists()
    assert not client.session.keys()


def test_the_consent_needs_nothing_but_the_page(client: Client) -> None:
    make_recruited("prolific")
    form = hidden(look(client, **PROLIFIC).text)
    answer = Tab().post(DOOR, form | {"agree": "on"})  # another browser, without the query
    assert answer.headers["Location"] == WAY
    identity = Identity.objects.get()
    assert (identity.person_id, identity.submission_id, identity.project_id) == (
        PID,
        SESSION,
        PROJECT,
    )


def test_ids_are_in_no_text_no_redirect_and_no_log(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    make_recruited("prolific")
    with caplog.at_level(logging.DEBUG):
        page = look(client, **PROLIFIC)
        answer = consent(client, **PROLIFIC)
        again = look(Tab(), **PROLIFIC)
        bad = look(client, PROLIFIC_PID="x" * 23)
    seen = (page.text, str(answer.headers), str(again.headers), client.get(WAY).text)
    assert not any(item in text for item in (PID, SESSION, PROJECT) for text in seen)
    logged = [item for item in caplog.text.splitlines() if "django.db" not in item]
    assert not any(item in line for item in (PID, SESSION, "x" * 23) for line in logged)
    assert bad.status_code == 400
    assert page.headers["Referrer-Policy"] == "strict-origin"


@pytest.mark.parametrize("ids", [{}, {"PROLIFIC_PID": "{{%PROLIFIC_PID%}}"}, {"pid": "p"}])
def test_a_wrong_link_is_explained(client: Client, ids: dict[str, str]) -> None:
    make_recruited("prolific")
    page = look(client, **ids)
    assert page.status_code == 400
    assert "This link does not work" in page.text
    assert "PROLIFIC_PID" in page.text


@pytest.mark.parametrize("sealed", ["", "forged", "a:b:c"])
def test_a_post_that_does_not_say_who_comes_is_refused(client: Client, sealed: str) -> None:
    make_recruited("prolific")
    form = {"agree": "on", "enrolment_key": "x" * 20, "arrival": sealed}
    assert client.post(DOOR, form).status_code == 400
    assert not Participant.objects.exists()


@pytest.mark.parametrize(
    "change", [{"study": 0}, {"key": "y" * 20}, {"arrival": {"channel": "link"}}, {"arrival": {}}]
)
def test_a_seal_of_another_page_is_refused(client: Client, change: dict[str, Any]) -> None:
    study = make_recruited("prolific")
    arrival = {"channel": "prolific", "person_id": PID}
    seal = {"study": study.pk, "key": "x" * 20, "arrival": arrival} | change
    form = {"agree": "on", "enrolment_key": "x" * 20}
    page = client.post(DOOR, form | {"arrival": signing.dumps(seal, salt="trials.arrival")})
    assert page.status_code == 400
    assert "changed on its way" in page.text


def test_a_page_older_than_a_day_asks_again_and_still_knows_who_came(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_recruited("prolific")
    form = hidden(look(client, **PROLIFIC).text)
    later = time.time() + 24 * 3600 + 5
    monkeypatch.setattr(time, "time", lambda: later)
    page = client.post(DOOR, form | {"agree": "on"})
    assert "open for more than a day" in page.text
    assert not Participant.objects.exists()
    client.post(DOOR, hidden(page.text) | {"agree": "on"})
    assert Identity.objects.get().person_id == PID


def test_without_the_tick_the_page_comes_back_with_who_came(client: Client) -> None:
    make_recruited("prolific")
    page = client.post(DOOR, hidden(look(client, **PROLIFIC).text))
    assert "please tick the box" in page.text
    client.post(DOOR, hidden(page.text) | {"agree": "on"})
    assert Identity.objects.get().person_id == PID


@pytest.mark.parametrize("channel", ["prolific", "mturk", "in_person"])
def test_a_robot_needs_no_platform_and_no_device(channel: str) -> None:
    study = make_recruited(channel, codes={}, device={"kinds": ["phone"], "min_width": 300})
    robot = play(study, Robot(), random.Random(1))
    assert (robot.status, robot.person_hash) == ("completed", "")


# ---- coming back ----


def test_the_same_id_on_another_device_goes_on_at_the_same_place(client: Client) -> None:
    make_recruited("prolific")
    consent(client, **PROLIFIC)
    client.post(WAY, {"step": "0"})
    phone = Tab()
    assert look(phone, **PROLIFIC).headers["Location"] == WAY
    assert 'name="step" value="1"' in phone.get(WAY).text
    assert Participant.objects.count() == 1


def test_agreeing_again_on_another_device_is_the_same_person(client: Client) -> None:
    make_recruited("prolific")
    form = hidden(look(Tab(), **PROLIFIC).text)
    consent(client, **PROLIFIC)
    tablet = Tab()
    assert tablet.post(DOOR, form | {"agree": "on"}).headers["Location"] == WAY
    assert Participant.objects.count() == 1
    assert tablet.get(WAY).status_code == 200


def test_who_is_in_needs_no_id_to_go_on_in_the_same_browser(client: Client) -> None:
    make_recruited("prolific")
    consent(client, **PROLIFIC)
    assert look(client).headers["Location"] == WAY
    assert look(Tab()).status_code == 400
    assert look(client, PROLIFIC_PID="damaged").status_code == 400


def test_a_head_request_with_a_known_id_opens_no_session(client: Client) -> None:
    make_recruited("prolific")
    consent(client, **PROLIFIC)
    scanner = Tab()
    assert scanner.head(DOOR, PROLIFIC).status_code == 302
    assert not scanner.session.keys()


def test_who_finished_sees_the_code_again_even_when_the_study_is_closed(client: Client) -> None:
    make_recruited("prolific")
    consent(client, **PROLIFIC)
    finish(Participant.objects.get())
    Study.objects.update(status="closed")
    other = Tab()
    look(other, **PROLIFIC)
    assert "complete?cc=DONE-1" in other.get(WAY).text


def test_another_id_in_the_same_browser_is_another_person(client: Client) -> None:
    make_recruited("prolific")
    consent(client, **PROLIFIC)
    bob = PROLIFIC | {"PROLIFIC_PID": "8c" * 12, "SESSION_ID": "9d" * 12}
    consent(client, **bob)
    assert Participant.objects.count() == 2
    look(client, **PROLIFIC)
    assert person_in(client) == Participant.objects.get(identity__person_id=PID)


def test_a_finished_person_with_another_submission_gets_no_second_code(client: Client) -> None:
    make_recruited("prolific")
    consent(client, **PROLIFIC)
    finish(Participant.objects.get())
    page = look(client, **(PROLIFIC | {"SESSION_ID": "9d" * 12}))
    assert page.status_code == 403
    assert "took part" in page.text
    assert "DONE-1" not in page.text


def test_who_takes_the_task_up_again_goes_on_under_the_new_submission(client: Client) -> None:
    study = make_recruited("prolific")
    consent(client, **PROLIFIC)
    look(client, **(PROLIFIC | {"SESSION_ID": "9d" * 12}))
    assert Identity.objects.get().submission_id == "9d" * 12
    assert study.log.filter(action__contains="another submission").count() == 1


def test_where_repeats_are_allowed_the_old_code_is_one_click_away(client: Client) -> None:
    make_recruited("prolific", quality={"repeat": "allow"})
    consent(client, **PROLIFIC)
    finish(Participant.objects.get())
    again = PROLIFIC | {"SESSION_ID": "9d" * 12}
    page = look(client, **again)
    assert "taken part in this study before" in page.text
    client.post(DOOR, hidden(page.text) | {"again": "yes"})
    assert "DONE-1" in client.get(WAY).text
    stranger = Tab()
    page = look(stranger, **again)
    assert "taken part in this study before" not in page.text
    stranger.post(DOOR, hidden(page.text) | {"again": "yes"})
    assert "DONE-1" not in stranger.get(DOOR, follow=True).text


def test_a_person_of_the_pilot_is_told_so_before_reading(client: Client) -> None:
    study = make_recruited("link")
    services.study_pause(study=study)
    services.study_pilot(study=study)
    consent(client, pid="alice")
    finish(Participant.objects.get())
    services.study_open(study=study)
    page = look(Tab(), pid="alice")
    assert (page.status_code, "You took part before" in page.text) == (403, True)


# ---- full and closed ----


def fill() -> None:
    """Leave one place in all, and let someone take it."""
    Condition.objects.exclude(name="kNN").update(is_on=False)
    Condition.objects.filter(name="kNN").update(quota=1)
    services.participant_enrol(
        study=Study.objects.get(), enrolment_key="first-person-here", is_simulated=False
    )


def test_full_for_now_is_said_before_anyone_reads(client: Client) -> None:
    make_recruited("prolific")
    fill()
    page = look(client, **PROLIFIC)
    assert (page.status_code, "taken for now" in page.text) == (403, True)
    services.participant_return(participant=Participant.objects.get())
    again = client.post(DOOR, hidden(page.text))
    assert "I agree to take part" in again.text  # trying again asks; it does not agree
    assert Participant.objects.count() == 1
    client.post(DOOR, hidden(again.text) | {"agree": "on"})
    assert Identity.objects.get().person_id == PID


def test_who_agreed_tries_again_without_agreeing_twice(client: Client) -> None:
    make_recruited("prolific")
    form = hidden(look(client, **PROLIFIC).text)
    fill()
    page = client.post(DOOR, form | {"agree": "on", "device_kind": "tablet"})
    assert "taken for now" in page.text
    services.participant_return(participant=Participant.objects.get())
    assert client.post(DOOR, hidden(page.text)).headers["Location"] == WAY
    assert Identity.objects.get().participant.device["kind"] == "tablet"


def test_full_for_good_offers_nothing_to_try(client: Client) -> None:
    make_recruited("prolific")
    fill()
    finish(Participant.objects.get())
    page = look(client, **PROLIFIC)
    assert "study is complete" in page.text
    assert "Try again" not in page.text


def test_with_every_arm_off_the_study_is_not_open(client: Client) -> None:
    make_recruited("link")
    form = hidden(look(client).text)
    Condition.objects.update(is_on=False)
    for page in (look(client), client.post(DOOR, form | {"agree": "on"})):
        assert (page.status_code, "This study is not open" in page.text) == (403, True)
    assert not Participant.objects.exists()
