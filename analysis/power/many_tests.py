"""The tests of a study, of many simulated studies at once. Pure."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from analysis.power.simulated import Counts
from trials.simulation.chances import Floats


def mann_whitney_p(a: Counts, b: Counts) -> Floats:
    """Return two-sided p of many Mann-Whitney tests: ``a`` ``(s, n)`` and ``b`` ``(s, m)``.

    Values are small whole numbers, so ranks come from counting. The normal approximation with
    the corrections for ties and continuity, as SciPy's; 1 where all values are the same.
    """
    n, m = a.shape[1], b.shape[1]
    n_levels = int(max(a.max(), b.max())) + 1
    of_a, of_b = _histograms(a, n_levels), _histograms(b, n_levels)
    below = np.cumsum(of_b, axis=1) - of_b
    u = (of_a * (below + of_b / 2)).sum(axis=1)
    tied = of_a + of_b
    total = n + m
    ties = (tied**3 - tied).sum(axis=1) / (total * (total - 1))
    variance = n * m / 12 * (total + 1 - ties)
    distance = np.maximum(np.abs(u - n * m / 2) - 0.5, -0.5)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * norm.sf(distance / np.sqrt(variance))
    return np.where(variance > 0, np.minimum(p, 1), 1.0)


def _histograms(values: Counts, n_levels: int) -> Floats:
    """Count each study's values: ``(s, n)`` to ``(s, n_levels)``."""
    offsets = n_levels * np.arange(len(values))[:, None]
    flat = np.bincount((values + offsets).ravel(), minlength=n_levels * len(values))
    return flat.reshape(len(values), n_levels).astype(float)


def welch_p(a: Counts, b: Counts) -> Floats:
    """Return two-sided p of many Welch t tests: ``a`` ``(s, n)`` and ``b`` ``(s, m)``."""
    (n, m), (x, y) = (a.shape[1], b.shape[1]), (a.var(axis=1, ddof=1), b.var(axis=1, ddof=1))
    square = x / n + y / m
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = square**2 / ((x / n) ** 2 / (n - 1) + (y / m) ** 2 / (m - 1))
        p = 2 * student.sf(np.abs(a.mean(axis=1) - b.mean(axis=1)) / np.sqrt(square), freedom)
    return np.where(square > 0, p, 1.0)


def paired_p(a: Counts, b: Counts) -> Floats:
    """Return two-sided p of many paired t tests: both ``(s, n)``; 1 where all differences are 0."""
    difference = (a - b).astype(float)
    n = difference.shape[1]
    se = difference.std(axis=1, ddof=1) / np.sqrt(n)
    mean = np.abs(difference.mean(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.where(se > 0, 2 * student.sf(mean / se, n - 1), (mean == 0).astype(float))
    return np.asarray(p, dtype=float)
