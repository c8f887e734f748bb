"""A toy screen type: a page that asks for a mood."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trials.models import Participant, QuestionAnswer
from trials.steps.base import AmongPages, Context, Judge, Looker, Page, screen_type
from trials.steps.submission import Submission
from trials.study.design import StageType, Step, stage_add
from trials.study.plan import StudyPlan
from trials.study.plan_parts import made


@dataclass(frozen=True, slots=True)
class MoodPlan:
    """The stage's fields."""

    kind: str
    name: str
    question: str


class MoodStage(StageType):
    """The page in a study document."""

    kind = "mood"
    rank = 200
    part = MoodPlan
    fields = {
        "title": "Mood", "type": "object", "additionalProperties": False,
        "required": ["kind", "name"],
        "properties": {
            "kind": {"const": "mood"},
            "name": {"$ref": "#/$defs/slug", "title": "Name"},
            "question": {"$ref": "#/$defs/line", "default": "How are you?", "title": "Question"},
        },
    }  # fmt: skip

    def made(self, values: Mapping[str, Any]) -> MoodPlan:
        return made(MoodPlan, values)

    def script(self, plan: StudyPlan, stage: MoodPlan) -> Iterator[Step]:
        yield Step(self.kind, stage.name)

    def contradictions(self, stage: MoodPlan) -> Iterator[tuple[str, object, str]]:
        if not stage.question.endswith("?"):
            yield "question", stage.question, "a question mark at the end"


stage_add(MoodStage())


@screen_type
class MoodScreen(AmongPages):
    """One line to fill in."""

    kind = "mood"
    rank = 200
    is_text = False

    def show(self, looker: Looker, step: Step) -> Page:
        stages = [stage for stage in looker.plan.stages if isinstance(stage, MoodPlan)]
        asked = next(stage.question for stage in stages if stage.name == step.name)
        return Page("trials/mood.html", {"title": "Mood", "asked": asked})

    def min_seconds(self, plan: StudyPlan, step: Step) -> int:
        return 0

    def problem(self, participant: Participant, step: Step, submission: Submission) -> str:
        return "" if submission.answers.get("mood", "").strip() else "Please say how you are."

    def typed_again(self, plan: StudyPlan, step: Step, submission: Submission) -> Context:
        return {"typed": submission.answers.get("mood", "")}

    def store(
        self, participant: Participant, step: Step, submission: Submission, now: datetime
    ) -> None:
        QuestionAnswer.objects.create(
            participant=participant,
            page=step.name,
            name="mood",
            value=submission.answers["mood"].strip(),
            received_at=now,
        )

    def missing(self, participant: Participant, steps: Sequence[Step]) -> list[str]:
        given = set(participant.question_answers.values_list("page", flat=True))
        return [f"mood {step.name}" for step in steps if step.name not in given]

    def after(self, participant: Participant, step: Step) -> None:
        return

    def monitor_line(self, step: Step) -> str:
        return f"mood, {step.name}"

    def robot_answer(
        self, participant: Participant, step: Step, judge: Judge, rng: random.Random
    ) -> dict[str, str]:
        return {"q_mood": "fine"}
