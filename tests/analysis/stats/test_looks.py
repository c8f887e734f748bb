"""Bounds of planned looks, against published values and simulated studies."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from analysis.stats.looks import LooksRefused, looks_of, people_at, spent

# Two-sided 5 %, equally spaced looks, O'Brien-Fleming spending: as printed by R's ldbounds and
# gsDesign (Lan & DeMets 1983; Reboussin, DeMets, Kim & Lan 2000).
REFERENCE = {
    2: [2.9626, 1.9686],
    3: [3.7103, 2.5114, 1.9930],
    4: [4.3326, 2.9631, 2.3590, 2.0141],
    5: [4.8769, 3.3569, 2.6803, 2.2898, 2.0310],
}


def shares(k: int) -> list[float]:
    return [(item + 1) / k for item in range(k)]


@pytest.mark.parametrize("k", REFERENCE)
def test_bounds_are_those_of_the_literature(k: int) -> None:
    assert [item.z for item in looks_of(shares(k))] == pytest.approx(REFERENCE[k], abs=2e-4)


def test_one_look_is_the_ordinary_test() -> None:
    (look,) = looks_of([1])
    assert look.z == pytest.approx(norm.isf(0.025))
    assert look.p == pytest.approx(0.05)


@pytest.mark.parametrize("plan", [[0.5, 1], [0.3, 0.4, 0.9, 1], [0.2, 0.4, 0.6, 0.8, 1]])
def test_five_in_a_hundred_studies_of_nothing_cross_at_any_look(plan: list[float]) -> None:
    rng, looks = np.random.default_rng(1), looks_of(plan)
    steps = rng.standard_normal((400_000, len(plan))) * np.sqrt(np.diff([0, *plan]))
    z = np.abs(np.cumsum(steps, axis=1) / np.sqrt(plan))
    crossed = z >= np.array([look.z for look in looks])
    assert crossed.any(axis=1).mean() == pytest.approx(0.05, abs=0.0015)
    first = crossed[:, 0].mean()
    assert first == pytest.approx(spent(plan[0]), abs=0.0005)
    assert (z >= 1.96).any(axis=1).mean() > 0.08  # what looking without a plan would cost


@pytest.mark.parametrize("plan", [[0.5, 1], [0.3, 0.4, 0.9, 1], [0.2, 0.4, 0.6, 0.8, 1]])
def test_a_difference_of_the_margin_is_called_equivalent_in_five_of_a_hundred(
    plan: list[float],
) -> None:
    # Of two one-sided tests only that of the nearer end of the margin matters.
    rng = np.random.default_rng(2)
    steps = rng.standard_normal((400_000, len(plan))) * np.sqrt(np.diff([0, *plan]))
    p = norm.sf(np.cumsum(steps, axis=1) / np.sqrt(plan))
    is_equivalent = p <= np.array([look.p for look in looks_of(plan)])
    assert 0.045 < is_equivalent.any(axis=1).mean() < 0.0515


def test_two_looks_without_bounds_call_8_percent_of_nothing_something() -> None:
    # The chance that two deviates, the second of all data, are both inside of +-1.96.
    at, together = norm.isf(0.025), multivariate_normal(cov=[[1, 0.5**0.5], [0.5**0.5, 1]])
    corners = {(a, b): together.cdf([a * at, b * at]) for a in (1, -1) for b in (1, -1)}
    inside = sum(a * b * value for (a, b), value in corners.items())
    assert 100 * (1 - inside) == pytest.approx(8.3, abs=0.05)


def test_a_look_is_due_with_the_first_person_who_completes_its_share() -> None:
    assert [people_at(share, 60) for share in (0.5, 0.51, 1)] == [30, 31, 60]
    assert people_at(0.07, 100) == 7  # although 0.07 * 100 is above 7 in floating point


@pytest.mark.parametrize("plan", [[], [0.5], [0.5, 0.5, 1], [0, 1], [0.8, 0.4, 1]])
def test_a_plan_that_does_not_ascend_to_all_people_is_refused(plan: list[float]) -> None:
    with pytest.raises(LooksRefused, match="expected ascending shares of the people"):
        looks_of(plan)
