"""The way through a session: a step is shown, answered once, and left behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from trials.models import (
    Participant,
    PriorKnowledge,
    QuestionAnswer,
    Response,
    StepVisit,
    Trial,
)
from trials.services.answers import answers_missing, n_correct
from trials.services.events import ClientEvent, events_store
from trials.services.outcomes import finish, participant_locked, participant_time_out
from trials.steps import questions
from trials.study.design import Kind, Phase, Step

# A page may arrive this much before its minimum time: clocks and networks are not exact.
TOLERANCE = timedelta(milliseconds=500)
# An answer that reaches the server this much after the time limit may still end the session as it
# would have in time: it was given before it was sent, and a network may have kept it.
GRACE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Submission:
    """What a page sends when a person goes on.

    ``is_yes`` is the answer to whatever was asked; None on pages that ask nothing, or when no
    button was pressed. ``answers`` holds a page of questions.
    """

    step: int
    is_yes: bool | None = None
    rt_ms: int | None = None
    away_ms: int | None = None
    given_by: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    events: Sequence[ClientEvent] = ()


def step_show(*, participant: Participant) -> Participant:
    """Note that the current step's page was asked for; the first time is kept.

    A session whose time is over ends here. Returns the participant as it stands.
    """
    participant_seen(participant=participant)
    if not participant.is_active:
        return participant
    if _is_too_late(participant, timezone.now()):
        return participant_time_out(participant=participant)
    visits = StepVisit.objects.filter(participant=participant, step=participant.step)
    if visits.update(n_shown=F("n_shown") + 1):
        return participant
    return _first_shown(participant)


@transaction.atomic
def _first_shown(participant: Participant) -> Participant:
    """Note when the page was first asked for, unless the session ended at this very moment."""
    participant = participant_locked(participant)
    if not participant.is_active:
        return participant
    step, now = participant.script[participant.step], timezone.now()
    StepVisit.objects.get_or_create(
        participant=participant,
        step=participant.step,
        defaults={"kind": step.kind, "name": step.name, "shown_at": now},
    )
    if step.kind == Kind.TRIAL:
        participant.trials.filter(
            phase=step.name, position=step.position, presented_at=None
        ).update(presented_at=now)
    return participant


def _is_too_late(participant: Participant, now: datetime, grace: timedelta = timedelta(0)) -> bool:
    limit = participant.study.plan.max_minutes
    return bool(limit) and now > participant.consented_at + timedelta(minutes=limit) + grace


@transaction.atomic
def participant_advance(*, participant: Participant, submission: Submission) -> Participant:
    """Store the answer to the current step and move one step on.

    ``submission.step`` is the step that the submitted page belonged to. A late duplicate, a
    second tab or the back button submits a step that is over: nothing changes but that the
    page's events are kept. A step that asks and got no answer, or one left before its minimum
    time, does not move either. Where the time limit is over, the answer is stored and the session
    ends: as timed out, unless this very answer ended it within ``GRACE``. Returns the participant
    as it stands afterwards.
    """
    participant, now = participant_locked(participant), timezone.now()
    events_store(participant, submission.step, submission.events, now)
    if not participant.is_active or submission.step != participant.step:
        return participant
    current, is_late = participant.script[participant.step], _is_too_late(participant, now)
    if _is_too_early(participant, current, now) or not ANSWERS[current.kind](
        participant, current, submission, now
    ):
        return participant_time_out(participant=participant) if is_late else participant
    StepVisit.objects.filter(participant=participant, step=participant.step).update(done_at=now)
    participant.step += 1
    participant.last_seen_at = now
    if not _is_too_late(participant, now, GRACE):
        _go_on(participant, current)
    if is_late and participant.is_active:
        finish(participant, Participant.Status.TIMED_OUT)
    participant.save(
        update_fields=["step", "last_seen_at", "status", "code", "finished_at", "payment"]
    )
    return participant


def _is_too_early(participant: Participant, step: Step, now: datetime) -> bool:
    left = seconds_left(participant, step, now)
    return left > TOLERANCE.total_seconds()


def seconds_left(participant: Participant, step: Step, now: datetime) -> float:
    """Return how long the current page has to stay yet; robots read at once."""
    plan = participant.study.plan
    page = plan.pages.get(step.name) if step.kind == Kind.PAGE else None
    seconds = page.min_seconds if page else 0
    if step.kind == Kind.TRIAL:
        seconds = plan.trial.min_seconds
    if not seconds or participant.is_simulated:
        return 0
    visit = participant.visits.filter(step=participant.step).first()
    begun = visit.shown_at if visit else now
    return max(0.0, (begun + timedelta(seconds=seconds) - now).total_seconds())


Answer = Callable[[Participant, Step, Submission, datetime], bool]


def _nothing(participant: Participant, step: Step, submission: Submission, now: datetime) -> bool:
    return True


def _response(participant: Participant, step: Step, submission: Submission, now: datetime) -> bool:
    if submission.is_yes is None:
        return False
    Response.objects.create(
        trial=trial_of(participant, step),
        is_accepted=submission.is_yes,
        rt_ms=submission.rt_ms,
        away_ms=submission.away_ms,
        given_by=submission.given_by,
        received_at=now,
    )
    return True


def _prior_knowledge(
    participant: Participant, step: Step, submission: Submission, now: datetime
) -> bool:
    if submission.is_yes is None:
        return False
    PriorKnowledge.objects.create(
        trial=trial_of(participant, step),
        is_known=submission.is_yes,
        rt_ms=submission.rt_ms,
        received_at=now,
    )
    return True


def _attention(participant: Participant, step: Step, submission: Submission, now: datetime) -> bool:
    if submission.is_yes is None:
        return False
    participant.attention_checks.filter(position=step.position).update(
        is_yes=submission.is_yes, rt_ms=submission.rt_ms, received_at=now
    )
    return True


def _questions(participant: Participant, step: Step, submission: Submission, now: datetime) -> bool:
    asked = participant.study.plan.questions[step.name].questions
    given = {each.name: submission.answers.get(each.name, "").strip() for each in asked}
    if questions.problems(asked, given):
        return False
    QuestionAnswer.objects.bulk_create(
        QuestionAnswer(
            participant=participant, page=step.name, name=name, value=value, received_at=now
        )
        for name, value in given.items()
        if value
    )
    return True


# What each kind of step stores; it says whether the step is done.
ANSWERS: Mapping[Kind, Answer] = {
    Kind.PAGE: _nothing,
    Kind.DEFINITION: _nothing,
    Kind.FEEDBACK: _nothing,
    Kind.TRIAL: _response,
    Kind.PRIOR_KNOWLEDGE: _prior_knowledge,
    Kind.ATTENTION: _attention,
    Kind.QUESTIONS: _questions,
}


def _go_on(participant: Participant, done: Step) -> None:
    """Close the session, or jump over attempts that are not needed, where ``done`` decides it."""
    plan = participant.study.plan
    if done.kind == Kind.ATTENTION and _has_failed_attention(participant):
        finish(participant, Participant.Status.FAILED_ATTENTION)
    elif done.kind == Kind.TRIAL and done.name == Phase.VALIDATION:
        validation = plan.validation
        if validation is not None and (done.position + 1) % validation.n == 0:
            _judge_attempt(participant, done.position // validation.n)
    if participant.is_active and participant.step == len(participant.script) - 1:
        _check_stored(participant)
        finish(participant, Participant.Status.COMPLETED)


def _has_failed_attention(participant: Participant) -> bool:
    quality = participant.study.plan.quality
    if quality.attention_end != "end":
        return False
    failed = participant.attention_checks.exclude(is_yes=None).exclude(is_yes=F("asks_yes"))
    return failed.count() > quality.max_failed_attention


def _judge_attempt(participant: Participant, attempt: int) -> None:
    validation = participant.study.plan.validation
    assert validation is not None  # noqa: S101 - called for its trials only
    if n_correct(participant, Phase.VALIDATION, attempt) >= validation.pass_mark:
        last = Step(Kind.TRIAL, Phase.VALIDATION, validation.attempts * validation.n - 1)
        participant.step = participant.script.index(last) + 1
    elif attempt == validation.attempts - 1:
        finish(participant, Participant.Status.FAILED_VALIDATION)


def _check_stored(participant: Participant) -> None:
    """The code is the promise that every answer is stored: look before giving it."""
    missing = answers_missing(participant)
    if missing:
        raise RuntimeError(f"{participant}: not stored: {', '.join(missing)}.")


def trial_of(participant: Participant, step: Step) -> Trial:
    """Return the trial of a trial's, a definition's or a feedback's step, ready for its page."""
    related = ("prediction__category", "prediction__image__category")
    return participant.trials.select_related(*related).get(phase=step.name, position=step.position)


def participant_seen(*, participant: Participant) -> None:
    """Keep the place of someone who is looking at a page; who withdrew is not followed."""
    present = Participant.objects.exclude(status=Participant.Status.WITHDRAWN)
    present.filter(pk=participant.pk).update(last_seen_at=timezone.now())
