"""What a person's browser tells beside the answers: a slow image, the window left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from trials.models import Event, Participant
from trials.services.outcomes import participant_locked
from trials.steps.submission import ClientEvent

# More than any session tells; whoever sends on and on fills no disk.
MAX_EVENTS = 5000


@transaction.atomic
def events_add(*, participant: Participant, step: int, events: Sequence[ClientEvent]) -> None:
    """Store what a page told without going on.

    The lock keeps a page that is left apart from a withdrawal that deletes at that moment.
    """
    events_store(participant_locked(participant), step, events, timezone.now())


def events_store(
    participant: Participant, step: int, events: Sequence[ClientEvent], now: datetime
) -> None:
    """Keep what the page told, once. The caller holds the participant's lock.

    Of a step that is not reached yet, nothing is believed; of someone who withdrew, nothing kept;
    of one person, at most ``MAX_EVENTS``, by whatever way they come.
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
