"""A person's trials in a study within people: which condition, block and photos each has. Pure.

The layout follows from the study's plan, the person's order of blocks and the person's seed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from trials.study.orders import DesignPlan, Order
from trials.study.plan_parts import ConditionPlan
from trials.study.stage_plans import TestPlan, TrainingPlan, ValidationPlan

TRAINING, VALIDATION, TEST = "training", "validation", "test"


class Planned(Protocol):
    """The fields of a ``StudyPlan`` that a layout is made from."""

    @property
    def design(self) -> DesignPlan: ...
    @property
    def blocks(self) -> tuple[tuple[str, ...], ...]: ...
    @property
    def conditions(self) -> tuple[ConditionPlan, ...]: ...
    @property
    def training(self) -> TrainingPlan | None: ...
    @property
    def validation(self) -> ValidationPlan | None: ...
    @property
    def test(self) -> TestPlan: ...


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a person: its number in the document, conditions, and positions of trials."""

    number: int
    conditions: tuple[str, ...]
    training: range
    test: range


@dataclass(frozen=True, slots=True)
class Place:
    """Where a trial's photo comes from: a set of the condition's AI, and the place in it.

    ``number`` is that of a set of training or validation; the test's sets are the person's.
    """

    condition: str
    number: int
    item: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A person's blocks in their order, and the condition of each position of each phase."""

    blocks: tuple[Block, ...]
    training: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def condition(self, phase: str, position: int) -> str:
        """Return the name of a trial's condition."""
        names: tuple[str, ...] = getattr(self, phase)
        return names[position]

    def block_at(self, phase: str, position: int) -> int:
        """Return which of the person's blocks a trial is in, from 1; 0 before the blocks."""
        for place, block in enumerate(self.blocks, 1):
            if position in {TRAINING: block.training, TEST: block.test}.get(phase, range(0)):
                return place
        return 0


def layout_of(plan: Planned, order: Order, seed: int | str) -> Layout:
    """Return the trials of a person with an order of blocks.

    The test has ``test.n`` trials in every condition; the conditions of one block are mixed, by the
    seed. One training, and a validation, are divided over all conditions in the order of the
    blocks. Where each block has a training, the validation is in the first block.
    """
    chosen = [(number, plan.blocks[number - 1]) for number in order]
    everything = [name for _, names in chosen for name in names]
    n_training = plan.training.n if plan.training else 0
    trains_in_blocks = plan.design.trains_in_blocks
    training: list[str] = [] if trains_in_blocks else _divided(everything, n_training)
    test: list[str] = []
    blocks = []
    for number, names in chosen:
        own = _alternating(names, n_training) if trains_in_blocks else []
        mixed = [name for name in names for _ in range(plan.test.n)]
        if len(names) > 1:
            random.Random(f"{seed}:block:{number}").shuffle(mixed)
        blocks.append(Block(number, names, _following(training, own), _following(test, mixed)))
        training += own
        test += mixed
    check = plan.validation
    first = chosen[0][1] if trains_in_blocks else everything
    spread = _alternating if trains_in_blocks else _divided
    attempts, n_checked = (check.attempts, check.n) if check else (0, 0)
    validation = [name for _ in range(attempts) for name in spread(first, n_checked)]
    return Layout(tuple(blocks), tuple(training), tuple(validation), tuple(test))


def _following(before: Sequence[str], new: Sequence[str]) -> range:
    return range(len(before), len(before) + len(new))


def _divided(names: Sequence[str], n: int) -> list[str]:
    """Return n places, divided over the names in their order."""
    return [names[place * len(names) // n] for place in range(n)]


def _alternating(names: Sequence[str], n: int) -> list[str]:
    return [names[place % len(names)] for place in range(n)]


def training_places(plan: Planned, layout: Layout) -> Iterator[Place]:
    """Yield where each training photo comes from. Each block with a training has own photos."""
    n = plan.training.n if plan.training else 0
    for position, name in enumerate(layout.training):
        block, item = divmod(position, n)
        number = layout.blocks[block].number if plan.design.trains_in_blocks else 0
        yield Place(name, _set_number(plan, name, number), item)


def validation_places(plan: Planned, layout: Layout) -> Iterator[Place]:
    """Yield where each photo of the validation comes from: each attempt has its own set."""
    n = plan.validation.n if plan.validation else 0
    for position, name in enumerate(layout.validation):
        attempt, item = divmod(position, n)
        yield Place(name, attempt + 1, item)


def _set_number(plan: Planned, name: str, block: int) -> int:
    """Return the number of a training set: that of the block among those with the same AI."""
    return 1 + _blocks_of(plan, pools(plan)[name]).index(block) if block else 1


def _blocks_of(plan: Planned, pool: str) -> list[int]:
    """Return the numbers of the blocks in which some condition has this AI's photos."""
    of = pools(plan)
    return [n for n, names in enumerate(plan.blocks, 1) if any(of[name] == pool for name in names)]


def pools(plan: Planned) -> dict[str, str]:
    """Return what names the photos of each condition (``ConditionPlan.pool``), by its name."""
    return {each.name: each.pool for each in plan.conditions}


def n_training_sets(plan: Planned, pool: str) -> int:
    """Return how many training sets are drawn from one AI's photos."""
    if plan.training is None or not plan.design.trains_in_blocks:
        return 1
    return len(_blocks_of(plan, pool))


def set_at(plan: Planned, sets: Sequence[int], start: int, name: str) -> int:
    """Return which of the test sets of its AI a person has in a condition.

    ``start`` is the person's, from 0. With the same photos it is the same in all conditions.
    Otherwise the conditions of one AI have sets that follow each other, so that over people each
    set is in each condition equally often.
    """
    return sets[(start + _shift(plan, name)) % len(sets)]


def start_of(plan: Planned, sets: Sequence[int], number: int, name: str) -> int:
    """Return the start of a person who has the set ``number`` in a condition (see ``set_at``)."""
    return (sets.index(number) - _shift(plan, name)) % len(sets)


def _shift(plan: Planned, name: str) -> int:
    """Return the place of a condition among those with the same AI's photos."""
    if plan.design.is_same:
        return 0
    of = pools(plan)
    return [each for each in of if of[each] == of[name]].index(name)
