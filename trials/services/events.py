"""What a person's browser tells beside the answers: a slow image, the window left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from trials.models import Event, Participant

# More than any session tells; whoever sends on and on fills no disk.
MAX_EVENTS = 5000


@dataclass(frozen=True, slots=True)
class ClientEvent:
    """Something that the browser told, see ``models.Event``."""

    kind: str
    at_ms: int
    detail: str = ""


def events_add(*, participant: Participant, step: int, events: Sequence[ClientEvent]) -> None:
    """Store what a page told without going on."""
    if participant.events.count() < MAX_EVENTS:
        events_store(participant, step, events, timezone.now())


def events_store(
    participant: Participant, step: int, events: Sequence[ClientEvent], now: datetime
) -> None:
    """Keep what the page told, once. Of a step that is not reached yet, nothing is believed."""
    if step > participant.step:
        return
    Event.objects.bulk_create(
        (
            Event(
                participant=participant,
                step=step,
                kind=each.kind,
                at_ms=each.at_ms,
                detail=each.detail[:200],
                received_at=now,
            )
            for each in events
        ),
        ignore_conflicts=True,
    )
