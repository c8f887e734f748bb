"""How sessions end, and what researchers note about people: three independent facts.

How a session ended, what is owed for it, and whether a person is left out of the analysis.
"""

from __future__ import annotations

import secrets

from django.contrib.auth.models import User as Staff
from django.db import transaction
from django.utils import timezone

from trials.models import Identity, Participant, StudyLog
from trials.models.prepared import PreparedQuery
from trials.services.place_counts import places_forget
from trials.services.refusals import StudyRefused

CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no characters that are easily confused
User = Staff | None


def finish(participant: Participant, status: Participant.Status) -> None:
    """End a session in memory: its status, its time, its code. The caller saves."""
    participant.status = status
    participant.finished_at = timezone.now()
    participant.code = code_of(participant, status)
    if status == Participant.Status.COMPLETED and not participant.is_simulated:
        participant.payment = Participant.Payment.DUE


def code_of(participant: Participant, status: Participant.Status) -> str:
    """Return the study's code of an outcome, or one that only this person has.

    A person who gave the place back has no code, because there is nothing to prove.
    """
    if status == Participant.Status.RETURNED:
        return ""
    code = participant.study.plan.recruitment.codes.get(status, "")
    letter = "".join(word[0] for word in status.split("_")).upper()
    return code or letter + "".join(secrets.choice(CODE_ALPHABET) for _ in range(9))


@transaction.atomic
def participant_time_out(*, participant: Participant) -> Participant:
    """End a session whose time is over. The answers are kept; the place is free.

    A session that ended meanwhile stays unchanged: a last answer that came in time completed it.
    """
    locked = participant_locked(participant)
    if locked.is_active:
        finish(locked, Participant.Status.TIMED_OUT)
        locked.save(update_fields=["status", "finished_at", "code"])
    return locked


@transaction.atomic
def participant_return(*, participant: Participant, user: User = None) -> Participant:
    """Note that a person gave the place back, as reported by the recruitment platform.

    The call is idempotent. Raises ``StudyRefused`` if the session ended otherwise.
    """
    locked = participant_locked(participant)
    if locked.is_active:
        finish(locked, Participant.Status.RETURNED)
        locked.save(update_fields=["status", "finished_at", "code"])
        participant_log(locked, "returned", user)
    elif locked.status != Participant.Status.RETURNED:
        raise StudyRefused(
            f"{locked} is {locked.status}; only someone under way can be noted as returned. "
            "Note what is owed and leave the outcome as it is."
        )
    return locked


@transaction.atomic
def participant_release(*, participant: Participant, user: User = None) -> None:
    """Let a person begin again: end a session under way, and ignore it when they return.

    All data are kept. Raises ``StudyRefused`` for a person who withdrew: no data are left to
    release.
    """
    locked = participant_locked(participant)
    if locked.status == Participant.Status.WITHDRAWN:
        raise StudyRefused(
            f"{locked} withdrew; their data are deleted. They can begin again without a release."
        )
    if locked.is_active:
        locked = participant_return(participant=locked, user=user)
    if not locked.is_released:
        locked.is_released = True
        locked.save(update_fields=["is_released"])
        participant_log(locked, "released", user)


@transaction.atomic
def participant_stop(*, participant: Participant, keeps_answers: bool) -> None:
    """End a session at the person's request; keep or delete the answers.

    A session that ended meanwhile, by the same person in another tab, stays as it is.
    """
    if not participant_locked(participant).is_active:
        return
    if keeps_answers:
        participant_return(participant=participant)
    else:
        participant_withdraw(participant=participant)


def participant_locked(participant: Participant) -> Participant:
    """Return the participant's current row, locked against answers and other changes."""
    return _current(participant, _LOCKED)


def participant_now(participant: Participant) -> Participant:
    """Return the participant's current row."""
    return _current(participant, _NOW)


_LOCKED = PreparedQuery(lambda pk: Participant.objects.select_for_update().filter(pk=pk), int)
_NOW = PreparedQuery(lambda pk: Participant.objects.filter(pk=pk), int)


def _current(participant: Participant, query: PreparedQuery[Participant]) -> Participant:
    """Read the row, and take the study, and the condition if it is the same, from the old one."""
    current = query.first(participant.pk)
    if current is None:
        raise Participant.DoesNotExist(f"{participant} was deleted.")
    for name in ("study", "condition", "trial_set"):
        is_same = getattr(current, f"{name}_id") == getattr(participant, f"{name}_id")
        if is_same and name in participant._state.fields_cache:
            setattr(current, name, getattr(participant, name))
    return current


def participant_log(participant: Participant, action: str, user: User, detail: str = "") -> None:
    """Write an action on a person, named by number, to the study's log."""
    words = f"{participant.number} {detail}".strip()
    StudyLog.objects.create(
        study=participant.study, user=user, action=f"participant {action}", detail=words
    )


@transaction.atomic
def participant_withdraw(*, participant: Participant, user: User = None) -> None:
    """Delete everything that a person gave and everything that points to them.

    The row keeps a number, an arm and a status, so that the flow of participants still adds up. The
    hash of the recruitment id is deleted too, so the site does not recognize the person later.
    """
    locked = participant_locked(participant)
    if locked.status == Participant.Status.WITHDRAWN:
        return
    for given in (
        locked.trials,  # with their responses and prior knowledge
        locked.visits,
        locked.events,
        locked.question_answers,
        locked.attention_checks,
        locked.page_errors,
    ):
        given.all().delete()
    Identity.objects.filter(participant=locked).delete()
    if locked.status == Participant.Status.COMPLETED:
        places_forget(locked.study)
    locked.status = Participant.Status.WITHDRAWN
    locked.finished_at = locked.finished_at or timezone.now()
    locked.person_hash, locked.device, locked.code = "", {}, ""
    locked.save(update_fields=["status", "finished_at", "person_hash", "device", "code"])
    participant_log(locked, "withdrawn", user)


@transaction.atomic
def participant_pay(
    *, participant: Participant, payment: Participant.Payment, user: User = None
) -> None:
    """Note what is owed, independently of the analysis. The log keeps the previous value."""
    locked = participant_locked(participant)
    if locked.payment != payment:
        before, locked.payment = locked.payment, payment
        locked.save(update_fields=["payment"])
        participant_log(locked, "payment", user, f"{before} to {payment}")


@transaction.atomic
def participant_exclude(*, participant: Participant, reason: str, user: User = None) -> None:
    """Exclude a person from the analysis for a stated reason; an empty reason undoes it."""
    locked, reason = participant_locked(participant), reason.strip()[:200]
    if locked.exclusion != reason:
        locked.exclusion = reason
        locked.save(update_fields=["exclusion"])
        participant_log(locked, "excluded" if reason else "included", user, reason)
