"""Confidence as whole numbers (votes or percent), so that comparisons are exact.

``0.15 >= 3 * 0.05`` is false in floating point. A vote of 3 in 20 is therefore the integer 3,
a softmax of 0.15 the integer 15, and thresholds are integers of the same scale. Pure NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from classifiers.difficulty import LEVELS, TOLERANCE, difficulty_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

VOTERS = 20
N_STEPS = 20  # thresholds 0, 0.05, ..., 1
DIFFICULTIES = LEVELS


@dataclass(frozen=True, slots=True)
class Scale:
    """The unit of a confidence: ``n`` units make 1. Votes must be whole; percent round down."""

    name: str
    n: int
    is_whole: bool

    def units(self, confidence: ArrayLike) -> Ints:
        """Return confidences (shape ``(n,)``, shares between 0 and 1) as units, 0 to ``n``.

        A scale that ``is_whole`` refuses a share that is not a whole number of units. The other
        scale rounds down, so that ``units >= t`` is exactly ``confidence >= t / n``. Raises
        ``ValueError`` with the first value that does not fit.
        """
        share = np.asarray(confidence, dtype=float)
        units = np.floor(share * self.n + TOLERANCE)
        is_wrong = ~((share >= 0) & (share <= 1))
        if self.is_whole:
            is_wrong |= np.abs(units - share * self.n) > 1e-5
        if is_wrong.any():
            step = f" in steps of 1/{self.n}" if self.is_whole else ""
            raise ValueError(
                f"confidence {share[is_wrong][0]!s}: expected a share between 0 and 1{step} "
                f"({self.name}); {int(is_wrong.sum())} of {share.size} values do not fit."
            )
        return units.astype(np.int64)


VOTES = Scale("votes", VOTERS, is_whole=True)
PERCENT = Scale("per cents", 100, is_whole=False)


def difficulty(units: Ints, scale: Scale, is_ai_correct: Bools) -> NDArray[np.str_]:
    """Return ``difficulty_of`` each trial: Easy, Medium or Hard. All arrays have shape ``(n,)``."""
    table = np.array([[difficulty_of(percent, right) for right in (False, True)]
                      for percent in range(101)])  # fmt: skip
    labels: NDArray[np.str_] = table[100 * units // scale.n, is_ai_correct.astype(np.intp)]
    return labels


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Thresholds: the shares that name them (``values``) and the ``units`` that are compared."""

    values: Floats
    units: Ints


def threshold_grid(scale: Scale, *, paper: bool = False) -> Grid:
    """Return the thresholds 0, 0.05, ..., 1 on ``scale``.

    ``paper`` reproduces the reference study's comparison ``confidence >= numpy.arange(0, 1.05,
    0.05)``. Rounding puts some of these numbers just above the confidence that they name, so
    0.15 gives the same result as 0.20. The units are the smallest that pass the comparison.
    """
    steps = np.arange(N_STEPS + 1)
    if not paper:
        return Grid(steps / N_STEPS, -(-steps * scale.n // N_STEPS))
    confidences = np.arange(scale.n + 1) / scale.n
    floats = np.arange(0, 1.05, 0.05)[: N_STEPS + 1]
    return Grid(steps / N_STEPS, (confidences < floats[:, None]).sum(1))
