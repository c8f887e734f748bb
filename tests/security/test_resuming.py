"""A session that was begun elsewhere: nobody gets in by an id that others may know."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from tests.trials.doors import (
    DOOR,
    MTURK,
    NEXT,
    PROLIFIC,
    WAY,
    consent,
    finish,
    hidden,
    look,
    make_recruited,
)
from tests.trials.tab import Tab, person_in
from trials import services
from trials.models import Identity, Participant
from trials.participant import links

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

OTHER = "9d" * 12
PROLIFIC_WAYS: dict[str, dict[str, str]] = {
    "the id alone": {"SESSION_ID": "", "STUDY_ID": ""},
    "another submission": {"SESSION_ID": OTHER},
    "the id in other letters": {"PROLIFIC_PID": PROLIFIC["PROLIFIC_PID"].upper(), "SESSION_ID": ""},
    "an unfilled submission": {"SESSION_ID": "{{%SESSION_ID%}}"},
    "the id as the submission": {"SESSION_ID": PROLIFIC["PROLIFIC_PID"]},
    "a blank around it": {"PROLIFIC_PID": f" {PROLIFIC['PROLIFIC_PID']} ", "SESSION_ID": OTHER},
    "a key of one's own": {"SESSION_ID": "", "key": "x" * 43, "pid": PROLIFIC["PROLIFIC_PID"]},
}
STATES = ["active", "completed"]


def shut_out(stranger: Tab, person: Participant) -> None:
    """Check that a browser sees and changes nothing of a person's session."""
    before = Participant.objects.filter(pk=person.pk).values().get()
    known = Identity.objects.filter(participant=person).values().first()
    pages = [stranger.get(WAY, follow=True), stranger.get(f"{DOOR}stop/", follow=True)]
    for address in (WAY, f"{DOOR}stop/", NEXT, f"{DOOR}events/"):
        sent = {"step": "0", "answer": "yes", "answers": "delete", "leaves": "yes"}
        pages.append(stranger.post(address, sent, follow=True))
    for page in pages:
        told = page.text
        assert not any(name in told for name in ("DONE-1", "stop/?shown_to", 'name="rt_ms"'))
    assert person_in(stranger) != person
    assert Participant.objects.filter(pk=person.pk).values().get() == before
    assert Identity.objects.filter(participant=person).values().first() == known


def came(channel: str, ids: dict[str, str], state: str, **changes: Any) -> Participant:
    """Let a person come, and perhaps finish."""
    make_recruited(channel, **changes)
    consent(Tab(), **ids)
    person = Participant.objects.get()
    if state == "completed":
        finish(person)
    return person


@pytest.mark.parametrize("repeat", ["block", "allow"])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("way", PROLIFIC_WAYS)
def test_no_way_leads_into_a_session_of_prolific(way: str, state: str, repeat: str) -> None:
    person = came("prolific", PROLIFIC, state, quality={"repeat": repeat})
    stranger = Tab()
    page = look(stranger, **(PROLIFIC | PROLIFIC_WAYS[way]))
    assert page.status_code in {200, 403}
    if state == "active":
        assert "This session goes on elsewhere" in page.text
    for answer in ({"again": "yes"}, {"retry": "yes"}):
        stranger.post(DOOR, hidden(page.text) | answer)
    shut_out(stranger, person)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("ids", [{"assignmentId": ""}, {"assignmentId": "3OTHER"}])
def test_no_worker_walks_into_anothers_session(ids: dict[str, str], state: str) -> None:
    person = came("mturk", MTURK, state)
    stranger = Tab()
    look(stranger, **(MTURK | ids))
    shut_out(stranger, person)


@pytest.mark.parametrize("channel", ["link", "in_person"])
@pytest.mark.parametrize("state", STATES)
def test_no_guessed_id_leads_into_a_session(channel: str, state: str) -> None:
    person = came(channel, {"pid": "17"}, state)
    for n in range(1, 100, 4):
        stranger = Tab()
        look(stranger, pid=str(n))
        assert person_in(stranger) is None
    shut_out(stranger, person)


def test_a_consent_by_a_bare_id_takes_over_no_session() -> None:
    make_recruited("link")
    stranger, own = Tab(), Tab()
    page = look(stranger, pid="17").text  # opened before the person came
    consent(own, pid="17")
    answer = stranger.post(DOOR, hidden(page) | {"agree": "on"})
    assert (answer.status_code, Participant.objects.count()) == (403, 1)
    shut_out(stranger, Participant.objects.get())


def test_no_cookie_of_another_study_or_of_ones_own_making_lets_anybody_in() -> None:
    person = came("link", {"pid": "17"}, "active")
    stranger = Tab()
    for value in (person.token, f"{person.token}:x:y", str(person.pk), "17"):
        stranger.cookies[f"person_{person.study_id}"] = value
        stranger.cookies["sessionid"] = value
        shut_out(stranger, person)


# ---- and who it is gets in ----


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("channel", "ids"), [("prolific", PROLIFIC), ("mturk", MTURK)])
def test_with_both_ids_and_no_cookie_the_person_goes_on(
    channel: str, ids: dict[str, str], state: str
) -> None:
    person = came(channel, ids, state)
    browser = Tab()
    assert look(browser, **ids).headers["Location"] == WAY
    assert person_in(browser) == person
    assert ("DONE-1" in browser.get(WAY).text) == (state == "completed")


def test_a_signed_link_begins_a_session_and_goes_on_with_it_in_any_browser() -> None:
    study = make_recruited("link")
    link = links.person_link(study, "17")
    first = Tab()
    first.post(DOOR, hidden(first.get(link).text) | {"agree": "on"})
    second = Tab()
    assert second.get(link).headers["Location"] == WAY
    assert person_in(second) == Participant.objects.get()


def test_the_command_prints_a_link_for_each_person(capsys: pytest.CaptureFixture[str]) -> None:
    study = make_recruited("link")
    call_command("person_links", "trees", "17", "p-18", "--site", "https://a.example/")
    printed = capsys.readouterr().out.split()
    assert printed == [f"https://a.example{links.person_link(study, p)}" for p in ("17", "p-18")]
    with pytest.raises(CommandError, match="printable"):
        call_command("person_links", "trees", "two words")
    with pytest.raises(CommandError, match="No study 'elms'"):
        call_command("person_links", "elms", "17")


def test_the_command_makes_no_links_where_a_platform_makes_them() -> None:
    make_recruited("prolific")
    with pytest.raises(CommandError, match="recruits by Prolific, which makes the links"):
        call_command("person_links", "trees", "17")


@pytest.mark.parametrize("change", [("pid=17", "pid=18"), ("key=", "key=x"), ("&key=", "&kee=")])
def test_a_changed_link_proves_nothing(change: tuple[str, str]) -> None:
    study = make_recruited("link")
    for pid in ("17", "18"):
        consent(Tab(), pid=pid)
    stranger = Tab()
    assert stranger.get(links.person_link(study, "17").replace(*change)).status_code == 403
    assert person_in(stranger) is None


def test_a_link_back_leads_to_its_session_until_the_person_is_released() -> None:
    person = came("link", {"pid": "17"}, "active")
    link, browser = links.way_back(person), Tab()
    assert browser.head(link).status_code == 302
    assert person_in(browser) is None  # a link scanner takes nothing
    assert browser.get(link).headers["Location"] == WAY
    assert person_in(browser) == person
    assert Tab().get(link[:-2]).status_code == 400
    services.participant_release(participant=person)
    assert "no longer valid" in Tab().get(link).text


def test_who_was_released_begins_anew_in_the_same_browser() -> None:
    make_recruited("link")
    browser = Tab()
    consent(browser)
    services.participant_release(participant=Participant.objects.get())
    consent(browser)
    assert person_in(browser) == Participant.objects.get(is_released=False)


# ---- many at once ----


def test_a_laboratory_fits_into_the_limit_and_a_flood_does_not(settings: Settings) -> None:
    make_recruited("link")
    settings.CONSENTS_PER_ADDRESS = 3
    answers = [consent(Tab()) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [302, 302, 302, 429, 429]
    assert "try again in a few minutes" in answers[-1].text
    assert Participant.objects.count() == 3
    tab = Tab(REMOTE_ADDR="10.0.0.2")
    assert consent(tab).status_code == 302


def test_the_standard_limit_lets_a_full_laboratory_begin(settings: Settings) -> None:
    assert settings.CONSENTS_PER_ADDRESS >= 50
