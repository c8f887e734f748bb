"""Equivalence of two conditions: are their means closer than a margin? Pure.

A test that finds no difference does not show that there is none. Two one-sided tests (TOST,
Schuirmann 1987) test the opposite: that the difference is inside ±margin.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pandas import DataFrame
from scipy.stats import t as student

from analysis.stats.twoway import TwoWay

ALPHA = 0.05  # of each of the two one-sided tests
LEVEL = 1 - 2 * ALPHA  # of their interval
_COLUMNS = (
    *("a", "b", "margin", "n_a", "n_b", "difference", "low", "high", "p", "is_equivalent"),
    *("welch_low", "welch_high", "welch_p"),
)


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Difference of means a − b, its 90 % interval and the p value of TOST; NaN if not defined."""

    difference: float
    low: float
    high: float
    p: float

    @property
    def is_equivalent(self) -> bool | None:
        """Whether p ≤ 5 %, so that the 90 % interval is inside the margin; None: unknown."""
        return None if math.isnan(self.p) else self.p <= ALPHA


def tost(a: ArrayLike, b: ArrayLike, margin: float) -> Equivalence:
    """Return Welch's two one-sided t tests of |mean(a) − mean(b)| < ``margin``.

    ``a`` of shape ``(n,)`` and ``b`` ``(m,)`` hold one value a participant, in the unit of
    ``margin``; NaN are left out. p is the larger of the two one-sided p values. Not defined with
    fewer than two values on a side, or if neither side has any variance.
    """
    if not margin > 0:
        raise ValueError(f"margin={margin!r}: expected a difference above 0 that would matter.")
    x, y = _defined(a), _defined(b)
    if min(x.size, y.size) == 0:
        return Equivalence(math.nan, math.nan, math.nan, math.nan)
    difference = float(x.mean() - y.mean())
    if min(x.size, y.size) < 2:
        return Equivalence(difference, math.nan, math.nan, math.nan)
    parts = [float(item.var(ddof=1)) / item.size for item in (x, y)]
    if sum(parts) == 0:
        return Equivalence(difference, math.nan, math.nan, math.nan)
    se = math.sqrt(sum(parts))
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / (x.size - 1) + parts[1] ** 2 / (y.size - 1))
    p = float(student.sf((margin - abs(difference)) / se, freedom))
    reach = float(student.ppf((1 + LEVEL) / 2, freedom)) * se
    return Equivalence(difference, difference - reach, difference + reach, p)


def equivalence_table(
    samples: Mapping[str, ArrayLike],
    family: Sequence[tuple[str, str]],
    margin: float,
    differences: Sequence[TwoWay],
    *,
    p_bound: float = ALPHA,
) -> DataFrame:
    """Return one row per pair of ``family``: are a and b equal within ± ``margin``?

    ``samples`` has one value per participant for each condition, in the unit of ``margin``
    (percent and percentage points). ``differences`` are those of the pairs, with people and
    photos both treated as samples: ``low`` and ``high`` are their 90 % interval, and ``p``, the
    larger of the two one-sided p values, decides. ``welch_low``, ``welch_high`` and ``welch_p``
    come from ``tost``, which treats the photos as fixed. ``is_equivalent``, nullable, is
    whether p is at most ``p_bound``: 5 %, or the bound of a planned look, so that all looks
    together have about 5 %. p values are not corrected for the number of pairs. Raises
    ``KeyError`` for a pair without samples.
    """
    rows: list[tuple[object, ...]] = []
    for (a, b), twoway in zip(family, differences, strict=True):
        x, y = _defined(samples[a]), _defined(samples[b])
        welch, p = tost(x, y, margin), twoway.p_within(margin)
        is_equivalent = None if math.isnan(p) else p <= p_bound
        numbers = (twoway.difference, *twoway.interval(LEVEL), p, is_equivalent)
        rows.append((a, b, margin, x.size, y.size, *numbers, welch.low, welch.high, welch.p))
    table = DataFrame(rows, columns=list(_COLUMNS))
    return table.assign(is_equivalent=table["is_equivalent"].astype("boolean"))


def _defined(values: ArrayLike) -> NDArray[np.float64]:
    x = np.asarray(values, dtype=float)
    kept: NDArray[np.float64] = x[~pd.isna(x)]
    return kept
