"""The conditions of a study as rows: which AI each one shows, and how."""

from __future__ import annotations

from collections.abc import Mapping

from classifiers.models import PredictionRun
from trials.models import Condition, Study
from trials.services.freezing import defer_below, sets_draw
from trials.study.plan import ConditionPlan, StudyPlan


def ai_of(plan: StudyPlan, condition: ConditionPlan, run: PredictionRun) -> str:
    """Return the name of a condition's AI in trial sets, files and tables.

    It is the classifier. In a study with a condition that names a run, where two conditions may
    have the same classifier, it is the name of the run. Where people judge a part of the AI's
    photos, that part follows: ``knn, below 0.6``. So the same name means the same sets.
    """
    name = run.name if any(each.run for each in plan.conditions) else run.classifier
    return ", ".join(filter(None, (name, str(condition.defer))))


def condition_make(
    study: Study, condition: ConditionPlan, run: PredictionRun, below: float | None
) -> Condition:
    """Store one condition of a study's plan; people judge the photos ``below`` a confidence."""
    return Condition.objects.create(
        study=study,
        name=condition.name,
        position=[each.name for each in study.plan.conditions].index(condition.name),
        run=run,
        ai=ai_of(study.plan, condition, run),
        defer_below=below,
        view_name=condition.view_shown,
        persona=study.plan.persona_of(condition.name),
        quota=condition.quota,
    )


def conditions_make(study: Study, runs: Mapping[str, PredictionRun]) -> list[Condition]:
    """Store the conditions of a study; ``runs`` by what each of them asks for."""
    return [
        condition_make(study, each, run, defer_below(run, each.defer))
        for each in study.plan.conditions
        for run in [runs[each.asks_for]]
    ]


def arms_make(study: Study, runs: Mapping[str, PredictionRun]) -> list[Condition]:
    """Store a study's conditions and the sets of each AI; ``runs`` by what conditions ask for.

    Conditions with the same AI share its sets, so that sets do not confound their contrast.
    """
    arms = conditions_make(study, runs)
    for ai in dict.fromkeys(arm.ai for arm in arms):
        sets_draw(study, next(arm for arm in arms if arm.ai == ai))
    return arms
