"""The stages with trials: training, validation and test, and the pages between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trials.study.design import Kind, Phase, StageType, Step, stage_add, trial_steps
from trials.study.lists import EXPECTED, sha256_in
from trials.study.plan import StudyPlan
from trials.study.plan_parts import TestPlan, TrainingPlan, ValidationPlan, made

HEADINGS = {Phase.TRAINING: "Training", Phase.VALIDATION: "Check", Phase.TEST: "Study"}


class Training(StageType):
    """Trials with feedback."""

    kind = "training"
    rank = 20
    part = TrainingPlan

    def made(self, values: Mapping[str, Any]) -> TrainingPlan:
        return made(TrainingPlan, values)

    def script(self, plan: StudyPlan, stage: TrainingPlan) -> Iterator[Step]:
        return trial_steps(plan, Phase.TRAINING, range(stage.n))

    def contradictions(self, stage: TrainingPlan) -> Iterator[tuple[str, object, str]]:
        yield from ()


class Validation(StageType):
    """Scored trials, and a page before each attempt."""

    kind = "validation"
    rank = 30
    part = ValidationPlan
    own_pages = ("before_validation", "retry_validation")

    def made(self, values: Mapping[str, Any]) -> ValidationPlan:
        return made(ValidationPlan, values)

    def script(self, plan: StudyPlan, stage: ValidationPlan) -> Iterator[Step]:
        """Yield every attempt; positions count on, so that attempt k has k·n to (k + 1)·n − 1."""
        before, again = self.own_pages
        for attempt in range(stage.attempts):
            yield Step(Kind.PAGE, again if attempt else before, attempt)
            first = attempt * stage.n
            yield from trial_steps(plan, Phase.VALIDATION, range(first, first + stage.n))

    def contradictions(self, stage: ValidationPlan) -> Iterator[tuple[str, object, str]]:
        if stage.pass_mark > stage.n:
            yield "pass_mark", stage.pass_mark, f"at most the number of photos, {stage.n}"


class Test(StageType):
    """The trials of the study itself, after a page that says so."""

    __test__ = False  # no class of tests, whatever its name says to pytest

    kind = "test"
    rank = 40
    part = TestPlan
    own_pages = ("before_test",)

    def made(self, values: Mapping[str, Any]) -> TestPlan:
        return made(TestPlan, values)

    def script(self, plan: StudyPlan, stage: TestPlan) -> Iterator[Step]:
        yield Step(Kind.PAGE, self.own_pages[0])
        yield from trial_steps(plan, Phase.TEST, range(stage.n))

    def contradictions(self, stage: TestPlan) -> Iterator[tuple[str, object, str]]:
        if stage.sets_file and not sha256_in(stage.sets_file):
            yield "sets_file", stage.sets_file, EXPECTED
        if stage.n % 2 and stage.share_right == "half" and not stage.sets_file:
            yield "n", stage.n, "an even number: half AI-right, half AI-wrong"
        elif stage.strata != "none" and stage.balance != "exact":
            yield "strata", stage.strata, "none, or balance: exact"


for item in (Training(), Validation(), Test()):
    stage_add(item)
