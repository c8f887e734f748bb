"""Times to answer of simulated people: ex-Gaussian (Luce 1986). NumPy and the standard library."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Times:
    """Times to answer in ms: normal(``mu``, ``sigma``) + exponential(``tau``), at least ``least``.

    With the chance ``slow`` someone leaves the screen during a trial and comes back after a pause
    of ``pause`` ms on average (exponential).
    """

    mu: float = 2500
    sigma: float = 500
    tau: float = 3500
    least: int = 300
    slow: float = 0
    pause: float = 60_000

    def draw(self, rng: random.Random) -> int:
        """Draw one time."""
        time = rng.gauss(self.mu, self.sigma) + rng.expovariate(1 / self.tau)
        if self.slow and rng.random() < self.slow:
            time += rng.expovariate(1 / self.pause)
        return max(self.least, round(time))

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.int64]:
        """Draw an array of times."""
        times = rng.normal(self.mu, self.sigma, shape) + rng.exponential(self.tau, shape)
        if self.slow:
            times += (rng.random(shape) < self.slow) * rng.exponential(self.pause, shape)
        return np.maximum(self.least, np.rint(times)).astype(np.int64)


USUAL = Times()
CARELESS = Times(mu=350, sigma=80, tau=250, least=100)
