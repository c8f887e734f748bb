"""Is a human-AI team better than the AI and better than people? Pure NumPy.

All scores are for the same images: the AI's pool without the images that tuned its threshold
T*. Right and wrong answers are as frequent as in that pool:

    r = share of images with confidence ≥ T*         A = the AI's accuracy there
    π = share of right answers below T*              p = share of right answers in the pool
    H₁, H₀ = people's accuracy below T* where the AI is right, wrong; K₁, K₀ on all their trials

    team        = r A + (1 − r)(π H₁ + (1 − π) H₀)
    human alone = p K₁ + (1 − p) K₀      K of people without the AI, where a condition has them
    AI alone    = r A + (1 − r)(1 − π)   (it accepts from T* on, and rejects below)
    AI always   = p                      (it accepts everything)

    complementarity = team − the largest of the other three

With R₁, R₀ = the shares of right and of wrong answers with confidence ≥ T*, all of these are
linear in p. So they can be computed for an AI that errs more or less often than in this pool.

The interval treats people, images and T* as samples (``complementarity_draws``). Each draw
resamples people with all their trials, the images of the pool, and the tuning images, which
choose T* again. Resampling people ignores that several people judge the same photo; a normal
deviate adds the variance that photos have beyond single answers (``twoway``). Without a team there
is no interval: in a draw, people's rate on all trials replaces a rate below T* without a trial, and
such draws alone would describe people who decide everything. The interval is of
three comparisons: its ends are the lowest lower and the lowest upper end of team − human alone,
team − AI alone and team − AI always. It is above 0 only if the team is above each of the three
(Berger 1982, doi:10.1080/00401706.1982.10487790).

At a planned look (``looks``) the verdict has the look's bound of p in the place of 5 %, so that
all looks together say yes without cause at most as often as one look at the end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import norm

from analysis.stats.complementarity_draws import (
    Ingredients,
    Judged,
    Scores,
    draws_of,
    histogram,
    ingredients_of,
    kind_counts,
    person_counts,
    rates,
)
from analysis.stats.confidence import Bools, Floats, Grid
from analysis.stats.draws import Seed
from analysis.stats.inference import N_RESAMPLES, percentile_interval
from analysis.stats.team import Pool, tuned_threshold

Verdict = Literal["yes", "no", "too few trials"]
LEAST_TRIALS, LEAST_PEOPLE = 100, 10
ALPHA = 0.05  # two-sided; half of it is the chance of a false yes
LEAST_TAIL = 10  # draws; with fewer below an end, their standard deviation also bounds it
PREVALENCES = np.arange(50, 101, 5) / 100
__all__ = ["Complementarity", "Judged", "PrevalenceCurve", "complementarity_of"]
COMPETITORS = ("human_alone", "ai_alone", "ai_always")


@dataclass(frozen=True, slots=True, eq=False)
class PrevalenceCurve:
    """Scores and complementarity, in percent, by the share of right answers: ``(k,)`` each."""

    prevalence: Floats
    scores: Scores
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Complementarity:
    """By how many points a team is above the best of people and AI, with the scores behind it.

    Percentages and points. Whether there is a verdict depends on ``n_trials``, the trials below
    T*, and on ``n_people``. ``curve`` has the same scores for other shares of right answers.
    NaN: not defined.
    """

    value: float
    low: float
    high: float
    verdict: Verdict
    team: float
    human_alone: float
    ai_alone: float
    ai_always: float
    n_trials: int
    n_people: int
    curve: PrevalenceCurve


def complementarity_of(
    pool: Pool,
    is_tuning: Bools,
    judged: Judged,
    grid: Grid,
    *,
    alone: Judged | None = None,
    seed: Seed = 0,
    n_resamples: int = N_RESAMPLES,
    p_bound: float = ALPHA,
) -> Complementarity:
    """Compare a condition's team with people and with the AI, on the images that did not tune T*.

    ``alone`` has the answers of people who judged the same AI's labels without seeing the AI. If it
    is missing, the condition's own people, who saw the AI, are used as people alone. The verdict is
    ``yes`` if ``low`` is above 0; at a planned look, with the bound ``p_bound``, if the same end is
    that of an interval of 1 − ``p_bound``. There is no verdict below ``LEAST_TRIALS`` trials or
    ``LEAST_PEOPLE`` people.
    """
    best = tuned_threshold(pool.of(is_tuning), grid)
    test = pool.of(~is_tuning)
    is_below = judged.units < grid.units[best]
    n_trials, n_people = int(is_below.sum()), np.unique(judged.person[is_below]).size
    found = ingredients_of(histogram(test), person_counts(judged, grid).sum(1)[None], grid, best)
    if alone is not None:
        found = Ingredients(found.p, found.r, found.h, rates(kind_counts(alone).sum(0)[None]))
    drawn = draws_of(pool, is_tuning, judged, grid, alone, seed, n_resamples)
    scores, spread = found.scores(), drawn.scores()
    value = float(scores.complementarity[0])
    low, high = (math.nan, math.nan) if math.isnan(value) else _interval(spread)
    is_enough = n_trials >= LEAST_TRIALS and n_people >= LEAST_PEOPLE and not math.isnan(value)
    decisive = low if p_bound == ALPHA or not is_enough else _low_at(scores, spread, p_bound)
    return Complementarity(
        value=100 * value,
        low=100 * low,
        high=100 * high,
        verdict=("yes" if decisive > 0 else "no") if is_enough else "too few trials",
        **{name: 100 * float(getattr(scores, name)[0]) for name in ("team", *COMPETITORS)},
        n_trials=n_trials,
        n_people=n_people,
        curve=_curve(found, drawn),
    )


def _interval(drawn: Scores) -> tuple[float, float]:
    """Return the lowest ends of the three comparisons; NaN with fewer than two people."""
    ends = [
        percentile_interval(drawn.team - getattr(drawn, name))
        for name in COMPETITORS
        if drawn.team.size
    ]
    if not ends:
        return math.nan, math.nan
    return float(np.min([low for low, _ in ends])), float(np.min([high for _, high in ends]))


def _low_at(scores: Scores, drawn: Scores, p: float) -> float:
    """Return the lowest lower end of the three comparisons, with p / 2 of the draws below each.

    The draws do not reach far enough for a small p: then an end is at most estimate − z · SD.
    """
    ends = []
    for name in COMPETITORS:
        draws = drawn.team - getattr(drawn, name)
        ends.append(float(np.quantile(draws, p / 2)))
        if p / 2 * draws.size < LEAST_TAIL:
            value = float((scores.team - getattr(scores, name))[0])
            ends.append(value - float(norm.isf(p / 2) * draws.std(ddof=1)))
    return min(ends)


def _curve(found: Ingredients, drawn: Ingredients) -> PrevalenceCurve:
    intervals = [_interval(drawn.scores(np.asarray(p))) for p in PREVALENCES]
    scores = found.scores(PREVALENCES)
    low, high = np.where(np.isnan(scores.complementarity), np.nan, 100 * np.array(intervals).T)
    rates = (100 * getattr(scores, name) for name in ("team", *COMPETITORS))
    return PrevalenceCurve(PREVALENCES, Scores(*rates), low, high)
