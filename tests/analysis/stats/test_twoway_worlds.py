"""Two-way intervals hold the truth at their rate; ``tests/bench/bench_verdicts.py`` asks more."""

from __future__ import annotations

import pytest

from tests.analysis.calibration import is_plausible
from tests.analysis.stats.twoway_worlds import ALIKE, ALIKE_BETTER, NULLS, WORLDS, World, rates


@pytest.mark.parametrize("name", WORLDS)
def test_intervals_hold_the_truth_in_every_world(name: str) -> None:
    found = rates(WORLDS[name], 150)
    assert is_plausible((found.held, found.n_studies), 0.95)


@pytest.mark.parametrize("measure", ["accuracy", "accuracy_ai_wrong", "over_reliance", "d_prime"])
@pytest.mark.parametrize("name", NULLS)
def test_equal_arms_on_different_photos_seldom_differ(name: str, measure: str) -> None:
    found = rates(NULLS[name], 150, measure=measure)
    assert is_plausible((found.found, found.n_studies), 0.05)


def test_it_finds_nearly_as_much_as_people_alone_where_photos_are_alike() -> None:
    found = rates(World((ALIKE_BETTER, ALIKE)), 100, n_people_draws=100)
    assert found.found >= 0.7 * found.people_found > 0
