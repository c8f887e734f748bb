"""A person chooses parts of the photo: the AI's answer for them is ranked, stored and shown."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from classifiers.services.reranking import EMPTY, Ranked, reranked
from trials.models import Event, Interaction, Participant, Trial
from trials.panels.base import panels_of
from trials.services.answers import trial_of
from trials.services.events import events_store
from trials.services.limits import attempt_take
from trials.services.outcomes import participant_locked
from trials.steps.submission import ClientEvent
from trials.study.design import Kind
from trials.study.plan import View

# A person who drags over the photo asks up to seven times a second, for a few seconds.
MASKS_PER_MINUTE = 240
A_MINUTE = timedelta(minutes=1)


class TooManyMasks(RuntimeError):
    """More masks within a minute than a person can choose."""


def is_interactive(view: View) -> bool:
    """Whether people choose parts of the photo in this view."""
    return any(panel.takes_mask for panel in panels_of(view))


@transaction.atomic
def mask_choose(*, participant: Participant, step: int, mask: str, at_ms: int) -> Trial | None:
    """Rank the photo of the current trial by a mask; store mask, result and event.

    Returns the trial, or None for a page that is not this person's current interactive trial.
    Raises ``TooManyMasks``, and ``PairsRefused`` if the stored cosines are missing or changed.
    """
    participant, now = participant_locked(participant), timezone.now()
    if not participant.is_active or step != participant.step:
        return None
    current = participant.script[step]
    trial = trial_of(participant, current) if current.kind == Kind.TRIAL else None
    if trial is None or not is_interactive(trial.condition.view):
        return None
    if not attempt_take(
        what="mask", who=participant.token, limit=MASKS_PER_MINUTE, within=A_MINUTE
    ):
        raise TooManyMasks(f"{participant} asked for more than {MASKS_PER_MINUTE} masks a minute.")
    plan = participant.study.plan.of(trial.condition.name)
    ranked = reranked(trial.prediction, mask, n_exemplars=plan.trial.n_exemplars)
    _store(trial, ranked, now)
    detail = f"{mask} {ranked.n_votes}/{ranked.n_voters} {ranked.category.name}"
    told = [ClientEvent(Event.Kind.RERANKED, at_ms, detail)]
    events_store(participant, step, told, now)
    return trial


def mask_close(*, trial: Trial, mask: str, now: datetime) -> None:
    """Store what was on the screen when the trial was answered; called with the answer.

    ``mask`` is the one whose result the page showed; the server may have ranked a later one, which
    the person had not seen. Without it the last one that was ranked counts.
    """
    stored = Interaction.objects.filter(trial=trial).first()
    if stored is None or (mask and mask != stored.mask):
        _store(trial, reranked(trial.prediction, mask or EMPTY), now, is_change=False)


def _store(trial: Trial, ranked: Ranked, now: datetime, *, is_change: bool = True) -> None:
    found, _ = Interaction.objects.get_or_create(
        trial=trial,
        defaults={"mask": EMPTY, "category": ranked.category, "n_votes": 0, "n_voters": 0},
    )
    if is_change and found.mask != ranked.mask:
        found.n_changes += 1
        found.changed_at = now
    found.mask, found.category = ranked.mask, ranked.category
    found.n_votes, found.n_voters = ranked.n_votes, ranked.n_voters
    found.save()
