"""What a simulated person does in a task beside judging the AI: own answers, switches, confidence.

Pure; standard library only.
"""

from __future__ import annotations

import random
from dataclasses import dataclass


class HabitsRefused(ValueError):
    """An impossible value; the message names it and what was expected."""


@dataclass(frozen=True, slots=True)
class Habits:
    """Chances of a person who answers without the AI first, and how sure answers are.

    ``own_right`` is the chance that an answer without the AI is right. Where it disagrees with the
    AI's advice, the person changes to the advice with the chance ``switch_right`` if the AI is
    right and ``switch_wrong`` if it is wrong; where both agree, the answer stays. Confidence is a
    share of the way from the lowest to the highest value: normal around ``sure_right`` for right
    answers and ``sure_wrong`` for wrong ones, with the standard deviation ``sd_sure``, cut at 0
    and 1.
    """

    own_right: float = 0.7
    switch_right: float = 0.6
    switch_wrong: float = 0.3
    sure_right: float = 0.8
    sure_wrong: float = 0.6
    sd_sure: float = 0.2

    def __post_init__(self) -> None:
        for name in ("own_right", "switch_right", "switch_wrong", "sure_right", "sure_wrong"):
            if not 0 <= getattr(self, name) <= 1:
                raise HabitsRefused(f"{name} {getattr(self, name)}: expected a share from 0 to 1.")
        if not 0 <= self.sd_sure <= 1:
            raise HabitsRefused(f"sd_sure {self.sd_sure}: expected a deviation from 0 to 1.")

    def switches(self, rng: random.Random, *, is_ai_correct: bool) -> bool:
        """Say whether a person who disagrees with the AI takes its advice."""
        return rng.random() < (self.switch_right if is_ai_correct else self.switch_wrong)

    def confidence(self, rng: random.Random, low: int, high: int, *, is_right: bool) -> int:
        """Draw how sure an answer is, a whole number from ``low`` to ``high``."""
        share = rng.gauss(self.sure_right if is_right else self.sure_wrong, self.sd_sure)
        return low + round(min(1.0, max(0.0, share)) * (high - low))


HABITS = Habits()
