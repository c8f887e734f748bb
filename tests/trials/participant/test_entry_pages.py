"""What the door and the last pages say: information, refusals, devices, codes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import make_plan, make_study
from tests.trials.doors import (
    CODES,
    DOOR,
    MTURK,
    PROLIFIC,
    WAY,
    consent,
    finish,
    hidden,
    look,
    make_recruited,
)
from trials.models import Event, Participant

pytestmark = pytest.mark.django_db


# ---- the information ----


def test_the_information_is_made_of_the_document(client: Client) -> None:
    make_recruited(
        "prolific",
        contact="lab@example.org",
        ethics="Board 12/34",
        max_minutes=45,
        minutes=17,
        quality={"n_attention": 2, "max_failed_attention": 1, "attention_end": "end"},
        consent={"version": "7b", "minimum_age": 21},
        device={"kinds": ["computer", "tablet"], "min_width": 900},
    )
    page = " ".join(look(client, **PROLIFIC).text.split())
    for words in (
        "need a computer or a tablet, with a window at least 900 pixels wide",
        "About 17 minutes", "in one sitting", "2.50 GBP", "Board 12/34",
        "lab@example.org", "ends 45 minutes after",
        "2 questions only check", "if you answer more than 1 of them differently",
        "at least 21 years old", "Version 7b", "deleted", "3 of the 4 check photos",
    ):  # fmt: skip
        assert words in page


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (1, "1 question only checks that you read carefully. It says which answer to give."),
        (2, "2 questions only check that you read carefully. Each of them says which answer"),
    ],
)
def test_one_attention_check_and_several_are_announced(client: Client, n: int, words: str) -> None:
    make_recruited("link", quality={"n_attention": n})
    assert words in look(client).text


def test_what_the_document_leaves_out_is_not_promised(client: Client) -> None:
    stages = [{"kind": "test", "n": 6, "n_sets": 2}]
    make_study(plan=make_plan(stages=stages, consent={"minimum_age": 0}))
    page = look(client).text
    for words in ("paid", "Ethics", "years old", "attention", "check photos", "to practise"):
        assert words not in page


def test_an_own_text_replaces_the_points_and_is_escaped(client: Client) -> None:
    make_recruited("link", consent={"text": "Our own words.\n\nMore <b>words</b>."})
    page = look(client).text
    assert "<p>Our own words.</p>" in page
    assert "&lt;b&gt;" in page
    assert "What you should know" not in page


def test_the_consents_version_is_stored(client: Client) -> None:
    make_recruited("link", consent={"version": "2026-03"})
    consent(client)
    assert Participant.objects.get().consent_version == "2026-03"


# ---- declining ----


def test_declining_stores_nothing_and_shows_its_own_code(client: Client) -> None:
    make_recruited("prolific")
    form = hidden(look(client, **PROLIFIC).text)
    page = client.post(DOOR, form | {"decline": "yes"})
    assert CODES["no_consent"] in page.text
    assert "complete?cc=NO-4" in page.text
    assert not Participant.objects.exists()
    assert not client.session.keys()


@pytest.mark.parametrize(
    ("channel", "words"),
    [("prolific", "return your place"), ("mturk", "return the HIT"), ("link", "may close this")],
)
def test_declining_without_a_code_says_what_to_do(client: Client, channel: str, words: str) -> None:
    make_recruited(channel, codes={})
    ids = PROLIFIC | {"workerId": "A1B2C3"}
    page = client.post(DOOR, hidden(look(client, **ids).text) | {"decline": "yes"})
    assert words in page.text


# ---- the device ----

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5) AppleWebKit/605 Version/17 Mobile Safari/604"


@pytest.mark.parametrize("said", [{}, {"device_kind": "phone"}])
def test_a_phone_is_refused_where_computers_are_wanted(said: dict[str, str]) -> None:
    make_recruited("link", device={"kinds": ["computer"]})
    phone = Client(headers={"User-Agent": PHONE})
    page = look(phone)
    assert "<noscript>" in page.text
    answer = phone.post(DOOR, hidden(page.text) | {"agree": "on"} | said)
    assert (answer.status_code, "another device" in answer.text) == (403, True)
    assert not Participant.objects.exists()


def test_a_window_too_narrow_is_refused(client: Client) -> None:
    make_recruited("link", device={"min_width": 900})
    form = hidden(look(client).text) | {"agree": "on", "device_kind": "computer"}
    assert client.post(DOOR, form | {"device_width": "899"}).status_code == 403
    assert client.post(DOOR, form | {"device_width": "900"}).status_code == 302


def test_of_the_browser_only_its_family_is_stored(client: Client) -> None:
    make_recruited("link")
    phone = Client(headers={"User-Agent": PHONE}, REMOTE_ADDR="203.0.113.7")
    consent(phone, pid="alice")
    person = Participant.objects.values().get()
    assert person["device"]["browser"] == "Safari"
    assert "iPhone" not in str(person)
    assert "203.0.113.7" not in str(person)


def test_a_session_that_goes_on_by_another_device_is_logged_and_not_stopped(client: Client) -> None:
    make_recruited("prolific", device={"kinds": ["computer"]})
    consent(client, **PROLIFIC)
    look(Client(), **PROLIFIC)  # another computer
    assert not Event.objects.exists()
    phone = Client(headers={"User-Agent": PHONE})
    phone.head(DOOR, PROLIFIC)
    assert not Event.objects.exists()
    for _ in range(2):
        assert look(phone, **PROLIFIC).headers["Location"] == WAY
    event = Event.objects.get()
    assert (event.step, event.kind, event.detail) == (0, "other_device", "phone")


def test_who_finished_may_look_at_the_code_on_a_phone(client: Client) -> None:
    make_recruited("prolific", device={"kinds": ["computer"]})
    consent(client, **PROLIFIC)
    finish(Participant.objects.get())
    look(Client(headers={"User-Agent": PHONE}), **PROLIFIC)
    assert not Event.objects.exists()


# ---- the last pages ----


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("completed", "Thank you!"),
        ("failed_validation", "Thank you for trying"),
        ("failed_attention", "The study ends here"),
        ("timed_out", "The time is over"),
    ],
)
def test_every_outcome_has_its_page_and_its_code(client: Client, status: str, words: str) -> None:
    make_recruited("prolific", max_minutes=30)
    consent(client, **PROLIFIC)
    finish(Participant.objects.get(), status, CODES[status])
    page = client.get(WAY).text
    assert words in page
    assert f"complete?cc={CODES[status]}" in page
    assert not any(code in page for name, code in CODES.items() if name != status)
    assert ("cannot promise" in page) == (status != "completed")


@pytest.mark.parametrize("status", ["completed", "failed_validation", "timed_out"])
def test_the_way_back_goes_by_itself_where_a_link_carries_the_code(
    client: Client, status: str
) -> None:
    make_recruited("prolific")
    consent(client, **PROLIFIC)
    finish(Participant.objects.get(), status, CODES[status])
    page = client.get(WAY).text
    counting = '<div class="leaving" data-leaving="Prolific" data-seconds="60" hidden>'
    assert page.index('id="code"') < page.index(counting)


@pytest.mark.parametrize(
    ("channel", "ids", "code"),
    [
        ("prolific", PROLIFIC, "TO123"),  # unknown to Prolific: no link carries it
        ("prolific", PROLIFIC, ""),
        ("mturk", MTURK, "DONE-1"),
        ("link", {}, "DONE-1"),
        ("in_person", {}, "DONE-1"),
    ],
)
def test_everybody_else_stays(client: Client, channel: str, ids: dict[str, str], code: str) -> None:
    make_recruited(channel)
    consent(client, **ids)
    finish(Participant.objects.get(), "completed" if code else "returned", code)
    page = client.get(WAY)
    assert page.status_code == 200
    assert "data-leaving" not in page.text


@pytest.mark.parametrize("status", ["returned", "withdrawn"])
def test_who_left_sees_a_page_without_a_code(client: Client, status: str) -> None:
    make_recruited("prolific")
    consent(client, **PROLIFIC)
    finish(Participant.objects.get(), status, "")
    page = client.get(WAY)
    assert page.status_code == 200
    assert 'id="code"' not in page.text


def test_a_code_that_prolific_does_not_know_is_no_link(client: Client) -> None:
    make_recruited("prolific", codes={})
    consent(client, **PROLIFIC)
    finish(Participant.objects.get(), "timed_out", "TO123")
    page = client.get(WAY).text
    assert "complete?cc" not in page
    assert "in a message" in page


def test_a_session_past_its_time_ends_with_its_code(client: Client) -> None:
    make_recruited("prolific", max_minutes=30)
    consent(client, **PROLIFIC)
    long_ago = timezone.now() - timedelta(minutes=31)
    Participant.objects.update(consented_at=long_ago)
    assert CODES["timed_out"] in client.get(WAY).text
