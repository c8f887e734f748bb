"""Statistics over participants: numbers in, an interval out. No Django, no models."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over ``n`` participants, its spread and its confidence interval."""

    n: int
    mean: float
    sd: float
    low: float
    high: float


def mean_interval(values: ArrayLike, level: float = 0.95) -> Interval:
    """Return the mean of ``values`` (shape ``(n,)``) with its Student-t interval.

        mean ± t((1 + level) / 2, n - 1) · sd / √n,    sd with n - 1 in the denominator

    Each value is one participant's: a participant's trials are not independent, so they must be
    averaged before. The interval is not cut at the ends of the scale. What is not defined is
    NaN, without a warning: everything but ``n`` for no value; ``sd``, ``low`` and ``high`` for
    one. The t quantile comes from SciPy (``scipy.special.stdtrit``).
    """
    if not 0 < level < 1:
        raise ValueError(f"level={level!r}: expected a share between 0 and 1, such as 0.95.")
    x = np.asarray(values, dtype=float)
    if x.size < 2:
        mean = float(x[0]) if x.size else math.nan
        return Interval(int(x.size), mean, math.nan, math.nan, math.nan)
    mean, sd = float(x.mean()), float(x.std(ddof=1))
    half = float(stdtrit(x.size - 1, (1 + level) / 2)) * sd / math.sqrt(x.size)
    return Interval(int(x.size), mean, sd, mean - half, mean + half)
