"""Attrition in two conditions, and its possible effect on their difference. Pure.

People are assigned to a condition before the validation, but only those who complete are
compared. If one condition loses more people than another, the groups of those who complete can
differ even if the condition has no effect.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2_contingency, fisher_exact

Floats = NDArray[np.float64]

_FEW = 5  # an expected count below which chi-square is not used (Cochran 1954)


def lost_p(lost: tuple[int, int], n: tuple[int, int]) -> float:
    """Return the two-sided p of a difference between two shares of people lost.

    ``lost`` of ``n`` people in each of two conditions. Pearson's chi-square without correction if
    every expected count is at least 5, otherwise Fisher's exact test. NaN without people in one of
    the two; 1 if nobody is lost, or everybody is.
    """
    if min(n) == 0:
        return math.nan
    table = np.array([lost, (n[0] - lost[0], n[1] - lost[1])])
    if not table.sum(axis=1).all():
        return 1.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    if expected.min() < _FEW:
        return float(fisher_exact(table).pvalue)
    return float(chi2_contingency(table, correction=False).pvalue)


def lee_bounds(a: ArrayLike, b: ArrayLike, n: tuple[int, int]) -> tuple[float, float]:
    """Return Lee's (2009) bounds of mean(a) − mean(b) for people who complete in either condition.

    ``a`` and ``b`` hold one value per person who completed; ``n`` counts those who began. The
    condition that kept the larger share of people is trimmed by the surplus: one bound trims
    its highest values, the other its lowest. If the surplus is not a whole number, the last
    person is trimmed in part. The bounds assume that, compared with the other, a condition only
    drives people away or only keeps them. NaN if nobody completed in one of the two.
    """
    x, y = (np.sort(np.asarray(item, dtype=float)) for item in (a, b))
    if not (x.size and y.size and min(n)):
        return math.nan, math.nan
    kept = x.size / n[0], y.size / n[1]
    surplus = 1 - min(kept) / max(kept)
    if kept[0] >= kept[1]:
        return _lowest(x, surplus) - float(y.mean()), _highest(x, surplus) - float(y.mean())
    return float(x.mean()) - _highest(y, surplus), float(x.mean()) - _lowest(y, surplus)


def _lowest(values: Floats, surplus: float) -> float:
    """Return the mean of ascending values after trimming the share ``surplus`` of the highest."""
    room = values.size * (1 - surplus)
    weights = np.clip(room - np.arange(values.size), 0, 1)
    return float(weights @ values / weights.sum())


def _highest(values: Floats, surplus: float) -> float:
    return -_lowest(-values[::-1], surplus)


def with_guesses(values: ArrayLike, n: int, guess: float) -> float:
    """Return the mean over all ``n`` who began, with the value ``guess`` for those lost."""
    x = np.asarray(values, dtype=float)
    return float((x.sum() + guess * (n - x.size)) / n) if n else math.nan


def lost_by_stage(statuses: Sequence[str], stages: dict[str, str]) -> dict[str, int]:
    """Count people lost at each stage; ``stages`` maps each status that is a loss to its stage."""
    counts = dict.fromkeys(stages.values(), 0)
    for statuse in statuses:
        if statuse in stages:
            counts[stages[statuse]] += 1
    return counts
