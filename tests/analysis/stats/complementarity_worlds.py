"""How often a team is said to beat both although it does not, and how often a true gain is found.

``test_complementarity.py`` asks some studies of each world, ``make bench`` a thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from analysis.stats.complementarity import Complementarity, complementarity_of
from analysis.stats.complementarity_draws import Judged
from analysis.stats.confidence import VOTERS, VOTES, Floats, threshold_grid
from analysis.stats.looks import looks_of, people_at
from analysis.stats.team import Pool, tuning_splits

GRID = threshold_grid(VOTES)
UNITS = np.arange(VOTERS + 1)
# How often each number of votes occurs, and how often it is right: 77 % in all.
SHARES = np.exp(0.1 * UNITS) * (UNITS > 2)
SHARES = SHARES / SHARES.sum()
IS_RIGHT = 1 / (1 + np.exp(-(UNITS - 9.0) / 3.2))
POOLS = (1500, 5794)
N_TEST = 30


@dataclass(frozen=True, slots=True)
class World:
    """Chances, by votes, of saying yes to a right and to a wrong answer, and spreads in log odds.

    ``gain``: the true complementarity in points at the population's own T*.
    """

    accept_right: Floats
    accept_wrong: Floats
    sd_person: float = 0.5
    sd_image: float = 0.8

    @property
    def gain(self) -> float:
        """By how many points the team is above the best of the others, over all images."""
        right, wrong = SHARES * IS_RIGHT, SHARES * (1 - IS_RIGHT)
        yes, no = self.accept_right, 1 - self.accept_wrong
        is_above = best_threshold() <= UNITS
        team = right[is_above].sum() + (right * yes + wrong * no)[~is_above].sum()
        human = (right * yes + wrong * no).sum()
        machine = right[is_above].sum() + wrong[~is_above].sum()
        return float(100 * (team - max(human, machine, right.sum())))


def best_threshold() -> int:
    """Return the population's T* in votes."""
    right, wrong = SHARES * IS_RIGHT, SHARES * (1 - IS_RIGHT)
    hits = [right[t <= UNITS].sum() + wrong[t > UNITS].sum() for t in GRID.units]
    return int(GRID.units[int(np.argmax(hits))])


def copying() -> World:
    """Return people who say yes where the AI's own rule does."""
    is_sure = (best_threshold() <= UNITS).astype(float)
    return World(is_sure, is_sure, sd_person=0, sd_image=0)


def as_good_as_the_ai(more: float = 0.0) -> World:
    """Return people who, on the images below T*, are as good as rejecting everything.

    ``more``: by how many points of all images their team is better than that. Above T* they
    reject half of the right answers, so that people alone are not the better ones.
    """
    is_below = best_threshold() > UNITS
    pi = (SHARES * IS_RIGHT)[is_below].sum() / SHARES[is_below].sum()
    wrong = 0.1  # of the wrong answers they accept so many
    right = (wrong * (1 - pi) + more / 100 / SHARES[is_below].sum()) / pi
    return World(np.where(is_below, right, 0.5), np.full(UNITS.size, wrong))


def as_good_as_people() -> World:
    """Return people who are as good above T* as the AI is: a team is no better than they are."""
    is_above = best_threshold() <= UNITS
    a = (SHARES * IS_RIGHT)[is_above].sum() / SHARES[is_above].sum()
    wrong = 0.5
    right = 1 - (1 - a) / a * (1 - wrong)
    return World(np.where(is_above, right, 0.8), np.where(is_above, wrong, 0.2))


NULLS = {
    "people copy the AI's rule": copying,
    "natural team = AI alone": as_good_as_the_ai,
    "natural team = people alone": as_good_as_people,
}


def study(
    world: World, n_pool: int, rng: np.random.Generator, *, n_people: int = 60
) -> tuple[Pool, NDArray[np.bool_], Judged]:
    """Draw a pool, its tuning images and the answers of people to sets of half wrong answers."""
    units = rng.choice(UNITS, n_pool, p=SHARES)
    is_right = rng.random(n_pool) < IS_RIGHT[units]
    tuning = tuning_splits(n_pool, ("AI",), n_pool // 5, int(rng.integers(2**31)))["AI"]
    n_sets = min(20, int((~is_right).sum()) // (N_TEST // 2))
    kinds = [rng.permutation(np.flatnonzero(is_right == kind)) for kind in (True, False)]
    half = N_TEST // 2
    sets = np.hstack([item[: n_sets * half].reshape(n_sets, half) for item in kinds])
    image = sets[np.arange(n_people) % n_sets]
    right = is_right[image]
    chance = np.where(right, world.accept_right[units[image]], world.accept_wrong[units[image]])
    ease = world.sd_image * np.where(is_right, 1, -1) * rng.standard_normal(n_pool)
    person = world.sd_person * rng.standard_normal((n_people, 1))
    accepted = rng.random(image.shape) < _spread(chance, person + ease[image], world)
    people = np.repeat(np.arange(n_people), N_TEST)
    judged = Judged(
        people, image.ravel(), units[image].ravel(), right.ravel(), (accepted == right).ravel()
    )
    return Pool(is_right, units.astype(np.int64), VOTES), tuning, judged


def part(judged: Judged, rows: NDArray[np.generic]) -> Judged:
    """Return some of the answers."""
    return Judged(*(getattr(judged, name)[rows] for name in Judged.__slots__))


def _spread(chance: Floats, effect: Floats, world: World) -> Floats:
    """Return chances whose mean over all effects is ``chance``: a probit, which has one."""
    sd = np.hypot(world.sd_person, world.sd_image) / 1.7  # log odds in probits
    return np.asarray(ndtr(ndtri(chance) * np.sqrt(1 + sd**2) + effect / 1.7), dtype=float)


def verdicts(
    world: World, n_pool: int, n_studies: int, *, n_resamples: int = 1000
) -> list[Complementarity]:
    """Return what is said of each study of a world."""
    rng = np.random.default_rng(n_pool)
    found = []
    for number in range(n_studies):
        pool, tuning, judged = study(world, n_pool, rng)
        found.append(
            complementarity_of(pool, tuning, judged, GRID, seed=number, n_resamples=n_resamples)
        )
    return found


def yes_by_look(
    world: World,
    n_pool: int,
    n_studies: int,
    shares: Sequence[float],
    *,
    n_people: int = 60,
    n_resamples: int = 1000,
) -> list[int]:
    """Count the studies that have said yes at one of the planned looks up to each, ``(looks,)``.

    A look has the answers of the first people of the study and the bound of its plan.
    """
    rng = np.random.default_rng(n_pool)
    counts = [0] * len(shares)
    for number in range(n_studies):
        pool, tuning, judged = study(world, n_pool, rng, n_people=n_people)
        has_said_yes = False
        for place, look in enumerate(looks_of(shares)):
            seen = judged.person < people_at(look.share, n_people)
            has_said_yes = has_said_yes or (
                complementarity_of(
                    pool, tuning, part(judged, seen), GRID,
                    seed=number, n_resamples=n_resamples, p_bound=look.p,
                ).verdict == "yes"
            )  # fmt: skip
            counts[place] += has_said_yes
    return counts
