"""The screen after a training trial: whether the person was right, and why."""

from __future__ import annotations

from collections.abc import Iterator

from trials.participant import trial_view
from trials.participant.languages import spoken
from trials.steps.base import AmongTrials, AsksNothing, Looker, Page, screen_type
from trials.study.design import Kind, Phase, Step
from trials.study.plan import StudyPlan


@screen_type
class FeedbackScreen(AsksNothing, AmongTrials):
    """The trial's page again, with the truth instead of the question."""

    kind = Kind.FEEDBACK
    rank = 60
    words = "feedback"

    def after_trial(self, plan: StudyPlan, phase: str, position: int) -> Iterator[Step]:
        if phase == Phase.TRAINING:
            yield Step(self.kind, phase, position)

    def show(self, looker: Looker, step: Step) -> Page:
        trial = looker.trial(step)
        plan = spoken(looker.participant.study.plan.of(trial.condition.name))
        context = {
            "screen": trial_view.trial_screen(trial, looker.participant),
            "feedback": trial_view.feedback(trial, looker.participant),
            "at_hand": trial_view.kinds_at_hand(looker.participant.study, plan),
        }
        return Page("trials/trial.html", context, trial.condition)

    def photos(self, looker: Looker, step: Step) -> tuple[str, ...]:
        return trial_view.trial_screen(looker.trial(step), looker.participant).urls

    def picture(self, step: Step) -> tuple[str, str] | None:
        return "feedback", "After a training trial: was the AI right?"
