"""Exclusion rules in words."""

from __future__ import annotations

import pytest

from analysis.stats.exclusions import RULED
from trials.study.rule_words import rule_words


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("accuracy<=50", "accuracy of at most 50 %"),
        ("balanced_accuracy<55.5", "balanced accuracy of less than 55.5 %"),
        ("d_prime<0", "d′ of less than 0"),
        ("median_rt_ms>=300", "median response time of at least 300 ms"),
        ("n_trials>30", "number of trials of more than 30"),
        ("is_repeat", "people who took part before"),
        ("is_repeat>0.5", "is_repeat>0.5"),
        ("by hand", "by hand"),
        ("named", "named"),
    ],
)
def test_a_rule_is_said_in_words(rule: str, said: str) -> None:
    assert rule_words(rule) == said


@pytest.mark.parametrize("measure", sorted(set(RULED) - {"is_repeat"}))
def test_every_measure_of_a_rule_has_words(measure: str) -> None:
    assert "of at most 5" in rule_words(f"{measure}<=5")
