"""The study's design as pure functions of a seed: the script, orders, arms.

No Django, no models: anyone who has the seed can repeat each draw.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any, ClassVar, Final, Protocol, TypeVar, cast

from trials.study.plan import StudyPlan
from trials.study.plan_parts import STAGES
from trials.study.registry import Registry

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
S = TypeVar("S", bound=Hashable)


class Phase(StrEnum):
    """The three stages with trials."""

    TRAINING = "training"
    VALIDATION = "validation"
    TEST = "test"


class Kind(StrEnum):
    """The names of the built-in screen types; ``trials.steps`` has a module for each."""

    PAGE = "page"
    PRIOR_KNOWLEDGE = "prior_knowledge"
    DEFINITION = "definition"
    FIRST = "first"
    TRIAL = "trial"
    FEEDBACK = "feedback"
    ATTENTION = "attention"
    QUESTIONS = "questions"


# The screens that ask a trial's question.
ASKING = (Kind.FIRST, Kind.TRIAL)


@dataclass(frozen=True, slots=True)
class Step:
    """One screen. ``name`` is a page's name or a trial's phase; ``position`` counts from 0."""

    kind: str
    name: str
    position: int = 0


class Scripted(Protocol):
    """The scripting part of a screen type; ``trials.steps.base`` has the rest."""

    @property
    def rank(self) -> int: ...
    def before_trial(self, plan: StudyPlan, phase: str, position: int) -> Iterator[Step]: ...
    def before_advice(self, plan: StudyPlan, phase: str, position: int) -> Iterator[Step]: ...
    def after_trial(self, plan: StudyPlan, phase: str, position: int) -> Iterator[Step]: ...
    def part_of(self, step: Step) -> str: ...
    def monitor_line(self, step: Step) -> str: ...


SCREENS: Final[Registry[Scripted]] = Registry("screen type")


class StageType(ABC):
    """A kind of stage in the study document: its fields, its checks and its screens.

    ``part`` is the dataclass of its fields. ``fields`` is its part of the JSON Schema, or None if
    ``study.schema.json`` defines it under ``$defs``. ``own_pages`` are the names of the pages
    that its script adds.
    """

    kind: ClassVar[str]
    rank: ClassVar[int]
    part: ClassVar[type]
    fields: ClassVar[Mapping[str, Any] | None] = None
    own_pages: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def made(self, values: Mapping[str, Any]) -> Any:
        """Return the stage as Python sees it."""

    @abstractmethod
    def script(self, plan: StudyPlan, stage: Any) -> Iterator[Step]:
        """Yield the screens of the stage."""

    @abstractmethod
    def contradictions(self, stage: Any) -> Iterator[tuple[str, object, str]]:
        """Yield fields that do not go together: the field, what was found, what was expected."""


def stage_add(stage: StageType) -> None:
    """Add a kind of stage that study documents may have."""
    STAGES.add(stage.kind, stage)


def script(plan: StudyPlan) -> tuple[Step, ...]:
    """Return every screen of a session in order, from the first page to the debrief.

    It contains all attempts at the validation; a person who passes skips the rest of them.
    """
    steps: list[Step] = []
    for stage in plan.stages:
        steps += cast(StageType, STAGES[stage.kind]).script(plan, stage)
    if steps[-1] != (debrief := Step(Kind.PAGE, "debrief")):
        steps.append(debrief)
    return tuple(steps)


def trial_steps(plan: StudyPlan, phase: str, positions: Iterable[int]) -> Iterator[Step]:
    """Yield the screens of trials: each with those that other screen types put around it."""
    around = list(SCREENS.values())
    for position in positions:
        for item in around:
            yield from item.before_trial(plan, phase, position)
        if plan.task.first:
            yield Step(Kind.FIRST, phase, position)
        for item in around:
            yield from item.before_advice(plan, phase, position)
        yield Step(Kind.TRIAL, phase, position)
        for item in around:
            yield from item.after_trial(plan, phase, position)


def split_even(n: int) -> tuple[int, int]:
    """Split ``n`` trials into AI-right and AI-wrong; with an odd ``n`` one more is AI-right."""
    return (n + 1) // 2, n // 2


def participant_seed(study_seed: int, number: int, is_simulated: bool) -> int:
    """Return the seed of a study's ``number``-th person; simulated people have separate seeds."""
    return random.Random(f"{study_seed}:{number}:{is_simulated:d}").getrandbits(62)


def order(items: Sequence[T], seed: int | str) -> list[T]:
    """Return the items in one person's order."""
    shuffled = list(items)
    random.Random(seed).shuffle(shuffled)
    return shuffled


def attention_answers(n: int, seed: int | str) -> list[bool]:
    """Return for each attention check whether it asks for Yes; both occur where n allows."""
    half = split_even(n)
    return order([True] * half[0] + [False] * half[1], seed)


def least_filled(counts: Mapping[K, int], seed: int | str) -> K:
    """Return a key with the smallest count; ties are broken at random by the seed.

    Two draws for one person need two seeds, or the second would follow from the first.
    """
    fewest = min(counts.values())
    return random.Random(seed).choice([key for key, count in counts.items() if count == fewest])


def assign(
    held: Mapping[tuple[K, S], int], quotas: Mapping[K, int], seed: int | str
) -> tuple[K, S] | None:
    """Return the arm and trial set of the next person; None when no arm has a free place.

    ``held`` counts the people with a place in each open arm and set, 0 included. The least filled
    arm below its quota (0 is no limit) is taken, then the least filled set in it. An arm below its
    quota always has a set below ``set_quota``: if every set were full, the arm would be full.
    """
    arms: dict[K, int] = {}
    for (arm, _), n in held.items():
        arms[arm] = arms.get(arm, 0) + n
    free = {arm: n for arm, n in arms.items() if not quotas[arm] or n < quotas[arm]}
    if not free:
        return None
    chosen = least_filled(free, f"{seed}:condition")
    sets = {each: n for (arm, each), n in held.items() if arm == chosen}
    return chosen, least_filled(sets, f"{seed}:set")


def set_quota(quota: int, n_sets: int) -> int:
    """Return how many people one test set may have in a condition; 0 is no limit."""
    return -(-quota // n_sets)


def runs_of_same(values: Sequence[Hashable]) -> int:
    """Return the length of the longest run of one value."""
    return max((len(list(run)) for _, run in groupby(values)), default=0)
