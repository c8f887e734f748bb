"""Accuracy of a classifier, and calibration of its confidence. NumPy and SciPy only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr, ndtri

N_BINS: Final = 15  # as in Guo et al., ICML 2017
LEVEL: Final = 0.95
# A vote of 3 / 20 must fall on the edge 3 / 20, however the two quotients were rounded.
EDGE_SLACK: Final = 1e-9

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Bin:
    """The predictions with ``low`` < confidence <= ``high`` (the first bin takes 0 too).

    ``confidence`` and ``accuracy`` are their means, shares between 0 and 1.
    """

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Scores:
    """One classifier on one set of images; every share is between 0 and 1.

    ``accuracy_low`` to ``accuracy_high`` is the Wilson interval at ``LEVEL``. ``auroc`` is NaN
    where all predictions are right, or all wrong. ``bins`` are those of ``ece`` that are not
    empty, of ``n_bins`` equally wide ones.
    """

    n: int
    n_right: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    confidence_mean: float
    auroc: float
    ece: float
    brier: float
    n_bins: int
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """Compared with another classifier on the same images: wrong to right, right to wrong.

    ``p`` is McNemar's exact p, two-sided.
    """

    n_gained: int
    n_lost: int
    p: float


def scores(confidence: ArrayLike, is_right: ArrayLike, *, n_bins: int = N_BINS) -> Scores:
    """Return every figure of one classifier.

    ``confidence`` (n,) holds shares between 0 and 1, ``is_right`` (n,) whether the prediction
    of that confidence is right. Raises ``ValueError`` for anything else, for no prediction at
    all, and for fewer than one bin.
    """
    sure, right = _checked(confidence, is_right)
    bins = calibration_bins(sure, right, n_bins=n_bins)
    low, high = wilson_interval(int(right.sum()), right.size)
    return Scores(
        n=right.size,
        n_right=int(right.sum()),
        accuracy=float(right.mean()),
        accuracy_low=low,
        accuracy_high=high,
        confidence_mean=float(sure.mean()),
        auroc=auroc(sure, right),
        ece=calibration_error(bins),
        brier=float(np.mean((sure - right) ** 2)),
        n_bins=n_bins,
        bins=bins,
    )


def wilson_interval(n_right: int, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Return Wilson's score interval of a share ``n_right / n`` (Wilson, JASA 1927).

        (p + z²/2n ± z · √(p(1 - p)/n + z²/4n²)) / (1 + z²/n)

    It stays inside 0..1 and has a width even if all or none are right. Raises ``ValueError`` unless
    0 <= ``n_right`` <= ``n``, ``n`` is at least 1 and ``level`` a share.
    """
    if not (0 <= n_right <= n and n >= 1 and 0 < level < 1):
        raise ValueError(
            f"{n_right} right of {n} at level {level}; expected at least one prediction, no more "
            "right ones than there are, and a level between 0 and 1."
        )
    p, z = n_right / n, float(ndtri((1 + level) / 2))
    centre = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # The ends are exact, which rounding would miss: none right reaches 0, all right reaches 1.
    low = 0.0 if n_right == 0 else (centre - half) / scale
    high = 1.0 if n_right == n else (centre + half) / scale
    return low, high


def auroc(confidence: ArrayLike, is_right: ArrayLike) -> float:
    """Return the chance that a right prediction is surer than a wrong one; ties count half.

    Both are of shape (n,). It is the area under the ROC curve of "confidence tells right from
    wrong", by the Mann-Whitney rank sum. NaN if one of the two kinds is missing.
    """
    sure, right = _checked(confidence, is_right)
    n_right = int(right.sum())
    n_pairs = n_right * (right.size - n_right)
    if n_pairs == 0:
        return math.nan
    _, place, counts = np.unique(sure, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2  # of each distinct value, from 1, ties averaged
    return float((ranks[place][right].sum() - n_right * (n_right + 1) / 2) / n_pairs)


def calibration_bins(
    confidence: ArrayLike, is_right: ArrayLike, *, n_bins: int = N_BINS
) -> tuple[Bin, ...]:
    """Return the non-empty ones of ``n_bins`` equally wide bins, closed on the right.

    ``confidence`` and ``is_right`` are of shape (n,).
    """
    sure, right = _checked(confidence, is_right)
    if n_bins < 1:
        raise ValueError(f"{n_bins} bins; expected at least 1.")
    place = np.maximum(np.ceil(sure * n_bins - EDGE_SLACK).astype(int) - 1, 0)  # (n,)
    found = []
    for item in np.unique(place):
        inside = place == item
        found.append(
            Bin(
                low=float(item / n_bins),
                high=float((item + 1) / n_bins),
                n=int(inside.sum()),
                confidence=float(sure[inside].mean()),
                accuracy=float(right[inside].mean()),
            )
        )
    return tuple(found)


def calibration_error(bins: tuple[Bin, ...]) -> float:
    """Return the expected calibration error (Guo et al., ICML 2017, equation 3).

    The mean over predictions of |accuracy - mean confidence| of their bin: 0 is best.
    """
    gaps = sum(item.n * abs(item.accuracy - item.confidence) for item in bins)
    return gaps / sum(item.n for item in bins)


def change(is_right: ArrayLike, baseline: ArrayLike) -> Change:
    """Count the answers of the baseline that a classifier corrects, and those that it makes wrong.

    Both are of shape (n,): whether each is right on the same images in the same order. Raises
    ``ValueError`` where the shapes differ.
    """
    mine, theirs = _flags(is_right), _flags(baseline)
    if mine.shape != theirs.shape:
        raise ValueError(
            f"{mine.size} predictions against {theirs.size}; expected the same images."
        )
    n_gained, n_lost = int((mine & ~theirs).sum()), int((theirs & ~mine).sum())
    return Change(n_gained, n_lost, mcnemar_p(n_gained, n_lost))


def mcnemar_p(n_gained: int, n_lost: int) -> float:
    """Return McNemar's exact two-sided p (McNemar, Psychometrika 1947).

    If both classifiers were equally good, changes in both directions would be equally probable. 1
    if nothing changed.
    """
    n, least = n_gained + n_lost, min(n_gained, n_lost)
    return min(1.0, 2 * float(bdtr(least, n, 0.5)))


def _checked(confidence: ArrayLike, is_right: ArrayLike) -> tuple[Floats, Bools]:
    sure, right = np.asarray(confidence, dtype=np.float64), _flags(is_right)
    if sure.shape != right.shape or right.size == 0:
        raise ValueError(
            f"Confidences {sure.shape}, correctness {right.shape}; expected (n,) for both, n at "
            "least 1."
        )
    if not ((sure >= 0) & (sure <= 1)).all():
        raise ValueError(
            f"Confidences from {sure.min()} to {sure.max()}; expected shares between 0 and 1."
        )
    return sure, right


def _flags(is_right: ArrayLike) -> Bools:
    flags = np.asarray(is_right)
    if flags.ndim != 1 or flags.dtype != np.bool_:
        raise ValueError(
            f"Correctness of shape {flags.shape} and type {flags.dtype}; expected (n,), booleans."
        )
    return flags
