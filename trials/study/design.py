"""The study's design as pure functions of a seed: the script, orders, arms.

No Django, no models: anyone who has the seed can repeat each draw.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import groupby
from typing import Any, ClassVar, Final, Protocol, TypeVar, cast

from trials.study.layout import layout_of
from trials.study.orders import orders_shown
from trials.study.plan import StudyPlan
from trials.study.registries import STAGES
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
    """One screen. ``name`` is a page's name or a trial's phase; ``position`` counts from 0.

    ``block`` is the person's block that it belongs to, from 1, and 0 outside blocks. It follows
    from the position, so two steps are equal without it.
    """

    kind: str
    name: str
    position: int = 0
    block: int = field(default=0, compare=False)


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

    It contains all attempts at the validation; a person who passes skips the rest of them. In a
    study within people it is that of the plan's layout, or of the first order of blocks.
    """
    if plan.design.is_within and plan.layout is None:
        first = orders_shown(plan.design.order, len(plan.blocks))[0]
        plan = plan.laid(layout_of(plan, first, plan.seed))
    steps: list[Step] = []
    for stage in plan.stages:
        steps += cast(StageType, STAGES[stage.kind]).script(plan, stage)
    if steps[-1] != (debrief := Step(Kind.PAGE, "debrief")):
        steps.append(debrief)
    return tuple(steps)


def trial_steps(
    plan: StudyPlan, phase: str, positions: Iterable[int], block: int = 0
) -> Iterator[Step]:
    """Yield the screens of trials: each with those that other screen types put around it.

    A trial has the screens of its condition.
    """
    for position in positions:
        for step in _around(plan.at(phase, position), phase, position):
            yield replace(step, block=block) if block else step


def _around(plan: StudyPlan, phase: str, position: int) -> Iterator[Step]:
    around = list(SCREENS.values())
    for item in around:
        yield from item.before_trial(plan, phase, position)
    if plan.task.first:
        yield Step(Kind.FIRST, phase, position)
    for item in around:
        yield from item.before_advice(plan, phase, position)
    yield Step(Kind.TRIAL, phase, position)
    for item in around:
        yield from item.after_trial(plan, phase, position)


def trial_near(steps: Sequence[Step], place: int) -> tuple[str, int]:
    """Return phase and position of the trial of a screen, or else of the next or the last trial."""
    phases = {each.value for each in Phase}
    trials = (step for step in steps[place:] if step.kind == Kind.TRIAL)
    here = steps[min(place, len(steps) - 1)]
    if here.kind not in (Kind.PAGE, Kind.QUESTIONS) and here.name in phases:
        return here.name, here.position
    last = next(step for step in reversed(steps) if step.kind == Kind.TRIAL)
    found = next(trials, last)
    return found.name, found.position


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


def least_filled(counts: Mapping[K, Any], seed: int | str) -> K:
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


def assign_within(
    held: Mapping[tuple[str, int], int],
    orders: Sequence[str],
    n_starts: Callable[[str], int],
    seed: int | str,
) -> tuple[str, int]:
    """Return the order of blocks and the start among the test sets of the next person.

    ``held`` counts the people with a place by both. The least filled of the ``orders`` is taken;
    then, of its ``n_starts``, one that the fewest people of this order have, and among these one
    that the fewest people of all orders have. Ties are broken by the seed.
    """
    of_order: Counter[str] = Counter(dict.fromkeys(orders, 0))
    of_start: Counter[int] = Counter()
    for (order_held, start), n in held.items():
        of_order[order_held] += n
        of_start[start] += n
    chosen = least_filled({each: of_order[each] for each in orders}, f"{seed}:sequence")
    starts = {n: (held.get((chosen, n), 0), of_start[n]) for n in range(n_starts(chosen))}
    return chosen, least_filled(starts, f"{seed}:set")


def set_quota(quota: int, n_sets: int) -> int:
    """Return how many people one test set may have in a condition; 0 is no limit."""
    return -(-quota // n_sets)


def runs_of_same(values: Sequence[Hashable]) -> int:
    """Return the length of the longest run of one value."""
    return max((len(list(run)) for _, run in groupby(values)), default=0)
