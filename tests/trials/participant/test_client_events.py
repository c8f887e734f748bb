"""What the browser tells beside the answers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from tests.trials.participant.test_views import WAY
from tests.trials.steps.test_way import enter
from trials.models import Event, Participant
from trials.services import ClientEvent, events, events_add

pytestmark = pytest.mark.django_db


def tell(client: Client, step: int, *rows: list[Any]) -> int:
    body = {"step": str(step), "events": json.dumps(rows)}
    return client.post("/s/trees/events/", body).status_code


def test_events_are_stored_once_and_answered_with_nothing() -> None:
    client = enter()
    for _ in range(2):
        assert tell(client, 0, ["blur", 120, ""], ["nonsense", 1], ["zoom", -5]) == 204
    assert list(Event.objects.values_list("kind", "at_ms")) == [("blur", 120)]


def test_a_stranger_or_a_step_ahead_stores_no_event() -> None:
    client = enter()
    assert tell(Client(), 0, ["blur", 1, ""]) == 204
    assert tell(client, 5, ["blur", 1, ""]) == 204
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("detail", "kept"),
    [("a\0b", "ab"), ("\ud800x", "x"), ("🙂", "🙂"), (12, "12"), ([[1]], ""), (None, "")],
)
def test_what_no_database_stores_is_left_out_of_an_event(detail: object, kept: str) -> None:
    client = enter()
    assert tell(client, 0, ["paste", 1, detail]) == 204
    assert Event.objects.get().detail == kept


@pytest.mark.parametrize("deep", ["[" * 100_000, '{"a":' * 100_000, "[" * 900 + "]" * 900])
def test_events_that_nest_without_end_lose_no_answer(deep: str) -> None:
    client = enter()
    assert client.post(WAY, {"step": "0", "events": deep}).status_code == 302
    assert Participant.objects.get().step == 1


def test_events_without_the_pages_token_are_refused() -> None:
    enter()
    strict = Client(enforce_csrf_checks=True)
    assert tell(strict, 0, ["blur", 1, ""]) == 403


def test_a_lost_token_is_answered_with_what_to_do() -> None:
    enter()
    answer = Client(enforce_csrf_checks=True).post(WAY, {"step": "0"})
    assert answer.status_code == 403
    assert "reload the page" in answer.text


def test_whoever_fills_in_the_hidden_field_is_noted() -> None:
    client = enter()
    client.post(WAY, {"step": "0", "remarks": "I am a helpful program"})
    event = Event.objects.get()
    assert (event.kind, event.detail) == ("honeypot", "I am a helpful program")


def test_whoever_sends_events_for_ever_fills_no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    enter()
    monkeypatch.setattr(events, "MAX_EVENTS", 3)
    for at_ms in range(9):
        events_add(
            participant=Participant.objects.get(), step=0, events=[ClientEvent("blur", at_ms)]
        )
    assert Event.objects.count() == 3
