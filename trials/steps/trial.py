"""The screen of a trial: a photo, what the AI says of it, and the question."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime

from trials.models import Occasion, Participant
from trials.panels.base import panels_of
from trials.participant import trial_view
from trials.services.answers import n_correct, trial_of
from trials.services.outcomes import finish
from trials.steps.asking import AsksTask, asked
from trials.steps.base import Judge, Looker, Page, screen_type
from trials.steps.submission import Submission
from trials.study.design import Kind, Phase, Step

PICTURES = {
    Phase.TRAINING: ("training", "A training trial."),
    Phase.VALIDATION: ("validation", "A trial of the check, without feedback."),
}


@screen_type
class TrialScreen(AsksTask):
    """The question about one photo, with what the AI says of it: the final answer."""

    kind = Kind.TRIAL
    rank = 50
    words = "question"
    occasion = Occasion.FINAL

    def show(self, looker: Looker, step: Step) -> Page:
        trial = looker.trial(step)
        screen = trial_view.trial_screen(trial, looker.participant)
        context = {"screen": screen} | self.context(looker, trial)
        return Page("trials/trial.html", context, trial.condition)

    def photos(self, looker: Looker, step: Step) -> tuple[str, ...]:
        return trial_view.trial_screen(looker.trial(step), looker.participant).urls

    def store(
        self, participant: Participant, step: Step, submission: Submission, now: datetime
    ) -> None:
        trial = trial_of(participant, step)
        self.stored(trial, participant, submission, now)
        for panel in panels_of(trial.condition.view):
            panel.answered(trial, submission, now)

    def after(self, participant: Participant, step: Step) -> None:
        """Judge an attempt at the validation that this answer completes."""
        validation = participant.study.plan.validation
        if step.name != Phase.VALIDATION or validation is None:
            return
        attempt, place = divmod(step.position, validation.n)
        if place < validation.n - 1:
            return
        if n_correct(participant, Phase.VALIDATION, attempt) >= validation.pass_mark:
            last = Step(Kind.TRIAL, Phase.VALIDATION, validation.attempts * validation.n - 1)
            participant.step = participant.script.index(last) + 1
        elif attempt == validation.attempts - 1:
            finish(participant, Participant.Status.FAILED_VALIDATION)

    def monitor_line(self, step: Step) -> str:
        return f"{step.name.replace('_', ' ')} {step.position + 1}"

    def picture(self, step: Step) -> tuple[str, str] | None:
        return {str(phase): found for phase, found in PICTURES.items()}.get(step.name)

    def robot_moves(
        self, participant: Participant, step: Step, rng: random.Random
    ) -> Iterator[tuple[str, dict[str, str]]]:
        for panel in panels_of(trial_of(participant, step).condition.view):
            yield from panel.robot_moves(rng)

    def robot_answer(
        self, participant: Participant, step: Step, judge: Judge, rng: random.Random
    ) -> dict[str, str]:
        trial = trial_of(participant, step)
        offered = asked(participant, trial, self.occasion)
        first = trial.responses.filter(occasion=Occasion.FIRST).first()
        return judge.final_answer(step.name, trial.prediction, offered, first, rng)
