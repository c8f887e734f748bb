"""The trials of a person, and the assignment of people who passed the validation."""

from __future__ import annotations

from collections.abc import Collection

from django.utils import timezone

from trials.models import AttentionCheck, Condition, Participant, Study, Trial
from trials.services.quotas import common_condition, place_after
from trials.services.within import trials_within
from trials.study import design
from trials.study.design import Phase
from trials.study.script_stages import validation_end


def trials_lay_out(participant: Participant) -> None:
    """Create every trial before the first page. Only the test's order is the person's own.

    Where people are assigned after the validation, the later trials are created then.
    """
    study = participant.study
    before = study.plan.common_phases
    if participant.sequence:
        Trial.objects.bulk_create(trials_within(participant))
    elif before:
        _lay_out(participant, common_condition(study), before)
        if participant.is_assigned:
            _lay_out(participant, participant.condition, set(Phase) - before)
    else:
        _lay_out(participant, participant.condition, set(Phase))
    answers = design.attention_answers(study.plan.quality.n_attention, f"{participant.seed}:ask")
    AttentionCheck.objects.bulk_create(
        AttentionCheck(participant=participant, position=position, asks_yes=asks_yes)
        for position, asks_yes in enumerate(answers)
    )


def _lay_out(participant: Participant, condition: Condition, phases: Collection[str]) -> None:
    """Create the trials of some phases, in a condition."""
    study = participant.study
    fixed = study.trial_sets.filter(ai=condition.ai).exclude(phase=Phase.TEST)
    items: dict[str, list[int]] = {Phase.TRAINING: [], Phase.VALIDATION: []}
    for trial_set in fixed.order_by("phase", "number"):  # attempts follow each other
        items[trial_set.phase] += trial_set.items.values_list("prediction_id", flat=True)
    test = list(participant.trial_set.items.values_list("prediction_id", flat=True))
    if study.plan.test.order == "shuffled":
        test = design.order(test, f"{participant.seed}:order")
    for phase, predictions in (*items.items(), (Phase.TEST, test)):
        if phase in phases:
            Trial.objects.bulk_create(
                Trial(
                    participant=participant,
                    condition=condition,
                    phase=phase,
                    position=position,
                    prediction_id=pk,
                )
                for position, pk in enumerate(predictions)
            )


def participant_assign(*, participant: Participant) -> None:
    """Assign a person who passed the validation to a condition, if the study does so late.

    The caller holds the lock on the person's row, and has moved ``step`` on. The lock on the
    study's row serializes assignments with enrolments. It changes nothing for people who have a
    condition, or are not through the validation.
    """
    if participant.is_assigned or not participant.is_active:
        return
    end = validation_end(participant.script)
    if end is None or participant.step < end:
        return
    Study.objects.select_for_update(of=("self",)).get(pk=participant.study_id)
    seat = place_after(participant, timezone.now())
    participant.condition, participant.trial_set = seat.condition, seat.trial_set
    participant.is_assigned = True
    participant.save(update_fields=["condition", "trial_set", "is_assigned"])
    participant.__dict__.pop("script", None)  # the screens from here on are the condition's
    _lay_out(participant, seat.condition, set(Phase) - participant.study.plan.common_phases)
