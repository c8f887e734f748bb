"""The AI alone and the human-AI team, by the AI's confidence threshold. Pure NumPy.

In the team, the AI's answer is final at or above the threshold; below it a person accepts or
rejects the answer. The team is simulated from two samples: a pool of images on which the AI was
run, and the trials of people. Nobody worked in such a team. All confidences are units of one
``Scale``.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.stats.confidence import Bools, Floats, Grid, Ints, Scale
from analysis.stats.draws import Seed
from analysis.stats.inference import percentile_interval, resampled_sums

SEED = 42


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """One AI on every image of a pool: is it right, and its confidence in units, ``(n,)`` each."""

    is_correct: Bools
    units: Ints
    scale: Scale

    def of(self, chosen: Bools) -> Pool:
        """Return the images where ``chosen`` is true."""
        return Pool(self.is_correct[chosen], self.units[chosen], self.scale)


def tuning_splits(
    n_images: int, ais: Sequence[str], n_tuning: int, seed: int = SEED
) -> dict[str, Bools]:
    """Return for each AI which images (``(n_images,)``) tune its threshold; the others test it.

    This is the split of the reference study. All AIs, in their order, use one generator; each
    shuffles the images and takes the first ``n_tuning``. People's answers are not used. Raises
    ``ValueError`` if no image would be left to test.
    """
    if not 0 < n_tuning < n_images:
        raise ValueError(
            f"{n_tuning} tuning images from a pool of {n_images}: expected at least one, and "
            "fewer than the pool has; the others measure the accuracy."
        )
    generator = random.Random(seed)
    splits = {}
    for ai in ais:
        order = list(range(n_images))
        generator.shuffle(order)
        splits[ai] = np.zeros(n_images, dtype=bool)
        splits[ai][order[:n_tuning]] = True
    return splits


def accept_reject_hits(pool: Pool, grid: Grid) -> Ints:
    """Return for each threshold T on how many images y = 1(confidence ≥ T): shape ``(t,)``.

    The AI does the people's task alone: it accepts its own answer if its confidence is at least
    T. y is 1 if the AI's answer is right.
    """
    n_right, n_wrong = (
        np.bincount(pool.units[kind], minlength=pool.scale.n + 2).astype(np.int64)
        for kind in (pool.is_correct, ~pool.is_correct)
    )
    rejected_wrong = count_below(n_wrong, grid.units)
    accepted_right = n_right.sum() - count_below(n_right, grid.units)
    return np.asarray(accepted_right + rejected_wrong, dtype=np.int64)


def count_below(histogram: NDArray[np.int64], units: Ints) -> Ints:
    """Return the counts of a histogram ``(..., n + 2)`` below each threshold: ``(..., t)``."""
    before = np.cumsum(histogram, axis=-1) - histogram
    return np.asarray(before[..., units], dtype=np.int64)


def tuned_threshold(pool: Pool, grid: Grid) -> int:
    """Return the index in ``grid`` of the best threshold on a tuning pool; of ties, the largest."""
    hits = accept_reject_hits(pool, grid)
    return int(np.flatnonzero(hits == hits.max())[-1])


@dataclass(frozen=True, slots=True, eq=False)
class Below:
    """Trials below each threshold, shape ``(..., t)``: how many, and how many correct.

    Trials with a right and with a wrong AI are counted separately, to correct the prevalence.
    """

    n_right: Floats
    correct_right: Floats
    n_wrong: Floats
    correct_wrong: Floats


def trials_below(
    participant: Ints, units: Ints, is_ai_correct: Bools, is_correct: Bools, grid: Grid
) -> NDArray[np.float64]:
    """Count each participant's trials below each threshold: shape ``(4, p, t)``.

    ``participant`` holds codes from 0; all inputs are ``(n,)``. The first axis is in the order
    of the fields of ``Below``.
    """
    width = int(max(units.max(initial=0), grid.units.max())) + 2
    n_people = int(participant.max(initial=-1)) + 1
    place = participant * width + units
    kinds = (is_ai_correct, is_ai_correct & is_correct, ~is_ai_correct, ~is_ai_correct & is_correct)
    counts = [
        np.bincount(place[kind], minlength=n_people * width).reshape(n_people, width)
        for kind in kinds
    ]
    return count_below(np.stack(counts), grid.units).astype(float)


@dataclass(frozen=True, slots=True, eq=False)
class TeamCurve:
    """Percentages at each threshold, shape ``(..., t)``; NaN if there is nothing to average."""

    ai_share: Floats
    ai_accuracy: Floats
    human_accuracy: Floats
    team: Floats
    human_prevalence_corrected: Floats
    team_prevalence_corrected: Floats
    pool_ai_correct: Floats
    trials_ai_correct: Floats


def team_curve(pool: Pool, below: Below, grid: Grid) -> TeamCurve:
    """Return the team's accuracy in percent at each threshold T of ``grid``.

        Team(T) = r·A + (1 − r)·H        r: share of the pool with confidence ≥ T
                                         A: the AI's accuracy there
                                         H: people's accuracy on their trials below T, pooled

    People saw as many trials with a wrong AI as with a right one, but the pool below T has
    another mixture. The corrected team uses H′ = π·H(AI right) + (1 − π)·H(AI wrong), with π
    the share of right answers in the pool below T.

    NaN if people judged no trial that is needed. If r = 1, no person is needed.
    """
    n_below = count_below(np.bincount(pool.units, minlength=pool.scale.n + 2), grid.units)
    right = np.bincount(pool.units[pool.is_correct], minlength=pool.scale.n + 2)
    right_below = count_below(right, grid.units)
    n_images = pool.units.size
    share = 1 - n_below / n_images
    ai_accuracy = _quotient(right.sum() - right_below, n_images - n_below)
    prevalence = _quotient(right_below, n_below)
    n_trials = below.n_right + below.n_wrong
    human = _quotient(below.correct_right + below.correct_wrong, n_trials)
    corrected = _mix(
        prevalence,
        _quotient(below.correct_right, below.n_right),
        _quotient(below.correct_wrong, below.n_wrong),
    )
    return TeamCurve(
        ai_share=100 * share,
        ai_accuracy=100 * ai_accuracy,
        human_accuracy=100 * human,
        team=100 * _mix(share, ai_accuracy, human),
        human_prevalence_corrected=100 * corrected,
        team_prevalence_corrected=100 * _mix(share, ai_accuracy, corrected),
        pool_ai_correct=100 * prevalence,
        trials_ai_correct=100 * _quotient(below.n_right, n_trials),
    )


def _quotient(part: NDArray[np.generic], whole: NDArray[np.generic]) -> Floats:
    a, b = np.asarray(part, dtype=float), np.asarray(whole, dtype=float)
    quotient: Floats = np.divide(a, b, out=np.full(np.broadcast(a, b).shape, np.nan), where=b > 0)
    return quotient


def _mix(weight: Floats, first: Floats, second: Floats) -> Floats:
    """Return weight·first + (1 − weight)·second; a term of weight 0 may be NaN."""
    mixed = np.where(weight > 0, weight * first, 0) + np.where(weight < 1, (1 - weight) * second, 0)
    return np.asarray(np.where(np.isnan(weight), np.nan, mixed), dtype=float)


@dataclass(frozen=True, slots=True, eq=False)
class Team:
    """A condition's team: the tuned threshold, the whole curve and its 95 % bands.

    ``best`` is the index of T* in ``grid``. In percent: ``ai_alone`` is the AI's accept/reject
    accuracy at T* on the images that did not tune it, ``ai_top1`` its top-1 accuracy on the
    pool. ``n_trials`` and the bands are ``(t,)``; ``draws`` is the team at T* in every draw of
    participants, ``(b,)``. Bands and draws are NaN with fewer than two participants.
    """

    scale: Scale
    grid: Grid
    best: int
    ai_alone: float
    ai_top1: float
    n_trials: Ints
    curve: TeamCurve
    team_band: tuple[Floats, Floats]
    corrected_band: tuple[Floats, Floats]
    draws: Floats


def team_of(
    pool: Pool, is_tuning: Bools, people: NDArray[np.float64], grid: Grid, *, seed: Seed = 0
) -> Team:
    """Return the team of an AI's pool and a condition's trials.

    ``people`` comes from ``trials_below`` on the same ``grid``. The bands resample participants
    and treat the pool and T* as fixed.
    """
    best = tuned_threshold(pool.of(is_tuning), grid)
    test = pool.of(~is_tuning)
    sums = people.sum(1)  # (4, t)
    n_people, n_thresholds = people.shape[1:]
    flat = people.transpose(1, 0, 2).reshape(n_people, 4 * n_thresholds)  # (p, 4, t) -> (p, 4t)
    draws = (
        resampled_sums(flat, seed=seed).reshape(-1, 4, n_thresholds).transpose(1, 0, 2)
    )  # (4, b, t)
    if n_people < 2:
        draws = np.full_like(draws, np.nan)
    drawn = team_curve(pool, Below(*draws), grid)
    return Team(
        scale=pool.scale,
        grid=grid,
        best=best,
        ai_alone=100 * float(accept_reject_hits(test, grid)[best]) / test.units.size,
        ai_top1=100 * float(pool.is_correct.mean()),
        n_trials=(sums[0] + sums[2]).astype(np.int64),
        curve=team_curve(pool, Below(*sums), grid),
        team_band=percentile_interval(drawn.team),
        corrected_band=percentile_interval(drawn.team_prevalence_corrected),
        draws=drawn.team[:, best],
    )
