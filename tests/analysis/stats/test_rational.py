"""What a rational decision maker reaches with the AI's confidence."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from analysis.stats.rational import best_at, rational_of

SHARE, RIGHT = np.array([0.25, 0.5, 0.25]), np.array([0.2, 0.6, 0.9])


def payoff(rule: tuple[float, ...], share: np.ndarray, right: np.ndarray) -> float:
    return float(
        sum(p * (q * r + (1 - q) * (1 - r)) for q, p, r in zip(rule, share, right, strict=True))
    )


def test_the_numbers_are_those_reckoned_by_hand() -> None:
    found = rational_of(SHARE, RIGHT, accept_rate=0.5, observed=0.6)
    assert found.baseline == pytest.approx(57.5)  # .25 x .2 + .5 x .6 + .25 x .9
    assert found.benchmark == pytest.approx(72.5)  # .25 x .8 + .5 x .6 + .25 x .9
    # Half is accepted: all at .9 and half of those at .6.
    assert found.misreliant == pytest.approx(67.5)  # .2 + .25 x .6 + .25 x .4 + .225
    assert found.reliance_loss == pytest.approx(5)
    assert found.discrimination_loss == pytest.approx(7.5)


def test_the_losses_add_up_to_what_people_stay_below_the_benchmark() -> None:
    found = rational_of(SHARE, RIGHT, accept_rate=0.9, observed=0.8)
    total = found.reliance_loss + found.discrimination_loss
    assert total == pytest.approx(found.benchmark - found.observed)
    assert found.discrimination_loss < 0  # people saw more than the confidence


@pytest.mark.parametrize("seed", range(5))
def test_no_decision_rule_is_better_and_one_is_as_good(seed: int) -> None:
    rng = np.random.default_rng(seed)
    share, right = rng.dirichlet(np.ones(6)), rng.random(6)
    rules = list(product((0.0, 1.0), repeat=6))
    best = max(payoff(rule, share, right) for rule in rules)
    constant = max(payoff((q,) * 6, share, right) for q in (0.0, 1.0))
    found = rational_of(share, right, accept_rate=0.5, observed=0.5)
    assert (found.benchmark, found.baseline) == pytest.approx((100 * best, 100 * constant))
    for rule in rules:
        assert (
            best_at(share, right, float(np.dot(rule, share))) >= payoff(rule, share, right) - 1e-9
        )


@pytest.mark.parametrize("rate", [0, 0.137, 0.5, 0.81, 1])
def test_the_mis_reliant_benchmark_is_the_optimum_of_a_linear_programme(rate: float) -> None:
    rng = np.random.default_rng(7)
    share, right = rng.dirichlet(np.ones(8)), rng.random(8)
    gain = share * (2 * right - 1)
    optimum = linprog(-gain, A_eq=share[None], b_eq=[rate], bounds=(0, 1))
    assert best_at(share, right, rate) == pytest.approx(share @ (1 - right) - optimum.fun)


def test_a_confidence_that_says_nothing_leaves_the_base_rate() -> None:
    found = rational_of(SHARE, np.full(3, 0.7), accept_rate=0.7, observed=0.58)
    assert found.benchmark == pytest.approx(found.baseline) == pytest.approx(70)
    assert found.misreliant == pytest.approx(58)  # .7 x .7 + .3 x .3: matching the base rate


def test_what_is_no_share_is_refused() -> None:
    with pytest.raises(ValueError, match=r"1\.2: expected shares"):
        rational_of(SHARE, RIGHT, accept_rate=1.2, observed=0.5)
    with pytest.raises(ValueError, match=r"sum of 1"):
        rational_of(SHARE / 2, RIGHT, accept_rate=0.5, observed=0.5)
