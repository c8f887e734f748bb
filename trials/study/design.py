"""The study's design as pure functions of a seed: the way through, orders, arms.

No Django, no models: what is drawn here can be drawn again by anyone who has the seed.
"""

from __future__ import annotations

import random
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import TypeVar

from trials.study.plan import PagePlan, QuestionsPlan, StudyPlan, TrainingPlan, ValidationPlan

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
S = TypeVar("S", bound=Hashable)


class Phase(StrEnum):
    """The three stages with trials."""

    TRAINING = "training"
    VALIDATION = "validation"
    TEST = "test"


class Kind(StrEnum):
    """What a step asks of a person."""

    PAGE = "page"
    PRIOR_KNOWLEDGE = "prior_knowledge"
    DEFINITION = "definition"
    TRIAL = "trial"
    FEEDBACK = "feedback"
    ATTENTION = "attention"
    QUESTIONS = "questions"


@dataclass(frozen=True, slots=True)
class Step:
    """One screen. ``name`` is a page's name or a trial's phase; ``position`` counts from 0."""

    kind: Kind
    name: str
    position: int = 0


def script(plan: StudyPlan) -> tuple[Step, ...]:
    """Return every screen of a session in order, from the first page to the debrief.

    All attempts at the validation are in it; someone who passes jumps over the rest of them.
    """
    steps: list[Step] = []
    for stage in plan.stages:
        match stage:
            case PagePlan():
                steps.append(Step(Kind.PAGE, stage.name))
            case QuestionsPlan():
                steps.append(Step(Kind.QUESTIONS, stage.name))
            case TrainingPlan():
                steps += _trials(plan, Phase.TRAINING, range(stage.n))
            case ValidationPlan():
                steps += _validation(plan, stage)
            case _:
                steps.append(Step(Kind.PAGE, "before_test"))
                steps += _test(plan)
    if steps[-1] != (debrief := Step(Kind.PAGE, "debrief")):
        steps.append(debrief)
    return tuple(steps)


def _trials(plan: StudyPlan, phase: Phase, positions: Iterable[int]) -> Iterator[Step]:
    """Yield the screens of trials: up to two before the question, in training one after it."""
    for position in positions:
        if plan.trial.has_prior_knowledge:
            yield Step(Kind.PRIOR_KNOWLEDGE, phase, position)
        if plan.trial.has_definition:
            yield Step(Kind.DEFINITION, phase, position)
        yield Step(Kind.TRIAL, phase, position)
        if phase == Phase.TRAINING:
            yield Step(Kind.FEEDBACK, phase, position)


def _validation(plan: StudyPlan, stage: ValidationPlan) -> Iterator[Step]:
    """Yield every attempt; positions count on, so that attempt k has k·n to (k + 1)·n − 1."""
    for attempt in range(stage.attempts):
        name = "retry_validation" if attempt else "before_validation"
        yield Step(Kind.PAGE, name, attempt)
        first = attempt * stage.n
        yield from _trials(plan, Phase.VALIDATION, range(first, first + stage.n))


def _test(plan: StudyPlan) -> Iterator[Step]:
    n, n_checks = plan.test.n, plan.quality.n_attention
    after = {n * (check + 1) // (n_checks + 1): check for check in range(n_checks)}
    for position in range(n):
        if position in after:
            yield Step(Kind.ATTENTION, "attention", after[position])
        yield from _trials(plan, Phase.TEST, [position])


def split_even(n: int) -> tuple[int, int]:
    """Split ``n`` trials into AI-right and AI-wrong; the odd one is AI-right."""
    return (n + 1) // 2, n // 2


def participant_seed(study_seed: int, number: int, is_simulated: bool) -> int:
    """Return the seed of a study's ``number``-th person; simulated people have their own."""
    return random.Random(f"{study_seed}:{number}:{is_simulated:d}").getrandbits(62)


def order(items: Sequence[T], seed: int | str) -> list[T]:
    """Return the items in one person's own order."""
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

    ``held`` counts who holds a place in each open arm and set, 0 included. The least filled arm
    below its quota (0 is no limit) is taken, then the least filled set in it. An arm below its
    quota always has a set below ``set_quota``: were every set full, the arm would be.
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


def runs_of_same(values: Sequence[bool]) -> int:
    """Return the length of the longest run of one value."""
    return max((len(list(run)) for _, run in groupby(values)), default=0)
