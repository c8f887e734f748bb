"""The page before the AI's advice: the photo alone, and the task's question."""

from __future__ import annotations

import random
from typing import Any

from trials.models import Occasion, Participant
from trials.participant import trial_view
from trials.services.answers import trial_of
from trials.steps.asking import AsksTask, asked
from trials.steps.base import Judge, Looker, Page, screen_type
from trials.study.design import Kind, Phase, Step


@screen_type
class FirstScreen(AsksTask):
    """An answer without the AI. The page holds nothing of what the AI says or shows.

    A task that verifies names a class, as in a study without an AI; it does not say who named it.
    """

    kind = Kind.FIRST
    rank = 45
    words = "first answer"
    occasion = Occasion.FIRST
    hides_next = True

    def show(self, looker: Looker, step: Step) -> Page:
        trial = looker.trial(step)
        is_choice = looker.plan.task.is_choice
        screen = trial_view.first_screen(trial, looker.plan, names_class=not is_choice)
        context: dict[str, Any] = {"screen": screen}
        context |= self.context(looker, trial)
        return Page("trials/first.html", context, trial.condition)

    def photos(self, looker: Looker, step: Step) -> tuple[str, ...]:
        return trial_view.first_screen(looker.trial(step), looker.plan, names_class=False).urls

    def after(self, participant: Participant, step: Step) -> None:
        return

    def picture(self, step: Step) -> tuple[str, str] | None:
        if step.name != Phase.TRAINING:
            return None
        return "first-answer", "A first answer, before the AI says what it sees."

    def robot_answer(
        self, participant: Participant, step: Step, judge: Judge, rng: random.Random
    ) -> dict[str, str]:
        trial = trial_of(participant, step)
        offered = asked(participant, trial, self.occasion)
        return judge.first_answer(step.name, trial.prediction, offered, rng)
