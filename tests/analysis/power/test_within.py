"""Studies within people: their people and sets, their test, and the power that they deliver."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from scipy import stats

from analysis.power.many_tests import paired_p
from analysis.power.power import Scenario, differing, participants_needed, power_at
from analysis.power.simulated import Layout
from analysis.power.within import Within, within_counts
from tests.analysis.calibration import is_plausible
from tests.analysis.power.within_worlds import delivered
from trials.simulation.behaviour import Behaviour

BASE = Behaviour.planted(0.9, 0.6, sd_skill=0.3, sd_bias=0.7, sd_image=0.8)
PAIR = (differing(BASE, "accuracy", 5), BASE)
LAYOUT = Layout(n_test=20, n_sets=6)


def test_the_paired_test_of_many_studies_is_scipys() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.integers(5, 15, (9, 12)), rng.integers(5, 15, (9, 12))
    assert paired_p(a, b) == pytest.approx(stats.ttest_rel(a, b, axis=1).pvalue)
    assert paired_p(a, a).tolist() == [1] * 9


@pytest.mark.parametrize(("correlation", "seen"), [(0.0, 0.0), (1.0, 0.85)])
def test_a_persons_accuracies_are_correlated_as_planted(correlation: float, seen: float) -> None:
    people = replace(BASE, sd_skill=1.5, sd_bias=0, sd_image=0)
    counts = within_counts(
        (people, people), LAYOUT, Within(correlation), 400, 10, np.random.default_rng(2)
    )
    a, b = counts.sum(axis=-1)[:, 0].ravel(), counts.sum(axis=-1)[:, 1].ravel()
    assert np.corrcoef(a, b)[0, 1] == pytest.approx(seen, abs=0.05)


def test_disjoint_sets_rotate_and_the_same_do_not() -> None:
    places = [Within(0.5).sets(LAYOUT, 12, place).tolist() for place in (0, 1)]
    assert all(a != b for a, b in zip(*places, strict=True))
    assert sorted(places[0]) == sorted(places[1])
    same = Within(0.5, "same")
    assert same.sets(LAYOUT, 12, 1).tolist() == same.sets(LAYOUT, 12, 0).tolist()


def test_too_few_sets_for_photos_that_nobody_sees_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="nobody sees a photo twice"):
        Within(0.5).check(Layout(20, 1), 2)
    with pytest.raises(ValueError, match="expected 0"):
        Within(1.5)


def test_fewer_people_are_needed_the_more_their_conditions_agree() -> None:
    power = [
        power_at(Scenario(PAIR, LAYOUT, within=Within(r, "same")), 30, 300, 0)[0] for r in (0, 1)
    ]
    between = power_at(Scenario(PAIR, LAYOUT), 30, 300, 0)[0]
    assert power[1] > power[0] + 0.03
    assert power[0] == pytest.approx(between, abs=0.15)


def test_the_power_that_is_claimed_is_delivered_by_the_analysis() -> None:
    scenario = Scenario(PAIR, LAYOUT, within=Within(0.6), measure="accuracy")
    n = participants_needed(scenario, 0.8, n_studies=300).n_needed
    assert is_plausible(delivered(scenario, n, 100), 0.8)


def test_the_command_plans_a_study_within_people() -> None:
    said = StringIO()
    call_command(
        "power", difference=6, within=0.5, same_photos=True, studies=200, trials=20, stdout=said
    )
    assert "participants, each in all 2 conditions" in said.getvalue()
    assert "paired t test" in said.getvalue()


def test_photos_of_their_own_cannot_be_the_same() -> None:
    with pytest.raises(CommandError, match="--same-photos"):
        call_command("power", difference=6, same_photos=True)
