"""A worked example before the training: what is what on a trial's page, and a part to find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trials.models import Trial
from trials.panels.base import panels_of
from trials.panels.exemplars import Exemplar
from trials.participant import trial_view
from trials.services.answers import trial_of
from trials.steps.base import AmongPages, AsksNothing, Looker, Page, screen_type
from trials.study.design import Kind, Phase, StageType, Step, stage_add
from trials.study.plan import StudyPlan
from trials.study.plan_parts import made

KIND = "walkthrough"
# Which number people look for, if the example has as many.
NUMBER_TRIED = 3


@dataclass(frozen=True, slots=True)
class WalkthroughPlan:
    """A worked example on the training's first photo; ``has_try``: people find a part in it."""

    kind: str
    has_try: bool


class WalkthroughStage(StageType):
    """The worked example in the document."""

    kind = KIND
    rank = 15
    part = WalkthroughPlan

    def made(self, values: Mapping[str, Any]) -> WalkthroughPlan:
        return made(WalkthroughPlan, values)

    def script(self, plan: StudyPlan, stage: WalkthroughPlan) -> Iterator[Step]:
        yield Step(KIND, KIND)

    def contradictions(self, stage: WalkthroughPlan) -> Iterator[tuple[str, object, str]]:
        yield from ()


stage_add(WalkthroughStage())


@screen_type
class WalkthroughScreen(AsksNothing, AmongPages):
    """The first photo of the training with notes; it does not say whether the AI is right."""

    kind = KIND
    rank = 15
    is_text = True

    def show(self, looker: Looker, step: Step) -> Page:
        trial = _shown(looker)
        example = _example(trial, looker.participant.study.plan.of(trial.condition.name))
        stage = next(each for each in looker.plan.stages if isinstance(each, WalkthroughPlan))
        n_boxes = len(example.boxes) if example else 0
        context = {
            "screen": trial_view.trial_screen(trial, looker.participant),
            "example": example,
            "number": min(NUMBER_TRIED, n_boxes) if stage.has_try else 0,
        }
        return Page("trials/walkthrough.html", context, trial.condition)

    def photos(self, looker: Looker, step: Step) -> tuple[str, ...]:
        trial = _shown(looker)
        example = _example(trial, looker.participant.study.plan.of(trial.condition.name))
        query = trial_view.trial_screen(trial, looker.participant).query_url
        return (query, example.url) if example else (query,)

    def min_seconds(self, plan: StudyPlan, step: Step) -> int:
        return 0

    def monitor_line(self, step: Step) -> str:
        return "worked example"

    def picture(self, step: Step) -> tuple[str, str] | None:
        return "worked-example", "A worked example, with a part to find."


def _shown(looker: Looker) -> Trial:
    return trial_of(looker.participant, Step(Kind.TRIAL, Phase.TRAINING, 0))


def _example(trial: Trial, plan: StudyPlan) -> Exemplar | None:
    """Return the first photo that explains the prediction, with its boxes; None without one."""
    for panel in panels_of(trial.condition.view):
        content = panel.content_of(trial, plan)
        found: Exemplar | None = panel.first_example(content) if content else None
        if found is not None:
            return found
    return None
