"""The stages with trials: training, validation and test, and the pages between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import pgettext_lazy

from trials.study.design import Kind, Phase, StageType, Step, stage_add, trial_steps
from trials.study.design_problems import OWN_PAGES
from trials.study.layout import Layout
from trials.study.lists import EXPECTED, sha256_in
from trials.study.plan import StudyPlan
from trials.study.plan_parts import made
from trials.study.stage_plans import TestPlan, TrainingPlan, ValidationPlan

# The pages that announce a part of the one training, and a block.
BEFORE_PRACTICE, BEFORE_BLOCK = OWN_PAGES
HEADINGS = {
    Phase.TRAINING: pgettext_lazy("part of the session", "Training"),
    Phase.VALIDATION: pgettext_lazy("part of the session", "Check"),
    Phase.TEST: pgettext_lazy("part of the session", "Study"),
}


class Training(StageType):
    """Trials with feedback."""

    kind = "training"
    rank = 20
    part = TrainingPlan
    own_pages = (BEFORE_PRACTICE,)

    def made(self, values: Mapping[str, Any]) -> TrainingPlan:
        return made(TrainingPlan, values)

    def script(self, plan: StudyPlan, stage: TrainingPlan) -> Iterator[Step]:
        """Yield the trials; in a study within people after a page for each part."""
        if plan.layout is None:
            return trial_steps(plan, Phase.TRAINING, range(stage.n))
        if plan.design.trains_in_blocks:
            return _first_training(plan, plan.layout)
        return self._parts(plan, plan.layout)

    def _parts(self, plan: StudyPlan, layout: Layout) -> Iterator[Step]:
        """Yield the one training: a page and the trials for the conditions of each block."""
        for number, block in enumerate(layout.blocks):
            mine = [n for n, name in enumerate(layout.training) if name in block.conditions]
            yield Step(Kind.PAGE, self.own_pages[0], number)
            yield from trial_steps(plan, Phase.TRAINING, mine)

    def contradictions(self, stage: TrainingPlan) -> Iterator[tuple[str, object, str]]:
        yield from ()


def _first_training(plan: StudyPlan, layout: Layout) -> Iterator[Step]:
    """Yield the training of the first block. The others come with their blocks, in the test."""
    yield Step(Kind.PAGE, BEFORE_BLOCK)
    yield from trial_steps(plan, Phase.TRAINING, layout.blocks[0].training)


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
    own_pages = ("before_test", BEFORE_BLOCK)

    def made(self, values: Mapping[str, Any]) -> TestPlan:
        return made(TestPlan, values)

    def script(self, plan: StudyPlan, stage: TestPlan) -> Iterator[Step]:
        yield Step(Kind.PAGE, self.own_pages[0])
        if plan.layout is None:
            yield from trial_steps(plan, Phase.TEST, range(stage.n))
            return
        is_announced = plan.design.trains_in_blocks and plan.training is not None
        for number, block in enumerate(plan.layout.blocks):
            if number or not is_announced:
                yield Step(Kind.PAGE, BEFORE_BLOCK, number, number + 1)
                yield from trial_steps(plan, Phase.TRAINING, block.training, number + 1)
            yield from trial_steps(plan, Phase.TEST, block.test, number + 1)

    def contradictions(self, stage: TestPlan) -> Iterator[tuple[str, object, str]]:
        if stage.sets_file and not sha256_in(stage.sets_file):
            yield "sets_file", stage.sets_file, EXPECTED
        if stage.n % 2 and stage.share_right == "half" and not stage.sets_file:
            yield "n", stage.n, "an even number: half AI-right, half AI-wrong"
        elif stage.strata != "none" and stage.balance != "exact":
            yield "strata", stage.strata, "none, or balance: exact"


for item in (Training(), Validation(), Test()):
    stage_add(item)
