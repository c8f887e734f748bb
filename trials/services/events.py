"""Events that a person's browser reports with the answers: a slow image, the window left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from trials.models import Event, Participant
from trials.services.outcomes import participant_locked
from trials.steps.submission import ClientEvent

# More than any real session sends; the limit keeps a client from filling the disk.
MAX_EVENTS = 5000


@transaction.atomic
def events_add(*, participant: Participant, step: int, events: Sequence[ClientEvent]) -> None:
    """Store the events of a page without a step forward.

    The lock prevents a race with a withdrawal that deletes the events at that moment.
    """
    events_store(participant_locked(participant), step, events, timezone.now())


def events_store(
    participant: Participant, step: int, events: Sequence[ClientEvent], now: datetime
) -> None:
    """Store a page's events once (idempotent). The caller holds the participant's lock.

    Events of a step that is not reached yet are ignored, and so are those of a person who withdrew.
    A person has at most ``MAX_EVENTS``, from all sources together.
    """
    is_over = participant.status == Participant.Status.WITHDRAWN
    if not events or step > participant.step or is_over:
        return
    n_free = max(0, MAX_EVENTS - participant.events.count())
    Event.objects.bulk_create(
        (
            Event(
                participant=participant,
                step=step,
                kind=event.kind,
                at_ms=event.at_ms,
                detail=event.detail[:200],
                received_at=now,
            )
            for event in events[:n_free]
        ),
        ignore_conflicts=True,
    )
