"""The place of each column in the database: names of files to paths of the ORM.

A column of a task that the study does not have is empty, and its joins are not made.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Case, F, OuterRef, Q, Subquery, When

from analysis.codebook.codebook import Column
from trials.models import Response, ResponseQuerySet, TrialItem
from trials.models.interactions import shown_is_right
from trials.panels.base import panels_of
from trials.study.plan import VIEWS, StudyPlan

# The columns that come from the database, before those that need other words.
_PREDICTION = {
    "item_id": "image__sha256",
    "image": "image__source",
    "true_label": "image__category__label",
    "ai_label": "category__label",
    "ai_confidence": "confidence",
    "ai_votes": "n_votes",
}
PARTICIPANT_LOOKUPS = {
    "participant_id": "number",
    "stage": "stage",
    "is_simulated": "is_simulated",
    "status": "status",
    "step": "step",
    "condition": "condition__name",
    "classifier": "condition__ai",
    "trial_set": "trial_set__number",
    "is_assigned": "is_assigned",
    "exclusion": "exclusion",
    "is_repeat": "is_repeat",
    "consent_version": "consent_version",
    "consented_at": "consented_at",
    "finished_at": "finished_at",
    "n_attention": "n_attention",
    "n_attention_failed": "n_attention_failed",
    "device": "device",
    "payment": "payment",
    "language": "language",
    "seed": "seed",
    "sequence": "sequence",
}
LOOKUPS = {
    "stage": "trial__participant__stage",
    "participant_id": "trial__participant__number",
    "is_simulated": "trial__participant__is_simulated",
    "participant_status": "trial__participant__status",
    "condition": "trial__condition__name",
    "classifier": "trial__condition__ai",
    "view": "trial__condition__view_name",
    "trial_set": "trial__participant__trial_set__number",
    "trial_index": "trial__position",
    **{name: f"trial__prediction__{path}" for name, path in _PREDICTION.items()},
    "is_ai_correct": "is_ai_correct",
    "response": "is_accepted",
    "is_correct": "is_correct",
    "presented_at": "trial__presented_at",
    "received_at": "received_at",
    "rt_ms": "rt_ms",
    "rt_clean_ms": "rt_clean_ms",
    "given_by": "given_by",
    "photo_px": "photo_px",
    "prior_knowledge": "trial__prior_knowledge__is_known",
    "mask": "trial__interaction__mask",
    "n_mask_changes": "trial__interaction__n_changes",
    "shown_label": "trial__interaction__category__label",
    "is_shown_correct": "is_shown_correct",
    "confidence": "confidence",
    "reason": "reason",
    "is_missed": "is_missed",
    "block": "trial__block",
}
# Columns of some tasks only: the joins behind them are made for these studies alone.
CHOICE_LOOKUPS = {"choice": "choice__label"}
FIRST_LOOKUPS = {
    "first_answer": "first__is_accepted",
    "first_is_correct": "first_is_correct",
    "first_confidence": "first__confidence",
    "first_reason": "first__reason",
    "first_rt_ms": "first__rt_ms",
}
FIRST_CHOICE_LOOKUPS = {"first_choice": "first__choice__label"}
REASONS = ("reason", "first_reason")
OF_MASKS = ("mask", "n_mask_changes", "shown_label", "is_shown_correct")
TRIAL_LOOKUPS = {
    "participant_id": "participant__number",
    "is_simulated": "participant__is_simulated",
    "phase": "phase",
    "trial_index": "position",
    "item_id": "prediction__image__sha256",
    "presented_at": "presented_at",
    "received_at": "final__received_at",
    "response": "final__is_accepted",
    "rt_ms": "final__rt_ms",
}
FIRST_TRIAL_LOOKUPS = {
    "first_received_at": "first__received_at",
    "first_answer": "first__is_accepted",
    "first_rt_ms": "first__rt_ms",
}
EVENT_LOOKUPS = {
    "participant_id": "participant__number",
    "is_simulated": "participant__is_simulated",
    "at": "received_at",
    "event": "kind",
    "at_ms": "at_ms",
    "detail": "detail",
}
# Time away is at most the answer's time; if it is more, a clock was wrong.
RT_CLEAN = Case(When(away_ms__lte=F("rt_ms"), then=F("rt_ms") - F("away_ms")))
ANSWERED_CHECKS = Q(attention_checks__is_yes__isnull=False)
FAILED_CHECKS = ANSWERED_CHECKS & ~Q(attention_checks__is_yes=F("attention_checks__asks_yes"))
ITEM_LOOKUPS = {
    **_PREDICTION,
    "n_voters": "n_voters",
    "is_ai_correct": "is_correct",
}


def lookups_of(plan: StudyPlan) -> dict[str, str]:
    """Return the columns of an answer that a study has, by their paths from the final answer."""
    task = plan.task
    found = LOOKUPS | (CHOICE_LOOKUPS if task.is_choice else {})
    if plan.design.is_within:
        found |= {"trial_set": "own_set"}
    if task.first:
        found |= FIRST_LOOKUPS | (FIRST_CHOICE_LOOKUPS if task.is_choice else {})
    return found


def empty_columns(plan: StudyPlan, *, has_texts: bool) -> dict[str, object]:
    """Return the columns that are empty in every row: not asked for, or in people's own words."""
    known = CHOICE_LOOKUPS | FIRST_LOOKUPS | FIRST_CHOICE_LOOKUPS
    names = known.keys() - lookups_of(plan).keys() | (set() if has_texts else set(REASONS))
    return dict.fromkeys(names)


def columns_with_values(plan: StudyPlan, columns: Collection[Column]) -> tuple[Column, ...]:
    """Return those of the columns of an answer that can have a value in a study."""
    empty = set(empty_columns(plan, has_texts=False))
    if not any(
        panel.takes_mask for each in plan.conditions for panel in panels_of(VIEWS[each.view])
    ):
        empty |= {*OF_MASKS}
    if plan.task.confidence == "none":
        empty |= {"confidence", "first_confidence"}
    if not any(each.trial.has_prior_knowledge for each in plan.plans):
        empty.add("prior_knowledge")
    if not plan.design.is_within:
        empty.add("block")
    return tuple(column for column in columns if column.name not in empty)


def answers_of(plan: StudyPlan) -> ResponseQuerySet:
    """Return final answers with all that ``lookups_of`` asks for."""
    found = Response.objects.final().with_correctness()
    found = found.annotate(rt_clean_ms=RT_CLEAN, is_shown_correct=shown_is_right())
    if plan.design.is_within:
        found = found.annotate(own_set=_own_set())
    return found.with_first() if plan.task.first else found


def _own_set() -> Subquery:
    """Return the number of a trial's test set: within people, each condition has another one."""
    items = TrialItem.objects.filter(
        trial_set__study=OuterRef("trial__participant__study"),
        trial_set__ai=OuterRef("trial__condition__ai"),
        trial_set__phase=OuterRef("trial__phase"),
        prediction=OuterRef("trial__prediction"),
    )
    return Subquery(items.values("trial_set__number")[:1])
