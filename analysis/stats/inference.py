"""Inference over participants, from arrays of one number per participant. Pure NumPy and SciPy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import mannwhitneyu, rankdata
from scipy.stats import t as t_distribution

from analysis.stats.draws import Seed, drawn_weights

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

N_RESAMPLES = 2000
N_BOOTSTRAP = 20  # participants; with fewer, the interval of a mean is Student's t
N_INTERVAL = 3  # participants; with fewer, a mean has no interval
N_EXACT = 10  # largest size of each of two samples for an exact Mann-Whitney p


@dataclass(frozen=True, slots=True)
class PairTest:
    """A two-sided Mann-Whitney test of two conditions; NaN if not defined."""

    pair: tuple[str, str]
    n: tuple[int, int]
    u: float
    p: float
    p_holm: float
    cliffs_delta: float


def mann_whitney(a: ArrayLike, b: ArrayLike) -> tuple[float, float]:
    """Return U of ``a`` and the two-sided p of the Mann-Whitney test.

    U counts the pairs in which a value of ``a`` (shape ``(n,)``) is above a value of ``b``
    (``(m,)``); a tie counts ½. If both samples have at most ``N_EXACT`` values, p is exact: it
    is computed from all ways to divide the pooled values, ties included. Otherwise SciPy computes
    p: exactly for small samples without ties, or by the normal approximation corrected for ties
    and continuity. NaN if a sample is empty.
    """
    x, y = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if not (x.size and y.size):
        return math.nan, math.nan
    if np.ptp(np.concatenate([x, y])) == 0:  # SciPy divides by a variance of 0
        return x.size * y.size / 2, 1.0
    if max(x.size, y.size) <= N_EXACT:
        return _exact_mann_whitney(x, y)
    result = mannwhitneyu(x, y, alternative="two-sided")
    return float(result.statistic), float(result.pvalue)


def _exact_mann_whitney(x: Floats, y: Floats) -> tuple[float, float]:
    """Return U and twice the smaller tail of its permutation distribution, at most 1.

    Ranks are multiples of ½, so twice a rank sum is an integer. A table counts the subsets of
    each size by that integer.
    """
    ranks = np.rint(2 * rankdata(np.concatenate([x, y]))).astype(int)  # (n + m,)
    counts = np.zeros((x.size + 1, int(ranks.sum()) + 1))
    counts[0, 0] = 1
    for rank in ranks:
        counts[1:, rank:] += counts[:-1, : counts.shape[1] - rank].copy()
    ways, seen = counts[x.size], int(ranks[: x.size].sum())
    tail = min(ways[: seen + 1].sum(), ways[seen:].sum()) / ways.sum()
    return seen / 2 - x.size * (x.size + 1) / 2, min(1.0, 2 * float(tail))


def cliffs_delta(a: ArrayLike, b: ArrayLike) -> float:
    """Return P(a > b) − P(a < b) over all pairs (Cliff 1993), −1 to 1; NaN without a pair.

    It equals 2U / (n·m) − 1. A sorted search avoids a table of n·m pairs.
    """
    x, y = np.asarray(a, dtype=float), np.sort(np.asarray(b, dtype=float))
    if not (x.size and y.size):
        return math.nan
    n_below = np.searchsorted(y, x, side="left").sum()
    n_above = (y.size - np.searchsorted(y, x, side="right")).sum()
    return float(n_below - n_above) / (x.size * y.size)


def holm(p_values: ArrayLike) -> Floats:
    """Return p values adjusted by Holm's (1979) step-down method over all given p values.

    The i-th smallest of k is multiplied by k − i + 1, made no smaller than its predecessors, and
    limited to 1. NaN (a test that has no data yet) stays NaN, but counts as p = 1, so that the
    family keeps its declared size.
    """
    p = np.asarray(p_values, dtype=float)
    known = np.where(np.isnan(p), 1, p)
    order = np.argsort(known, kind="stable")
    factors = np.arange(order.size, 0, -1)
    adjusted = np.empty(p.shape)
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * known[order]), 1)
    return np.where(np.isnan(p), np.nan, adjusted)


def pairwise_tests(
    samples: Mapping[str, ArrayLike], family: Sequence[tuple[str, str]] | None = None
) -> list[PairTest]:
    """Test the pairs of ``family`` (default: all pairs in order), with Holm's correction over them.

    ``samples`` holds one value per participant. NaN (the measure is not defined for the person)
    is left out; ``n`` counts the values that remain.
    """
    defined = {name: _defined(values) for name, values in samples.items()}
    pairs = list(combinations(defined, 2)) if family is None else list(family)
    outcomes = [mann_whitney(defined[a], defined[b]) for a, b in pairs]
    adjusted = holm([p for _, p in outcomes])
    return [
        PairTest(
            pair=(a, b),
            n=(defined[a].size, defined[b].size),
            u=u,
            p=p,
            p_holm=float(p_holm),
            cliffs_delta=cliffs_delta(defined[a], defined[b]),
        )
        for (a, b), (u, p), p_holm in zip(pairs, outcomes, adjusted, strict=True)
    ]


def _defined(values: ArrayLike) -> Floats:
    x = np.asarray(values, dtype=float)
    kept: Floats = x[~np.isnan(x)]
    return kept


def resampled_sums(columns: ArrayLike, *, n_resamples: int = N_RESAMPLES, seed: Seed = 0) -> Floats:
    """Return sums over participants drawn with replacement, shape ``(n_resamples, k)``.

    ``columns`` is ``(n, k)``, one row per participant. Participants are drawn with all their
    trials, because the trials of one person are not independent. A statistic of sums (a mean, a
    pooled rate, team accuracy) is bootstrapped by computing it from each row of the result. The
    same seed draws the same participants.
    """
    x = np.asarray(columns, dtype=float)
    sums = np.zeros((n_resamples, x.shape[1]))
    if x.shape[0] == 0:
        return sums
    for rows, weights in drawn_weights(x.shape[0], n_resamples, seed):
        sums[rows] = weights @ x  # (size, n) (n, k)
    return sums


def percentile_interval(draws: Floats, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return the percentile interval over the first axis of ``draws``, shape ``(b, ...)``.

    NaN if any draw is NaN: an interval of the other draws would describe another population.
    """
    if not 0 < level < 1:
        raise ValueError(f"level={level!r}: expected a share between 0 and 1, such as 0.95.")
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def mean_draws(columns: ArrayLike, *, seed: Seed = 0) -> Floats:
    """Return each column's mean over resampled participants, ``(N_RESAMPLES, k)``.

    ``columns`` is ``(n, k)``, one row per participant. A mean uses the drawn participants who
    have a value; NaN if none of them has one.
    """
    x = np.asarray(columns, dtype=float)
    is_defined = ~np.isnan(x)
    if x.size and is_defined.all():
        return np.asarray(resampled_sums(x, seed=seed) / x.shape[0])
    both = np.hstack([np.where(is_defined, x, 0), is_defined])  # (n, 2k)
    totals, n_drawn = np.hsplit(resampled_sums(both, seed=seed), 2)  # (b, k) each
    means: Floats = np.divide(totals, n_drawn, out=np.full(totals.shape, np.nan), where=n_drawn > 0)
    return means


def mean_intervals(
    columns: ArrayLike,
    *,
    seed: Seed = 0,
    level: float = 0.95,
    limits: tuple[ArrayLike, ArrayLike] = (-np.inf, np.inf),
) -> tuple[Floats, Floats]:
    """Return the interval of each column's mean over participants, ``(k,)`` twice.

    ``columns`` is ``(n, k)``; NaN marks a participant without a value. With ``N_BOOTSTRAP``
    values or more, the interval is the percentile bootstrap over ``N_RESAMPLES`` draws of
    participants (Efron & Tibshirani 1993); all columns share the draws, and a draw without a
    value gives NaN. With fewer, it is Student's t, because the coverage of the bootstrap is
    then too low (84 % instead of 95 % at n = 5). With fewer than ``N_INTERVAL`` values it is
    NaN. ``limits`` are the least and the largest possible mean, one number or ``(k,)`` each; the
    interval is cut at them.
    """
    x = np.asarray(columns, dtype=float)
    n = (~np.isnan(x)).sum(0)
    low, high = np.full((2, x.shape[1]), np.nan)
    is_many, is_few = n >= N_BOOTSTRAP, (n >= N_INTERVAL) & (n < N_BOOTSTRAP)
    if is_many.any():
        drawn = mean_draws(x[:, is_many], seed=seed)
        low[is_many], high[is_many] = percentile_interval(drawn, level)
    if is_few.any():
        low[is_few], high[is_few] = _t_intervals(x[:, is_few], level)
    return np.clip(low, *limits), np.clip(high, *limits)


def _t_intervals(columns: Floats, level: float) -> tuple[Floats, Floats]:
    """Return Student's t interval of each column's mean, without NaN."""
    n = (~np.isnan(columns)).sum(0)
    mean, sd = np.nanmean(columns, axis=0), np.nanstd(columns, axis=0, ddof=1)
    margin = t_distribution.ppf((1 + level) / 2, n - 1) * sd / np.sqrt(n)
    return mean - margin, mean + margin


def mean_interval(values: ArrayLike, *, seed: Seed = 0, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of one mean over participants, as ``mean_intervals`` does."""
    low, high = mean_intervals(_defined(values)[:, None], seed=seed, level=level)
    return float(low[0]), float(high[0])
