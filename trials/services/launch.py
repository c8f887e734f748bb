"""The launch of a study: the facts for the checklist, and the launches that it may refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from django.contrib.auth.models import User as Staff
from django.db.models import F

from classifiers.core.category_remarks import N_VOTERS, Remark
from classifiers.models import Dataset, PredictionRun
from classifiers.services.category_counts import remarks_of
from trials.models import Participant, Study
from trials.services.choices import choices_problems, never_right
from trials.services.freezing import crops_missing, defer_below, study_shortages, study_verify
from trials.services.refusals import StudyRefused
from trials.services.run_selection import runs_found, view_check
from trials.services.studies import study_open, study_pilot
from trials.study.checklist import Check, LaunchFacts, Level, Place, checklist
from trials.study.document import PlanRefused, retired_rules
from trials.study.plan import StudyPlan
from trials.study.sets import Shortage


def launch_facts(study: Study) -> LaunchFacts:
    """Read what the checklist judges. A frozen study is judged by what was frozen."""
    plan = study.plan
    if study.is_frozen:
        runs = {arm.ai: arm.run for arm in study.conditions.select_related("run")}
        found: dict[str, str] = dict.fromkeys(runs, "")
    else:
        chosen = runs_found(study.dataset, plan)
        found = {
            name: str(run) if isinstance(run, StudyRefused) else "" for name, run in chosen.items()
        }
        runs = {name: run for name, run in chosen.items() if not isinstance(run, StudyRefused)}
    problems = [] if study.is_frozen else list(_view_problems(plan, study.dataset, runs))
    verdict = study_verify(study)
    people = Participant.objects.filter(study=study, status=Participant.Status.COMPLETED)
    times = people.filter(stage=Participant.Stage.PILOT, is_simulated=False).values_list(
        F("finished_at") - F("consented_at"), flat=True
    )
    return LaunchFacts(
        plan=plan,
        has_unfinished_text=bool(study.draft_text),
        runs=found,
        shortages={} if study.is_frozen else _shortages(plan, runs),
        views=problems,
        lost_photos=crops_missing(study),
        n_simulated=people.filter(is_simulated=True).count(),
        pilot_minutes=[time / timedelta(minutes=1) for time in times if time is not None],
        changed=() if verdict.is_same else verdict.said,
        retired_rules=() if study.is_frozen else retired_rules(study.document),
        categories=_categories(study, list(runs.values())),
        never_right=never_right(study),
    )


def _categories(study: Study, runs: Sequence[PredictionRun]) -> list[Remark]:
    """Return remarks on the categories; non-blocking if the study is frozen and cannot be fixed."""
    n_voters = max((int(run.parameters.get("n_voters", 0)) for run in runs), default=0)
    found = remarks_of(study.dataset, n_voters or N_VOTERS)
    return [replace(item, is_blocking=False) for item in found] if study.is_frozen else found


def _shortages(plan: StudyPlan, runs: Mapping[str, PredictionRun]) -> dict[str, list[Shortage]]:
    """Return what the draws need and have; nothing where ``_view_problems`` tells why not."""
    try:
        return study_shortages(plan, runs)
    except StudyRefused:
        return {}


def _view_problems(
    plan: StudyPlan, dataset: Dataset, runs: Mapping[str, PredictionRun]
) -> Iterator[str]:
    yield from choices_problems(plan, dataset)
    for condition in plan.conditions:
        if condition.asks_for in runs:
            try:
                defer_below(runs[condition.asks_for], condition.defer)
                view_check(condition, runs[condition.asks_for])
            except StudyRefused as error:
                yield str(error)


def study_check(study: Study, *, for_pilot: bool = False) -> list[Check]:
    """Return the checklist of a study."""
    try:
        facts = launch_facts(study)
    except PlanRefused as error:
        return [Check("Document", Level.REFUSAL, str(error), Place.EDITOR)]
    return checklist(facts, for_pilot=for_pilot)


def _launch(study: Study, move: Callable[..., Study], for_pilot: bool, user: Staff | None) -> Study:
    refusals = [
        item for item in study_check(study, for_pilot=for_pilot) if item.level == Level.REFUSAL
    ]
    if refusals:
        listed = "\n".join(f"{refusal.name}: {refusal.said}" for refusal in refusals)
        raise StudyRefused(f"Study {study} cannot be launched yet.\n{listed}")
    return move(study=study, user=user)


def study_launch_pilot(*, study: Study, user: Staff | None = None) -> Study:
    """Begin the pilot, unless the checklist refuses it."""
    return _launch(study, study_pilot, True, user)


def study_launch(*, study: Study, user: Staff | None = None) -> Study:
    """Open the study to people whose data count, unless the checklist refuses it."""
    return _launch(study, study_open, False, user)
