"""The simulated person who answers the screens of a session."""

from __future__ import annotations

import random
from typing import Any, Protocol

from classifiers.models import Prediction
from trials.models import Response


class Judge(Protocol):
    """The simulated person who answers; ``asked`` is ``trials.steps.asking.Asked``."""

    def first_answer(
        self, phase: str, prediction: Prediction, asked: Any, rng: random.Random
    ) -> dict[str, str]: ...
    def final_answer(
        self,
        phase: str,
        prediction: Prediction,
        asked: Any,
        first: Response | None,
        rng: random.Random,
    ) -> dict[str, str]: ...
    def reaction_ms(self, rng: random.Random) -> int: ...
