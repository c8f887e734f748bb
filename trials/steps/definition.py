"""The screen before a trial that says what the named kind is, with sample photos."""

from __future__ import annotations

from collections.abc import Iterator

from trials.models import Trial
from trials.participant import trial_view
from trials.participant.languages import spoken
from trials.steps.base import AmongTrials, AsksNothing, Looker, Page, screen_type
from trials.study.design import Kind, Phase, Step
from trials.study.plan import StudyPlan


@screen_type
class DefinitionScreen(AsksNothing, AmongTrials):
    """The definition of the kind that the AI names."""

    kind = Kind.DEFINITION
    rank = 40
    words = "definition"

    def before_trial(self, plan: StudyPlan, phase: str, position: int) -> Iterator[Step]:
        if plan.trial.has_definition and not plan.task.names_late:
            yield Step(self.kind, phase, position)

    def before_advice(self, plan: StudyPlan, phase: str, position: int) -> Iterator[Step]:
        if plan.trial.has_definition and plan.task.names_late:
            yield Step(self.kind, phase, position)

    def show(self, looker: Looker, step: Step) -> Page:
        trial = looker.trial(step)
        return Page("trials/definition.html", {"kind": _presented(looker, trial)}, trial.condition)

    def photos(self, looker: Looker, step: Step) -> tuple[str, ...]:
        return _presented(looker, looker.trial(step)).urls

    def picture(self, step: Step) -> tuple[str, str] | None:
        if step.name != Phase.TRAINING:
            return None
        return "definition", "What that kind is, with sample photos."


def _presented(looker: Looker, trial: Trial) -> trial_view.Kind:
    plan = spoken(looker.participant.study.plan.of(trial.condition.name))
    return trial_view.defined(plan, trial.prediction.category)
