"""Planned looks at a running study, with one error rate over all looks. Pure.

Each look at interim results is another chance of a false alarm. Lan & DeMets (1983) let a study
spend its error rate over the looks; the spending function here is the one that resembles
O'Brien & Fleming's bounds,

    α*(t) = 2 [2 − 2 Φ(z₁₋α⸝₄ / √t)],     t = share of the planned people,

half of it on each side, as in R's ldbounds and gsDesign. It spends almost nothing early.
The bound of look k is the z for which, under the null hypothesis, the probability of crossing for
the first time at look k is α*(tₖ) − α*(tₖ₋₁). The probabilities come from the recursive integral
of Armitage, McPherson & Rowe (1969) over the score process, which has independent increments:
S(t) is normal with variance t.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm

Floats = NDArray[np.float64]

_NODES: Final = 801  # nodes of Simpson's rule between the bounds of a look
_FAR: Final = 9.0  # standard deviations that no study reaches


class LooksRefused(ValueError):
    """Raised for an invalid plan of looks; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Look:
    """One planned look: its share of the people, the error rate it may spend, and its bound.

    ``alpha_spent`` is the two-sided error rate spent up to here, ``z`` the bound of |z|,
    ``p`` the two-sided p value below which a test is called significant at this look.
    """

    share: float
    alpha_spent: float
    z: float
    p: float


def spent(share: float, alpha: float = 0.05) -> float:
    """Return the two-sided error rate that may be spent up to a share of the people (0 to 1)."""
    if share <= 0:
        return 0.0
    return float(4 * norm.sf(norm.isf(alpha / 4) / math.sqrt(min(share, 1))))


def looks_of(shares: Sequence[float], alpha: float = 0.05) -> list[Look]:
    """Return the bounds of looks at ``shares`` of the planned people, the last one at 1.

    Raises ``LooksRefused`` unless the shares ascend from above 0 to 1.
    """
    if not shares or shares[-1] != 1 or any(b <= a for a, b in zip((0, *shares), shares)):  # noqa: B905
        raise LooksRefused(
            f"Looks at {list(shares)!r}: expected ascending shares of the people, such as "
            "[0.5, 1], of which the last is 1."
        )
    looks: list[Look] = []
    state = _State.start()
    for share in shares:
        budget = spent(share, alpha) - (looks[-1].alpha_spent if looks else 0)
        z = state.bound(share, budget)
        looks.append(Look(share, spent(share, alpha), z, float(2 * norm.sf(z))))
        state = state.after(share, z)
    return looks


def people_at(share: float, wanted: int) -> int:
    """Return the number of people, of ``wanted``, at which a look at this share is due."""
    return math.ceil(share * wanted - 1e-9)


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """The sub-density of the score at ``share`` over studies that have not crossed a bound.

    ``at`` has its nodes, ``mass`` the density times Simpson's weights, both ``(k,)``.
    """

    share: float
    at: Floats
    mass: Floats

    @classmethod
    def start(cls) -> _State:
        return cls(0.0, np.zeros(1), np.ones(1))

    def crossing(self, share: float, z: float) -> float:
        """Return the probability of |S| ≥ z √share at ``share`` without an earlier crossing."""
        sd, edge = math.sqrt(share - self.share), z * math.sqrt(share)
        chance = norm.sf((edge - self.at) / sd) + norm.cdf((-edge - self.at) / sd)
        return float(self.mass @ chance)

    def bound(self, share: float, budget: float) -> float:
        """Return the z that is crossed at ``share`` with probability ``budget``."""
        if self.crossing(share, _FAR) >= budget:
            return _FAR
        return float(brentq(lambda z: self.crossing(share, z) - budget, 0, _FAR, xtol=1e-10))

    def after(self, share: float, z: float) -> _State:
        """Return the state of the studies that do not cross ``z`` at ``share``."""
        sd, edge = math.sqrt(share - self.share), z * math.sqrt(share)
        at = np.linspace(-edge, edge, _NODES)
        weights = np.ones(_NODES)
        weights[1:-1:2], weights[2:-1:2] = 4, 2
        weights *= (at[1] - at[0]) / 3
        density = norm.pdf((at[:, None] - self.at) / sd) @ self.mass / sd
        return _State(share, at, density * weights)
