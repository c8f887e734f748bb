"""Chances and log odds, and their means over normal effects. Pure: NumPy only."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Gauss-Hermite quadrature for a standard normal: 60 nodes, weights that add up to 1.
NODES, _weights = np.polynomial.hermite_e.hermegauss(60)
WEIGHTS = _weights / _weights.sum()


def logit(chance: float) -> float:
    """Return the log odds of a chance; 0 and 1 give −∞ and ∞."""
    if chance in (0, 1):
        return math.inf if chance else -math.inf
    return math.log(chance / (1 - chance))


def expit(log_odds: Floats) -> Floats:
    """Return the chances of log odds, of the same shape, without overflow."""
    chances: Floats = 0.5 * (1 + np.tanh(0.5 * log_odds))
    return chances


def one_chance(log_odds: float) -> float:
    """Return the chance of log odds."""
    return float(expit(np.asarray(log_odds)))


def shifted_chance(chance: float, gain: float) -> float:
    """Return a chance whose log odds are higher by ``gain``; 0 and 1 stay."""
    return one_chance(logit(chance) + gain)


def mean_chance(log_odds: float, sd: float) -> float:
    """Return E expit(x) for x normal around ``log_odds``: Gauss-Hermite, 60 nodes."""
    return float(WEIGHTS @ expit(log_odds + sd * NODES))


def typical_chance(mean: float, sd: float) -> float:
    """Return the chance of the typical person whose population has the mean chance ``mean``.

    The inverse of ``mean_chance``, by bisection in log odds.
    """
    if mean in (0, 1) or sd == 0:
        return mean
    low, high = -60.0, 60.0
    while high - low > 1e-12 * max(1, abs(low)):
        middle = (low + high) / 2
        low, high = (middle, high) if mean_chance(middle, sd) < mean else (low, middle)
    return one_chance((low + high) / 2)
