"""The question before a trial: does the person know the kind that the AI names?"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime

from trials.models import Participant, PriorKnowledge
from trials.participant.languages import article
from trials.services.answers import trial_of
from trials.steps.base import (
    AmongTrials,
    AsksYesNo,
    Judge,
    Looker,
    Page,
    places_missing,
    screen_type,
)
from trials.steps.submission import Submission
from trials.study.design import Kind, Phase, Step
from trials.study.plan import StudyPlan


@screen_type
class PriorKnowledgeScreen(AsksYesNo, AmongTrials):
    """A question without a right answer, before the photo is seen."""

    kind = Kind.PRIOR_KNOWLEDGE
    rank = 30
    words = "prior knowledge"

    def before_trial(self, plan: StudyPlan, phase: str, position: int) -> Iterator[Step]:
        if plan.trial.has_prior_knowledge and not plan.task.names_late:
            yield Step(self.kind, phase, position)

    def before_advice(self, plan: StudyPlan, phase: str, position: int) -> Iterator[Step]:
        if plan.trial.has_prior_knowledge and plan.task.names_late:
            yield Step(self.kind, phase, position)

    def show(self, looker: Looker, step: Step) -> Page:
        trial = looker.trial(step)
        label = looker.plan.say(trial.prediction.category.label)
        context = {"label": label, "article": article(label)}
        return Page("trials/prior_knowledge.html", context, trial.condition)

    def photos(self, looker: Looker, step: Step) -> tuple[str, ...]:
        return ()

    def store(
        self, participant: Participant, step: Step, submission: Submission, now: datetime
    ) -> None:
        PriorKnowledge.objects.create(
            trial=trial_of(participant, step),
            is_known=submission.said_yes,
            rt_ms=submission.rt_ms,
            received_at=now,
        )

    def missing(self, participant: Participant, steps: Sequence[Step]) -> list[str]:
        answered = participant.trials.filter(prior_knowledge__isnull=False)
        return places_missing(self.kind, steps, answered.values_list("phase", "position"))

    def after(self, participant: Participant, step: Step) -> None:
        return

    def picture(self, step: Step) -> tuple[str, str] | None:
        if step.name != Phase.TRAINING:
            return None
        return "prior-knowledge", "Before a trial: is the kind that the AI named known?"

    def robot_says_yes(
        self, participant: Participant, step: Step, judge: Judge, rng: random.Random
    ) -> bool:
        return True
