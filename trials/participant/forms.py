"""The forms that a participant's page may send."""

from __future__ import annotations

import json
from typing import Any

from django import forms

from trials.models import Event
from trials.models.answers import Input
from trials.services import ClientEvent, Submission

ONE_DAY_MS = 24 * 3600 * 1000
MAX_EVENTS = 500
MOST_PX = 9999
# The server alone notes an answer that it computed.
TOLD = set(Event.Kind.values) - {Event.Kind.RERANKED}


def milliseconds(text: object) -> int | None:
    """Return whole milliseconds; an impossible time is None, and the answer is still accepted."""
    said = str(text)
    is_a_time = said.isascii() and said.isdecimal() and len(said) <= len(str(ONE_DAY_MS))
    return int(said) if is_a_time and int(said) <= ONE_DAY_MS else None


def pixels(text: object) -> int | None:
    """Return a width in whole CSS pixels; an impossible one is None."""
    said = str(text)
    is_width = said.isascii() and said.isdecimal() and len(said) <= len(str(MOST_PX))
    return int(said) if is_width and 0 < int(said) <= MOST_PX else None


def storable(text: str) -> str:
    """Return a text without characters that no database stores (NUL, lone surrogates).

    A line's end becomes one character, as in the browser, which counts and limits the typed text.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return lines.encode("utf-8", "ignore").decode("utf-8")


def client_events(text: str) -> list[ClientEvent]:
    """Read the events that a page recorded: ``[[kind, at_ms, detail], ...]``.

    Events that cannot be read are left out, so that a broken log never costs an answer.
    """
    try:
        rows = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return []
    events = []
    for row in rows[:MAX_EVENTS] if isinstance(rows, list) else []:
        kind, at, detail = (*row, "", "", "")[:3] if isinstance(row, list) else ("", "", "")
        at_ms = milliseconds(at)
        if isinstance(kind, str) and kind in TOLD and at_ms is not None:
            said = str(detail) if isinstance(detail, str | int | float) else ""
            events.append(ClientEvent(kind, at_ms, storable(said)[:200]))
    return events


class EventsForm(forms.Form):
    """Events that a page sends while it is open, or when it is left."""

    step = forms.IntegerField(min_value=0, max_value=100_000)
    events = forms.CharField(required=False)

    def client_events(self) -> list[ClientEvent]:
        """Return the events that can be read."""
        return client_events(self.cleaned_data["events"])


class MaskForm(forms.Form):
    """The parts of the photo that a person has selected: 49 digits, row by row."""

    step = forms.IntegerField(min_value=0, max_value=100_000)
    mask = forms.RegexField("^[01]{49}$")
    at_ms = forms.IntegerField(min_value=0, max_value=ONE_DAY_MS)


class StepForm(EventsForm):
    """One completed step: its number, the answer if the step asks one, times and events."""

    answer = forms.TypedChoiceField(
        choices=[("yes", "Yes"), ("no", "No")],
        coerce=lambda value: value == "yes",
        empty_value=None,
        required=False,
    )
    choice = forms.CharField(required=False, max_length=10)
    confidence = forms.CharField(required=False, max_length=10)
    reason = forms.CharField(required=False)
    time_over = forms.CharField(required=False)
    rt_ms = forms.CharField(required=False)
    away_ms = forms.CharField(required=False)
    photo_px = forms.CharField(required=False)
    given_by = forms.CharField(required=False)
    # A honeypot: people do not see this field, so only a program fills it in.
    remarks = forms.CharField(required=False)

    def submission(self, raw: Any) -> Submission:
        """Return what the page sent; ``raw`` is the POST, with answers to questions."""
        data = self.cleaned_data
        given_by = data["given_by"] if data["given_by"] in Input.values else ""
        events = self.client_events()
        if data["remarks"]:
            events.append(ClientEvent(Event.Kind.HONEYPOT, 0, data["remarks"][:200]))
        return Submission(
            step=data["step"],
            is_yes=data["answer"],
            choice=data["choice"],
            confidence=data["confidence"],
            # Never cut, like the answers below.
            reason=storable(str(data["reason"])),
            is_time_over=bool(data["time_over"]),
            rt_ms=milliseconds(data["rt_ms"]),
            away_ms=milliseconds(data["away_ms"]),
            photo_px=pixels(data["photo_px"]),
            given_by=given_by,
            answers={
                # Never cut: a text that is too long is refused, and the page shows it again as
                # typed.
                name.removeprefix("q_"): storable(str(value))
                for name, value in raw.items()
                if name.startswith("q_")
            },
            events=events,
        )
