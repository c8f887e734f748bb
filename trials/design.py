"""The study's design as pure functions of a seed: sets, orders, arms, the way through.

No Django, no models: what is drawn here can be drawn again by anyone who has the seed.
"""

from __future__ import annotations

import random
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


class Phase(StrEnum):
    """The three stages with trials."""

    TRAINING = "training"
    VALIDATION = "validation"
    TEST = "test"


class Kind(StrEnum):
    """What a step asks of a person: read a page, judge a trial, read the feedback on it."""

    PAGE = "page"
    TRIAL = "trial"
    FEEDBACK = "feedback"


@dataclass(frozen=True, slots=True)
class Step:
    """One screen. ``name`` is a page's name or a trial's phase; ``position`` counts from 0."""

    kind: Kind
    name: str
    position: int = 0


def script(n_training: int, n_validation: int, n_test: int) -> tuple[Step, ...]:
    """Return every screen of a session in order, from the introduction to the debrief."""
    steps = [Step(Kind.PAGE, "introduction"), Step(Kind.PAGE, "instructions")]
    for position in range(n_training):
        steps.append(Step(Kind.TRIAL, Phase.TRAINING, position))
        steps.append(Step(Kind.FEEDBACK, Phase.TRAINING, position))
    steps.append(Step(Kind.PAGE, "before_validation"))
    steps += [Step(Kind.TRIAL, Phase.VALIDATION, position) for position in range(n_validation)]
    steps.append(Step(Kind.PAGE, "before_test"))
    steps += [Step(Kind.TRIAL, Phase.TEST, position) for position in range(n_test)]
    steps.append(Step(Kind.PAGE, "debrief"))
    return tuple(steps)


class PoolTooSmall(ValueError):
    """The predictions do not suffice for the sets; says by how many."""

    def __init__(self, n_right: int, n_wrong: int, need_right: int, need_wrong: int) -> None:
        super().__init__(
            f"The pool holds {n_right} images on which the AI is right and {n_wrong} on which it "
            f"is wrong; the plan needs {need_right} and {need_wrong}: "
            f"{max(0, need_right - n_right)} and {max(0, need_wrong - n_wrong)} more. "
            "Draw fewer sets (n_sets), or predict more images."
        )


@dataclass(frozen=True, slots=True)
class Draw:
    """What one AI's participants judge. All tuples are disjoint; items keep their order."""

    training: tuple[int, ...]
    validation: tuple[int, ...]
    test_sets: tuple[tuple[int, ...], ...]


def split_even(n: int) -> tuple[int, int]:
    """Split ``n`` trials into AI-right and AI-wrong; the odd one is AI-right."""
    return (n + 1) // 2, n // 2


def draw_sets(
    right: Sequence[int],
    wrong: Sequence[int],
    *,
    n_training: int,
    n_validation: int,
    n_test: int,
    n_sets: int,
    seed: int,
) -> Draw:
    """Draw training, validation and ``n_sets`` disjoint test sets from one AI's predictions.

    ``right`` and ``wrong`` hold the ids of predictions that are right and wrong. Each part is
    half right and half wrong (an odd one gets one right more) in a random order. The draw
    depends on the ids, their order and the seed alone. Raises ``PoolTooSmall``.
    """
    sizes = [n_training, n_validation, *[n_test] * n_sets]
    shares = [split_even(size) for size in sizes]
    need_right, need_wrong = (sum(column) for column in zip(*shares, strict=True))
    if len(right) < need_right or len(wrong) < need_wrong:
        raise PoolTooSmall(len(right), len(wrong), need_right, need_wrong)
    rng = random.Random(seed)
    from_right = iter(rng.sample(list(right), need_right))
    from_wrong = iter(rng.sample(list(wrong), need_wrong))
    parts = []
    for n_right, n_wrong in shares:
        part = [next(from_right) for _ in range(n_right)]
        part += [next(from_wrong) for _ in range(n_wrong)]
        rng.shuffle(part)
        parts.append(tuple(part))
    return Draw(parts[0], parts[1], tuple(parts[2:]))


def participant_seed(study_seed: int, number: int, is_simulated: bool) -> int:
    """Return the seed of a study's ``number``-th person; simulated people have their own."""
    return random.Random(f"{study_seed}:{number}:{is_simulated:d}").getrandbits(62)


def order(items: Sequence[T], seed: int | str) -> list[T]:
    """Return the items in one person's own order."""
    shuffled = list(items)
    random.Random(seed).shuffle(shuffled)
    return shuffled


def least_filled(counts: Mapping[K, int], seed: int | str) -> K:
    """Return a key with the smallest count; ties are broken at random by the seed.

    Two draws for one person need two seeds, or the second would follow from the first.
    """
    fewest = min(counts.values())
    return random.Random(seed).choice([key for key, count in counts.items() if count == fewest])
