"""An attention check between two photos of the test: it asks for a given answer."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import F

from trials.models import Participant
from trials.participant import trial_view
from trials.services.outcomes import finish
from trials.steps.base import (
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

NAME = "attention"


@screen_type
class AttentionScreen(AsksYesNo):
    """A check that the page is read. It is not a trial."""

    kind = Kind.ATTENTION
    rank = 20
    is_text = False

    def before_trial(self, plan: StudyPlan, phase: str, position: int) -> Iterator[Step]:
        """Spread the checks over the test, each between two photos."""
        if phase != Phase.TEST:
            return
        n, n_checks = plan.n_test, plan.quality.n_attention
        for check in range(n_checks):
            if n * (check + 1) // (n_checks + 1) == position:
                yield Step(self.kind, NAME, check)

    def counted_as(self, script: Sequence[Step], place: int) -> Step | None:
        """Return the next photo's step: the check shows that photo's number."""
        return next(step for step in script[place:] if step.kind == Kind.TRIAL)

    def show(self, looker: Looker, step: Step) -> Page:
        wording = looker.plan.wording
        context = {
            "asked": wording.yes if looker.asks_yes(step) else wording.no,
            "photo": trial_view.attention_photo(looker.participant.study, step),
        }
        return Page("trials/attention.html", context)

    def photos(self, looker: Looker, step: Step) -> tuple[str, ...]:
        return (trial_view.attention_photo(looker.participant.study, step),)

    def min_seconds(self, plan: StudyPlan, step: Step) -> int:
        return 0

    def store(
        self, participant: Participant, step: Step, submission: Submission, now: datetime
    ) -> None:
        participant.attention_checks.filter(position=step.position).update(
            is_yes=submission.said_yes, rt_ms=submission.rt_ms, received_at=now
        )

    def missing(self, participant: Participant, steps: Sequence[Step]) -> list[str]:
        answered = participant.attention_checks.exclude(is_yes=None)
        places = ((NAME, position) for position in answered.values_list("position", flat=True))
        return places_missing(self.kind, steps, places)

    def after(self, participant: Participant, step: Step) -> None:
        """End the session if the study says so and too many checks failed."""
        quality = participant.study.plan.quality
        if quality.attention_end != "end":
            return
        answered = participant.attention_checks.exclude(is_yes=None)
        n_failed = answered.exclude(is_yes=F("asks_yes")).count()
        if n_failed > quality.max_failed_attention:
            finish(participant, Participant.Status.FAILED_ATTENTION)

    def part_of(self, step: Step) -> str:
        return Phase.TEST.value

    def label(self, step: Step) -> str:
        return f"Attention check {step.position + 1}"

    def group(self, step: Step) -> str:
        return "Test"

    def monitor_line(self, step: Step) -> str:
        return f"attention check {step.position + 1}"

    def picture(self, step: Step) -> tuple[str, str] | None:
        return "attention", "An attention check between two trials."

    def robot_says_yes(
        self, participant: Participant, step: Step, judge: Judge, rng: random.Random
    ) -> bool:
        return participant.attention_checks.get(position=step.position).asks_yes
