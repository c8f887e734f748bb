"""The task of a study's trials: confidence levels, limits of an answer, and what cannot be. Pure.

A task asks for a verdict or a class, and with it for confidence and a reason. The same fields are
asked for on each occasion (``trials.models.Occasion``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from trials.study.plan_parts import ConditionPlan, TaskPlan, TrialPlan
from trials.study.registries import VIEWS

# Up to this many classes are buttons with the keys 1 to 9; above, a list that can be searched.
MAX_BUTTONS = 9
MAX_REASON = {"line": 200, "paragraph": 5000}


class Asking(Protocol):
    """The fields of a ``StudyPlan`` that a task is compared with."""

    @property
    def task(self) -> TaskPlan: ...
    @property
    def trial(self) -> TrialPlan: ...
    @property
    def conditions(self) -> tuple[ConditionPlan, ...]: ...


@dataclass(frozen=True, slots=True)
class Confidence:
    """The values that a person's confidence may have, from ``low`` to ``high``.

    ``labels`` has one for each value, or none; ``is_levels`` is False for a scale, where any whole
    number may be given.
    """

    low: int
    high: int
    labels: tuple[str, ...]
    is_levels: bool

    @property
    def values(self) -> range:
        """Every value, ascending."""
        return range(self.low, self.high + 1)

    @property
    def levels(self) -> list[tuple[int, str]]:
        """Each level with its label; a level without one is called by its number."""
        labels = self.labels or tuple(map(str, self.values))
        return list(zip(self.values, labels, strict=True))


def confidence_of(task: TaskPlan) -> Confidence | None:
    """Return the confidence that a task asks for; None if it asks for none."""
    if isinstance(task.confidence, str):
        return None
    if "scale" in task.confidence:
        low, high = task.confidence["scale"]
        return Confidence(low, high, (), is_levels=False)
    labels = tuple(task.confidence.get("labels", ()))
    return Confidence(1, task.confidence["levels"], labels, is_levels=True)


def top_of(task: TaskPlan) -> int:
    """Return how many of the AI's best classes are the choices; 0: they are not chosen so."""
    return int(task.choices["top"]) if isinstance(task.choices, dict) else 0


def classes_of(task: TaskPlan) -> Sequence[str]:
    """Return the classes that the document lists, by folder or label; none: it lists none."""
    return task.choices if isinstance(task.choices, list) else ()


def task_problems(plan: Asking) -> Iterator[tuple[str, object, str]]:
    """Yield what contradicts itself in a task: the field, what was found, what was expected."""
    task = plan.task
    names = list(classes_of(task))
    if len(set(names)) < len(names):
        yield "task.choices", names, "classes that are all different"
    yield from _confidence_problems(task)
    if task.seconds and plan.trial.min_seconds >= task.seconds:
        expected = f"more than the minimum of {plan.trial.min_seconds} seconds (trial.min_seconds)"
        yield "task.seconds", task.seconds, expected
    yield from _naming_problems(plan)


def _confidence_problems(task: TaskPlan) -> Iterator[tuple[str, object, str]]:
    if isinstance(task.confidence, str):
        return
    if "scale" in task.confidence:
        low, high = task.confidence["scale"]
        if low >= high:
            yield "task.confidence.scale", [low, high], "an ascending pair, such as [50, 100]"
        return
    labels, n = task.confidence.get("labels", []), task.confidence["levels"]
    if labels and (len(labels) != n or len(set(labels)) < n):
        yield "task.confidence.labels", labels, f"{n} different labels, one for each level, or none"


def _naming_problems(plan: Asking) -> Iterator[tuple[str, object, str]]:
    """A page before the trial names the AI's class, which people who choose alone must not know."""
    is_named = plan.trial.has_prior_knowledge or plan.trial.has_definition
    if not (plan.task.is_choice and is_named):
        return
    for position, item in enumerate(plan.conditions):
        if not VIEWS[item.view].has_statement:
            expected = (
                "a view with the AI's statement: with ask: choose, the pages of prior knowledge "
                "and of the definition name the AI's class"
            )
            yield f"conditions[{position}].view", item.view, expected
