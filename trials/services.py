"""Every write of the trials room. One transaction each; a repeated call changes nothing."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone

from classifiers.core.catalogue import CLASSIFIERS
from classifiers.models import Dataset, Image, Prediction, PredictionRun
from trials import design
from trials.design import Kind, Phase, Step
from trials.models import Condition, Participant, Response, Study, Trial, TrialItem, TrialSet
from trials.plan import VIEWS, ConditionPlan, StudyPlan

CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nothing that reads as something else


class StudyRefused(ValueError):
    """A study that cannot be made or entered; the message says why and what to do."""


@transaction.atomic
def study_create(
    *, slug: str, dataset: Dataset, plan: StudyPlan, runs: Iterable[PredictionRun]
) -> Study:
    """Store a study in draft: its conditions and every trial set, drawn by the plan's seed.

    ``runs`` are finished prediction runs, one for each classifier that the plan names. Raises
    ``StudyRefused`` when a run is missing, unfinished, given twice, not of the dataset's queries,
    or too small for the sets.
    """
    run_of: dict[str, PredictionRun] = {}
    for run in runs:
        _check_run(run, dataset, run_of.get(run.classifier))
        run_of[run.classifier] = run
    missing = sorted({each.classifier for each in plan.conditions} - run_of.keys())
    if missing:
        raise StudyRefused(
            f"No finished predictions of {', '.join(missing)} on {dataset}; found "
            f"{', '.join(sorted(run_of)) or 'none'}. "
            f"Run: manage.py predict {dataset} --classifier {missing[0]}"
        )
    for each in plan.conditions:
        _check_view(each, run_of[each.classifier])
    study = Study(slug=slug, dataset=dataset, document=plan.to_json(), document_sha256=plan.sha256)
    try:
        study.full_clean()
    except ValidationError as error:
        raise StudyRefused(f"The study {slug!r}: {' '.join(error.messages)}") from error
    study.save()
    for position, each in enumerate(plan.conditions):
        Condition.objects.create(
            study=study,
            name=each.name,
            position=position,
            run=run_of[each.classifier],
            view_name=each.view,
        )
    # Conditions that judge the same AI share its sets: the contrast between them is clean.
    for classifier in dict.fromkeys(each.classifier for each in plan.conditions):
        _sets_draw(study, plan, run_of[classifier])
    return study


def _check_run(run: PredictionRun, dataset: Dataset, other: PredictionRun | None) -> None:
    """Refuse predictions that people must not judge, and a choice that nobody made."""
    if run.gallery.dataset_id != dataset.pk or run.split != Image.QUERY:
        raise StudyRefused(
            f"Run {run.pk} predicts split {run.split!r} of {run.gallery.dataset}; expected split "
            f"{Image.QUERY!r} of {dataset}: gallery photos are shown with their labels."
        )
    if run.status != PredictionRun.Status.DONE:
        raise StudyRefused(f"Run {run.pk} ({run}) is {run.status}; wait until it is done.")
    if other is not None:
        raise StudyRefused(
            f"Two runs of {run.classifier}: {other.pk} with {other.parameters} and {run.pk} with "
            f"{run.parameters}. Name the one that people shall judge."
        )


def _check_view(condition: ConditionPlan, run: PredictionRun) -> None:
    """Refuse boxes that would lie beside what the AI compared: people see the central crop."""
    is_whole_square = CLASSIFIERS[run.classifier].needs_matcher and run.parameters.get(
        "paper", False
    )
    is_crop = run.parameters.get("transform", "crop") == "crop" and not is_whole_square
    if VIEWS[condition.view].has_boxes and not is_crop:
        raise StudyRefused(
            f"Condition {condition.name} shows matched patches of run {run.pk}, whose queries were "
            f"prepared otherwise than the photos that people see ({run.parameters}); expected "
            "transform=crop, and paper=false for CHM-Corr."
        )


def _sets_draw(study: Study, plan: StudyPlan, run: PredictionRun) -> None:
    # Ordered by the image's content: the draw does not depend on when rows were inserted.
    rows: Any = Prediction.objects.filter(run=run).order_by("image__sha256").with_correctness()
    pairs: list[tuple[int, bool]] = list(rows.values_list("pk", "is_correct"))
    right = [pk for pk, is_correct in pairs if is_correct]
    wrong = [pk for pk, is_correct in pairs if not is_correct]
    try:
        draw = design.draw_sets(
            right,
            wrong,
            n_training=plan.n_training,
            n_validation=plan.n_validation,
            n_test=plan.n_test,
            n_sets=plan.n_sets,
            seed=plan.seed,
        )
    except design.PoolTooSmall as error:
        raise StudyRefused(f"Predictions of {run.classifier}: {error}") from error
    parts = [(Phase.TRAINING, 1, draw.training), (Phase.VALIDATION, 1, draw.validation)]
    parts += [(Phase.TEST, number, items) for number, items in enumerate(draw.test_sets, 1)]
    for phase, number, items in parts:
        trial_set = TrialSet.objects.create(study=study, run=run, phase=phase, number=number)
        TrialItem.objects.bulk_create(
            TrialItem(trial_set=trial_set, position=position, prediction_id=pk)
            for position, pk in enumerate(items)
        )


def study_open(*, study: Study) -> None:
    """Let people in."""
    study.status = Study.Status.OPEN
    study.save(update_fields=["status"])


@transaction.atomic
def participant_enrol(*, study: Study, enrolment_key: str, is_simulated: bool) -> Participant:
    """Take a place for a person who consented, and lay out all of their trials.

    The condition, then the test set inside it, are the least filled by people who finished or
    were seen lately; ties are broken by the person's seed. The lock on the study's row makes
    people who enrol at once queue up. The same ``enrolment_key`` again (a double click on
    "I agree") returns the same participant. Raises ``StudyRefused`` if the study is not open.
    """
    study = Study.objects.select_for_update().get(pk=study.pk)
    known = Participant.objects.filter(study=study, enrolment_key=enrolment_key).first()
    if known is not None:
        return known
    if not study.is_open:
        raise StudyRefused("This study is not open.")
    plan, now = study.plan, timezone.now()
    people = Participant.objects.filter(study=study, is_simulated=is_simulated)
    # Not the count: a person who withdrew leaves a gap.
    number = (people.aggregate(last=Max("number"))["last"] or 0) + 1
    seed = design.participant_seed(plan.seed, number, is_simulated)
    placed = people.holding_a_place(now - timedelta(minutes=plan.idle_minutes))
    conditions = {each.pk: each for each in study.conditions.select_related("run")}
    counts = dict.fromkeys(conditions, 0)
    counts |= dict(placed.values_list("condition").annotate(Count("pk")).order_by())
    condition = conditions[design.least_filled(counts, f"{seed}:condition")]
    sets = {each.pk: each for each in study.trial_sets.filter(run=condition.run, phase=Phase.TEST)}
    counts = dict.fromkeys(sets, 0)
    inside = placed.filter(condition=condition)
    counts |= dict(inside.values_list("trial_set").annotate(Count("pk")).order_by())
    participant = Participant.objects.create(
        study=study,
        condition=condition,
        trial_set=sets[design.least_filled(counts, f"{seed}:set")],
        number=number,
        enrolment_key=enrolment_key,
        seed=seed,
        is_simulated=is_simulated,
        consented_at=now,
        last_seen_at=now,
    )
    _trials_lay_out(participant)
    return participant


def _trials_lay_out(participant: Participant) -> None:
    """Create every trial before the first page. Only the test's order is the person's own."""
    fixed = participant.study.trial_sets.filter(run=participant.condition.run)
    sets = {
        Phase.TRAINING: fixed.get(phase=Phase.TRAINING),
        Phase.VALIDATION: fixed.get(phase=Phase.VALIDATION),
        Phase.TEST: participant.trial_set,
    }
    for phase, trial_set in sets.items():
        items = list(trial_set.items.values_list("prediction_id", flat=True))
        if phase == Phase.TEST:
            items = design.order(items, f"{participant.seed}:order")
        Trial.objects.bulk_create(
            Trial(participant=participant, phase=phase, position=position, prediction_id=pk)
            for position, pk in enumerate(items)
        )


def trial_present(*, trial: Trial) -> None:
    """Note when a trial's page was first asked for; reloads keep the first time."""
    if trial.presented_at is None:
        Trial.objects.filter(pk=trial.pk, presented_at=None).update(presented_at=timezone.now())


@transaction.atomic
def participant_advance(
    *,
    participant: Participant,
    step: int,
    is_accepted: bool | None = None,
    rt_ms: int | None = None,
) -> Participant:
    """Store the answer (on a trial's step) and move one step on.

    ``step`` is the step that the submitted page belonged to. A late duplicate, a second tab or
    the back button submits a step that is over: nothing changes. A trial's step without an
    answer does not move either. Returns the participant as it stands afterwards.
    """
    participant = (
        Participant.objects.select_for_update(of=("self",))
        .select_related("study", "condition", "trial_set")
        .get(pk=participant.pk)
    )
    script = participant.script
    if participant.status != Participant.Status.ACTIVE or step != participant.step:
        return participant
    now = timezone.now()
    current = script[step]
    if current.kind == Kind.TRIAL:
        if is_accepted is None:
            return participant
        trial = trial_of(participant, current)
        Response.objects.create(trial=trial, is_accepted=is_accepted, rt_ms=rt_ms, received_at=now)
    participant.step += 1
    participant.last_seen_at = now
    _finish_if_over(participant, current)
    participant.save(update_fields=["step", "last_seen_at", "status", "code", "finished_at"])
    return participant


def _finish_if_over(participant: Participant, done: Step) -> None:
    """Close the session after the last validation trial (below the mark) or the last test."""
    plan = participant.study.plan
    if done == Step(Kind.TRIAL, Phase.VALIDATION, plan.n_validation - 1):
        if n_correct(participant, Phase.VALIDATION) < plan.pass_mark:
            _finish(participant, Participant.Status.FAILED_VALIDATION, "V")
    elif done == Step(Kind.TRIAL, Phase.TEST, plan.n_test - 1):
        # The code is the promise that every answer is stored: count before giving it.
        stored = Response.objects.filter(
            trial__participant=participant, trial__phase=Phase.TEST
        ).count()
        if stored != plan.n_test:
            raise RuntimeError(f"{participant}: {stored} of {plan.n_test} answers are stored.")
        _finish(participant, Participant.Status.COMPLETED, "C")


def _finish(participant: Participant, status: Participant.Status, letter: str) -> None:
    participant.status = status
    participant.finished_at = timezone.now()
    participant.code = letter + "".join(secrets.choice(CODE_ALPHABET) for _ in range(9))


def n_correct(participant: Participant, phase: Phase) -> int:
    """Count a person's correct answers in one phase."""
    answers = Response.objects.filter(trial__participant=participant, trial__phase=phase)
    return answers.correct().count()


def trial_of(participant: Participant, step: Step) -> Trial:
    """Return the trial of a trial's or a feedback's step, with what its page needs."""
    related = ("prediction__category", "prediction__image__category")
    return participant.trials.select_related(*related).get(phase=step.name, position=step.position)


def participant_seen(*, participant: Participant) -> None:
    """Keep the place of someone who is looking at a page."""
    Participant.objects.filter(pk=participant.pk).update(last_seen_at=timezone.now())
