"""Intervals of the measures of a task hold the planted truth at their rate.

``tests/bench/bench_tasks.py`` asks 300 studies of each world.
"""

from __future__ import annotations

import pytest

from tests.analysis.calibration import is_plausible
from tests.analysis.stats import choice_worlds
from tests.analysis.stats.task_worlds import People, false_findings, held


@pytest.mark.parametrize(("n_people", "n_sets"), [(20, 5), (12, 1)])
def test_intervals_hold_the_planted_truth(n_people: int, n_sets: int) -> None:
    for name, tally in held(People(), n_people, n_sets, 40, crowd=(400, 400)).items():
        assert is_plausible(tally, 0.95), (name, tally)


@pytest.mark.parametrize("is_within", [False, True])
def test_equal_conditions_seldom_differ(is_within: bool) -> None:
    for name, tally in false_findings(People(), 12, 3, 40, is_within=is_within).items():
        assert is_plausible(tally, 0.05), (name, tally)


def test_intervals_of_choices_hold_the_planted_truth() -> None:
    for name, tally in choice_worlds.held(16, 4, 40, crowd=(400, 400)).items():
        assert is_plausible(tally, 0.95), (name, tally)
