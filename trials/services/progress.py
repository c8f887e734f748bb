"""Progress through a session: a step is shown, answered once, and completed."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from django.db import connection, transaction
from django.utils import timezone

from trials.models import Participant, StepVisit, Trial
from trials.models.prepared import PreparedUpdate
from trials.services.answers import answers_missing
from trials.services.assignment import participant_assign
from trials.services.events import events_store
from trials.services.notices import full_note
from trials.services.outcomes import (
    finish,
    participant_locked,
    participant_now,
    participant_time_out,
)
from trials.steps.base import screen_of
from trials.steps.submission import Submission
from trials.study.design import ASKING, Step

# Tolerance for a page sent before its minimum time: clocks and networks are not exact.
TOLERANCE = timedelta(milliseconds=500)
# A last answer that reaches the server at most this long after the time limit still completes the
# session: the person may have given it in time, and the network may have delayed it.
GRACE = timedelta(minutes=2)


def step_show(*, participant: Participant) -> Participant:
    """Note that the current step's page was requested; keep the first time.

    A session whose time is over ends here. Returns the participant's current row.
    """
    now = timezone.now()
    if participant.is_active and _is_too_late(participant, now):
        participant_seen(participant=participant)
        return participant_time_out(participant=participant)
    if participant.is_active and _shown_note(participant, now):
        return participant
    if participant.is_active:  # it moved on since it was read, in another tab
        return step_show(participant=participant_now(participant))
    participant_seen(participant=participant)
    return participant


@transaction.atomic
def _shown_note(participant: Participant, now: datetime) -> bool:
    """Note that a person sees the current step; False if the session moved on meanwhile.

    The update of "last seen" locks the row, so no answer and no end comes in between.
    """
    if not _SEEN.run(participant.pk, participant.step, now):
        return False
    step = participant.script[participant.step]
    _visit_note(participant.pk, participant.step, step, now)
    if step.kind in ASKING:
        _PRESENTED.run(participant.pk, step.name, step.position, now)
    return True


def _visit_note(person: int, position: int, step: Step, now: datetime) -> None:
    """Store that a step was shown for the first time, or count that it was shown again."""
    shown_at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(_VISIT, [person, position, step.kind, step.name, shown_at])


_VISIT = """
INSERT INTO trials_stepvisit AS visit (participant_id, step, kind, name, shown_at, n_shown)
VALUES (%s, %s, %s, %s, %s, 1)
ON CONFLICT (participant_id, step) DO UPDATE SET n_shown = visit.n_shown + 1
"""
_SEEN = PreparedUpdate(
    lambda person, step, now: (
        Participant.objects.filter(pk=person, status=Participant.Status.ACTIVE, step=step),
        {"last_seen_at": now},
    ),
    int,
    int,
    datetime,
)
_PRESENTED = PreparedUpdate(
    lambda person, phase, position, now: (
        Trial.objects.filter(
            participant=person, phase=phase, position=position, presented_at=None
        ).order_by(),
        {"presented_at": now},
    ),
    int,
    str,
    int,
    datetime,
)
_DONE = PreparedUpdate(
    lambda person, step, now: (
        StepVisit.objects.filter(participant=person, step=step).order_by(),
        {"done_at": now},
    ),
    int,
    int,
    datetime,
)
# The usual answer only moves the person one step on; an end is saved with all that it changes.
_ON = PreparedUpdate(
    lambda person, step, now: (
        Participant.objects.filter(pk=person),
        {"step": step, "last_seen_at": now},
    ),
    int,
    int,
    datetime,
)


def _is_too_late(participant: Participant, now: datetime, grace: timedelta = timedelta(0)) -> bool:
    limit = participant.study.plan.max_minutes
    return bool(limit) and now > participant.consented_at + timedelta(minutes=limit) + grace


@transaction.atomic
def participant_advance(*, participant: Participant, submission: Submission) -> Participant:
    """Store the answer to the current step and move one step on.

    ``submission.step`` is the step that the submitted page belonged to. A late duplicate, a second
    tab or the back button submits a step that is over: only the page's events are stored. The
    position also stays the same if a required answer is missing, or if the page was sent before its
    minimum time. After the time limit the answer is stored and the session ends: as timed out,
    unless this answer completes it within ``GRACE``. Returns the participant's row after the
    change.
    """
    participant, now = participant_locked(participant), timezone.now()
    events_store(participant, submission.step, submission.events, now)
    if not participant.is_active or submission.step != participant.step:
        return participant
    current, is_late = participant.script[participant.step], _is_too_late(participant, now)
    screen = screen_of(current)
    is_early = _is_too_early(participant, current, now)
    if is_early or screen.problem(participant, current, submission):
        return participant_time_out(participant=participant) if is_late else participant
    screen.store(participant, current, submission, now)
    _DONE.run(participant.pk, participant.step, now)
    participant.step += 1
    participant.last_seen_at = now
    if not _is_too_late(participant, now, GRACE):
        _go_on(participant, current)
    if is_late and participant.is_active:
        finish(participant, Participant.Status.TIMED_OUT)
    if participant.is_active:
        _ON.run(participant.pk, participant.step, now)
    else:
        ended = ["step", "last_seen_at", "status", "code", "finished_at", "payment"]
        participant.save(update_fields=ended)
    if participant.status == Participant.Status.COMPLETED:
        transaction.on_commit(partial(full_note, participant))
    return participant


def _is_too_early(participant: Participant, step: Step, now: datetime) -> bool:
    left = seconds_left(participant, step, now)
    return left > TOLERANCE.total_seconds()


def seconds_left(participant: Participant, step: Step, now: datetime) -> float:
    """Return the seconds until the current page may be sent; 0 for robots."""
    seconds = screen_of(step).min_seconds(participant.plan_at(participant.step), step)
    if not seconds or participant.is_simulated:
        return 0
    visit = participant.visits.filter(step=participant.step).first()
    begun = visit.shown_at if visit else now
    return max(0.0, (begun + timedelta(seconds=seconds) - now).total_seconds())


def _go_on(participant: Participant, done: Step) -> None:
    """End the session, or skip attempts that are not needed, if ``done`` decides it."""
    screen_of(done).after(participant, done)
    participant_assign(participant=participant)
    if participant.is_active and participant.step == len(participant.script) - 1:
        _check_stored(participant)
        finish(participant, Participant.Status.COMPLETED)


def _check_stored(participant: Participant) -> None:
    """Check that every answer is stored before the session gets its code."""
    missing = answers_missing(participant)
    if missing:
        raise RuntimeError(f"{participant}: not stored: {', '.join(missing)}.")


def participant_seen(*, participant: Participant) -> None:
    """Keep the place of a person who has a page open; ignore a person who withdrew."""
    present = Participant.objects.exclude(status=Participant.Status.WITHDRAWN)
    present.filter(pk=participant.pk).update(last_seen_at=timezone.now())
