"""How many participants a study needs, by simulated studies with the tests of the real one. Pure.

Power is the share of simulated studies whose test finds a difference between the wanted pair of
conditions. probit(power) is almost linear in √n, so the needed number is taken from a line through
all sizes, and every simulated study contributes to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame
from scipy.optimize import brentq
from scipy.stats import beta, norm

from analysis.power.many_tests import mann_whitney_p, paired_p, welch_p
from analysis.power.simulated import Counts, Layout, correct_counts
from analysis.power.within import Within, within_counts
from trials.simulation.behaviour import Behaviour

Floats = NDArray[np.float64]
Test = Literal["mann_whitney", "welch"]
Correction = Literal["holm", "bonferroni", "none"]
Progress = Callable[[list[int]], Iterable[int]]

MEASURES = ("accuracy", "accuracy_ai_correct", "accuracy_ai_wrong")
LEAST, MOST = 4, 20_000
_ARE = 3 / math.pi  # efficiency of Mann-Whitney relative to t for normal values
_ROUNDS = 4


class PowerRefused(ValueError):
    """Raised if a study cannot be planned with these numbers; says what was seen and expected."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A study and its declared tests: all pairs of ``behaviours``. Power is for the first two.

    If ``n_tests`` is larger than the number of pairs, the other tests (of other measures, for
    example) are assumed to find nothing, the worst case for Holm's method. ``within``: everybody
    goes through all conditions, and the test is always the paired t test.
    """

    behaviours: tuple[Behaviour, ...]
    layout: Layout = field(default_factory=Layout)
    measure: str = "accuracy"
    test: Test = "mann_whitney"
    correction: Correction = "holm"
    n_tests: int = 1
    alpha: float = 0.05
    within: Within | None = None

    @property
    def family(self) -> list[tuple[int, int]]:
        """The pairs that are simulated, the wanted one first."""
        return list(combinations(range(len(self.behaviours)), 2))

    @property
    def n_declared(self) -> int:
        """The number of tests in the correction."""
        return max(self.n_tests, len(self.family))


@dataclass(frozen=True, slots=True, eq=False)
class Power:
    """The curve (``n``, ``n_studies``, ``power``, ``low``, ``high``) and the number needed.

    ``low`` and ``high`` are Clopper-Pearson's 95 % interval of a share of simulated studies,
    ``n_low`` and ``n_high`` the 95 % Monte-Carlo interval of ``n_needed``, all per condition.
    """

    curve: DataFrame
    n_needed: int
    n_low: int
    n_high: int


def with_participant_sd(behaviour: Behaviour, percent: float, layout: Layout) -> Behaviour:
    """Return people of the same mean rates whose accuracies have this SD in percentage points.

    The SD of their skill is set to match. Raises ``PowerRefused`` if ``percent`` is below the SD
    of chance alone.
    """
    n_right = int(layout.is_ai_correct.sum())
    rates = behaviour.measures()
    right, wrong = rates["accuracy_ai_correct"] / 100, rates["over_reliance"] / 100

    def at(sd_skill: float) -> Behaviour:
        names = ("sd_bias", "sd_image", "sd_image_arm")
        spreads = {name: getattr(behaviour, name) for name in names}
        return Behaviour.planted(right, wrong, sd_skill=sd_skill, **spreads)

    def beyond(sd_skill: float) -> float:
        return at(sd_skill).participant_sd(n_right, layout.n_test - n_right) - percent

    if beyond(0) > 0 or beyond(5) < 0:
        raise PowerRefused(
            f"A standard deviation of {percent:g} points between participants: chance and bias "
            f"over {layout.n_test} trials give {beyond(0) + percent:.2f}; expected more than that, "
            f"and less than {beyond(5) + percent:.2f}."
        )
    return at(brentq(beyond, 0, 5, xtol=1e-6))


def differing(behaviour: Behaviour, measure: str, points: float) -> Behaviour:
    """Return people whose ``measure`` is ``points`` percentage points higher.

    The log odds are shifted: for accuracy equally on both kinds of trials, for a measure of one
    kind on that kind only. Raises ``PowerRefused`` if a rate would leave 0 to 100 %.
    """
    sides = {"accuracy": (1, 1), "accuracy_ai_correct": (1, 0), "accuracy_ai_wrong": (0, 1)}
    right, wrong = sides[measure]
    value = behaviour.measures()[measure]

    def beyond(shift: float) -> float:
        return behaviour.shifted(right * shift, wrong * shift).measures()[measure] - value - points

    if not beyond(-20) < 0 < beyond(20):
        raise PowerRefused(
            f"A difference of {points:g} points from {measure} {value:.1f} %: expected one that "
            "stays between 0 and 100 %."
        )
    shift = brentq(beyond, -20, 20, xtol=1e-9)
    return behaviour.shifted(right * shift, wrong * shift)


def closed_form(sds: tuple[float, float], points: float, *, alpha: float, power: float) -> float:
    """Return the participants per condition for a two-sided t test, by the normal approximation.

        n = (z₁₋α⸝₂ + z_power)² (σ₁² + σ₂²) / difference² + z₁₋α⸝₂² / 4

    Divide by 3/π for Mann-Whitney's test of approximately normal values.
    """
    z, reach = norm.ppf(1 - alpha / 2), norm.ppf(1 - alpha / 2) + norm.ppf(power)
    return float(reach**2 * (sds[0] ** 2 + sds[1] ** 2) / points**2 + z**2 / 4)


def corrected(p: Floats, correction: Correction, n_declared: int) -> Floats:
    """Correct each row of ``p`` ``(s, k)`` over ``n_declared`` ≥ k tests; the others have p = 1."""
    if correction == "none":
        return p
    if correction == "bonferroni":
        return np.minimum(n_declared * p, 1)
    order = np.argsort(p, axis=1)
    factors = n_declared - np.arange(p.shape[1])
    steps = np.maximum.accumulate(factors * np.take_along_axis(p, order, axis=1), axis=1)
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, np.minimum(steps, 1), axis=1)
    return adjusted


def rejections(
    scenario: Scenario, n: int, n_studies: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Simulate studies; return which tests of the family are significant, ``(n_studies, k)``."""
    values = _values(scenario, n, n_studies, rng)
    test = {"mann_whitney": mann_whitney_p, "welch": welch_p}[scenario.test]
    if scenario.within:
        test = paired_p
    p = np.stack([test(values[:, a], values[:, b]) for a, b in scenario.family], axis=1)
    return corrected(p, scenario.correction, scenario.n_declared) <= scenario.alpha


def _values(scenario: Scenario, n: int, n_studies: int, rng: np.random.Generator) -> Counts:
    """Return each person's correct answers of the measure, ``(n_studies, n_conditions, n)``."""
    drawn = (scenario.behaviours, scenario.layout)
    if scenario.within:
        counts = within_counts(*drawn, scenario.within, n, n_studies, rng)
    else:
        counts = correct_counts(*drawn, n, n_studies, rng)
    kept = {"accuracy": slice(0, 2), "accuracy_ai_correct": slice(0, 1)}
    values: Counts = counts[..., kept.get(scenario.measure, slice(1, 2))].sum(axis=-1)
    return values


def power_at(scenario: Scenario, n: int, n_studies: int, seed: int) -> tuple[float, float, float]:
    """Return the power for the wanted pair at ``n`` per condition, with its 95 % interval."""
    rng = np.random.default_rng([seed, n])
    hits = int(rejections(scenario, n, n_studies, rng)[:, 0].sum())
    low = beta.ppf(0.025, hits, n_studies - hits + 1) if hits else 0.0
    high = beta.ppf(0.975, hits + 1, n_studies - hits) if hits < n_studies else 1.0
    return hits / n_studies, float(low), float(high)


def participants_needed(
    scenario: Scenario,
    power: float,
    *,
    n_studies: int = 2000,
    seed: int = 0,
    progress: Progress = iter,
) -> Power:
    """Find the participants per condition that reach ``power`` for the wanted pair.

    A coarse search around the closed form is followed by a curve at eight sizes around its result.
    ``progress`` wraps the sizes of each round. Raises ``PowerRefused`` beyond ``MOST``.
    """
    centre = _first_guess(scenario, power)
    for round_ in range(_ROUNDS):
        is_coarse = round_ == 0
        factors = (0.5, 0.8, 1.25, 2) if is_coarse else (0.5, 0.65, 0.8, 0.9, 1, 1.15, 1.35, 1.7)
        sizes = sorted({min(MOST, max(LEAST, round(centre * factor))) for factor in factors})
        studies = max(200, n_studies // 5) if is_coarse else n_studies
        rows = [(n, studies, *power_at(scenario, n, studies, seed)) for n in progress(sizes)]
        curve = DataFrame(rows, columns=["n", "n_studies", "power", "low", "high"])
        found = _crossing(curve, power)
        is_inside = sizes[0] <= found[1] <= sizes[-1] or found[1] <= LEAST
        if is_inside and not is_coarse:
            n_low, n_needed, n_high = (max(LEAST, math.ceil(item - 1e-9)) for item in found)
            return Power(curve, n_needed, n_low, n_high)
        centre = min(max(found[1], centre / 8), centre * 8)
    raise PowerRefused(
        f"A power of {power:g} is not reached with {sizes[-1]:,} participants per condition (seen "
        f"{curve['power'].iloc[-1]:.3f}); expected a larger difference, or more trials."
    )


def _first_guess(scenario: Scenario, power: float) -> float:
    right = scenario.layout.is_ai_correct
    n_right, n_wrong = int(right.sum()), int((~right).sum())
    if scenario.measure == "accuracy_ai_correct":
        n_wrong = 0
    if scenario.measure == "accuracy_ai_wrong":
        n_right = 0
    a, b = scenario.behaviours[:2]
    sds = (a.participant_sd(n_right, n_wrong), b.participant_sd(n_right, n_wrong))
    points = abs(a.measures()[scenario.measure] - b.measures()[scenario.measure])
    if points < 1e-9:
        raise PowerRefused(
            f"A difference of {points:g} points: expected one other than 0, for two conditions "
            "that do not differ leave nothing to be found."
        )
    alpha = scenario.alpha / (1 if scenario.correction == "none" else scenario.n_declared)
    guess = closed_form(sds, points, alpha=alpha, power=power)
    if guess > 2 * MOST:
        raise PowerRefused(
            f"A difference of {points:.3g} points would need about {guess:,.0f} participants per "
            f"condition; expected one that needs at most {MOST:,}."
        )
    return min(MOST, guess)


def _crossing(curve: DataFrame, power: float) -> tuple[float, float, float]:
    """Return n at ``power`` with its 95 % interval, by weighted least squares of probit on √n."""
    n_studies, x = curve["n_studies"].to_numpy(), np.sqrt(curve["n"].to_numpy(dtype=float))
    share = (curve["power"].to_numpy() * n_studies + 0.5) / (n_studies + 1)
    z = norm.ppf(share)
    weight = n_studies * norm.pdf(z) ** 2 / (share * (1 - share))
    design = np.stack([np.ones_like(x), x], axis=1)
    covariance = np.linalg.inv(design.T @ (weight[:, None] * design))
    level, slope = covariance @ (design.T @ (weight * z))
    if slope <= 0:
        return (math.inf,) * 3
    root = (norm.ppf(power) - level) / slope
    gradient = np.array([1, root]) / slope
    reach = 1.96 * math.sqrt(gradient @ covariance @ gradient)
    low, middle, high = (max(0.0, item) ** 2 for item in (root - reach, root, root + reach))
    return low, middle, high
