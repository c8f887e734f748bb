"""Inference over participants: arrays of one number a participant in. Pure NumPy and SciPy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import mannwhitneyu, rankdata
from scipy.stats import t as t_distribution

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Seed = int | Sequence[int]  # a sequence names a stream of its own, as (seed, condition)

N_RESAMPLES = 2000
N_BOOTSTRAP = 20  # participants; with fewer, a mean's interval is Student's t
N_INTERVAL = 3  # participants; with fewer, a mean has no interval
N_EXACT = 10  # participants in each of two samples, up to which Mann-Whitney's p is exact
_BLOCK = 1_000_000  # numbers drawn at a time: bounds the memory of a bootstrap


@dataclass(frozen=True, slots=True)
class PairTest:
    """A two-sided Mann-Whitney test of two conditions; NaN where it is not defined."""

    pair: tuple[str, str]
    n: tuple[int, int]
    u: float
    p: float
    p_holm: float
    cliffs_delta: float


def mann_whitney(a: ArrayLike, b: ArrayLike) -> tuple[float, float]:
    """Return U of ``a`` and the two-sided p of the Mann-Whitney test.

    U counts the pairs in which a value of ``a`` (shape ``(n,)``) is above one of ``b``
    (``(m,)``), ties as ½. Where both samples have at most ``N_EXACT`` values, p is exact: that of
    all ways to divide the pooled values, ties included. Otherwise it is SciPy's: exact for small
    samples without ties, or the normal approximation with the corrections for ties and continuity.
    NaN if a sample is empty.
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

    Ranks of tied values are halves, so twice the rank sum is an integer, and a table counts the
    subsets of each size by that sum.
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

    It equals 2U / (n·m) − 1. Sorted search, so that no table of n·m pairs is built.
    """
    x, y = np.asarray(a, dtype=float), np.sort(np.asarray(b, dtype=float))
    if not (x.size and y.size):
        return math.nan
    n_below = np.searchsorted(y, x, side="left").sum()
    n_above = (y.size - np.searchsorted(y, x, side="right")).sum()
    return float(n_below - n_above) / (x.size * y.size)


def holm(p_values: ArrayLike) -> Floats:
    """Return p values adjusted by Holm's (1979) step-down method over all that are given.

    The i-th smallest of k is multiplied by k − i + 1, then made no smaller than its
    predecessors, and cut at 1. NaN, a test that has no data yet, stays NaN and counts as a p
    of 1: with what is there the family would be smaller than it was declared.
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
    """Test the pairs of ``family``, by default all in their order; Holm over these pairs.

    ``samples`` holds one value a participant. NaN values (someone for whom the measure is not
    defined) are left out; ``n`` says how many remain.
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


def drawn_weights(rng: np.random.Generator, n: int, n_resamples: int) -> Ints:
    """Return how often each of ``n`` is drawn in ``n`` draws with replacement, ``(b, n)``."""
    drawn = rng.integers(n, size=(n_resamples, n)) + n * np.arange(n_resamples)[:, None]  # (b, n)
    return np.bincount(drawn.ravel(), minlength=n_resamples * n).reshape(n_resamples, n)


def resampled_sums(columns: ArrayLike, *, n_resamples: int = N_RESAMPLES, seed: Seed = 0) -> Floats:
    """Return sums over participants drawn with replacement, shape ``(n_resamples, k)``.

    ``columns`` is ``(n, k)``, one row a participant: whole people are drawn, because the trials
    of one person are not independent. Whatever is computed from sums (means, pooled rates, team
    accuracy) is bootstrapped by computing it from each row of the result. The same seed draws
    the same people.
    """
    x = np.asarray(columns, dtype=float)
    n = x.shape[0]
    rng = np.random.default_rng(seed)
    sums = np.zeros((n_resamples, x.shape[1]))
    if n == 0:
        return sums
    step = max(1, _BLOCK // n)
    for start in range(0, n_resamples, step):
        size = min(step, n_resamples - start)
        sums[start : start + size] = drawn_weights(rng, n, size) @ x  # (size, n) (n, k)
    return sums


def percentile_interval(draws: Floats, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return the percentile interval over the first axis of ``draws``, shape ``(b, ...)``.

    NaN where a draw is not defined: an interval of the rest would be of another population.
    """
    if not 0 < level < 1:
        raise ValueError(f"level={level!r}: expected a share between 0 and 1, such as 0.95.")
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def mean_draws(columns: ArrayLike, *, seed: Seed = 0) -> Floats:
    """Return each column's mean over participants drawn anew, ``(N_RESAMPLES, k)``.

    ``columns`` is ``(n, k)``, one row a participant. A mean goes over those drawn who have a
    value; NaN where nobody drawn has one.
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

    ``columns`` is ``(n, k)``; NaN stands for a participant without a value. From ``N_BOOTSTRAP``
    values on: the percentile bootstrap over ``N_RESAMPLES`` draws of participants (Efron &
    Tibshirani 1993), whose draws all columns share; NaN where some draw holds no value. Below:
    Student's t, because the bootstrap then covers too little (84 % instead of 95 % at n = 5). NaN
    below ``N_INTERVAL`` values. ``limits`` are the least and the largest possible mean, one number
    or ``(k,)`` each: no interval goes beyond them.
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
    """Return Student's t interval of each column's mean, NaN left out."""
    n = (~np.isnan(columns)).sum(0)
    mean, sd = np.nanmean(columns, axis=0), np.nanstd(columns, axis=0, ddof=1)
    margin = t_distribution.ppf((1 + level) / 2, n - 1) * sd / np.sqrt(n)
    return mean - margin, mean + margin


def mean_interval(values: ArrayLike, *, seed: Seed = 0, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of one mean over participants, as ``mean_intervals`` does."""
    low, high = mean_intervals(_defined(values)[:, None], seed=seed, level=level)
    return float(low[0]), float(high[0])
