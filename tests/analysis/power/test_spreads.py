"""The spreads of people and photos: recomputed, recovered, and delivered."""

from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import pytest
from pandas import DataFrame

from analysis.power.power import Scenario, differing, participants_needed, power_at
from analysis.power.simulated import Layout, simulated_responses
from analysis.power.spreads import (
    PUBLISHED,
    SpreadsRefused,
    behaviour_from,
    covariance,
    spreads_of,
)
from analysis.published.responses import read_responses
from tests.analysis.published.test_published_command import published_file
from trials.simulation.behaviour import Behaviour
from trials.simulation.chances import expit

SPREADS = dict(
    zip(("sd_skill", "sd_bias", "sd_image", "sd_image_arm"), astuple(PUBLISHED), strict=True)
)
TRUTH = {
    name: Behaviour.planted(*rates, **SPREADS)
    for name, rates in {"a": (0.9, 0.6), "b": (0.93, 0.65), "c": (0.85, 0.5)}.items()
}
PLANS = [
    ("accuracy", 4, True),
    ("accuracy_ai_correct", 5, True),
    ("accuracy_ai_wrong", 8, True),
    ("accuracy", 6, False),
    ("accuracy_ai_correct", 6, False),
    ("accuracy_ai_wrong", 10, False),
]


@pytest.fixture(scope="module")
def published() -> DataFrame:
    """Return the published answers of the CUB study."""
    return read_responses(published_file("CUB-Human-Study-Summary.csv"), b"salt").responses


@pytest.fixture(scope="module")
def pilot() -> DataFrame:
    """A pilot so large that its own luck hardly counts: 1,200 people on 2,400 photos."""
    return simulated_responses(TRUTH, n_participants=400, layout=Layout(n_sets=80), seed=5)


def test_the_default_spreads_are_those_of_the_published_answers(published: DataFrame) -> None:
    assert astuple(spreads_of(published)) == pytest.approx(astuple(PUBLISHED), abs=0.005)


def test_people_with_these_spreads_vary_as_the_published_people_do(published: DataFrame) -> None:
    for condition, own in published.groupby("condition", observed=True):
        people = behaviour_from(published, str(condition), PUBLISHED)
        for kind, numbers in ((True, (15, 0)), (False, (0, 15))):
            rows = own[own["is_ai_correct"] == kind]
            seen = 100 * rows.groupby("participant_id", observed=True)["is_correct"].mean().std()
            assert people.participant_sd(*numbers) == pytest.approx(seen, abs=2.5)


def test_planted_spreads_come_back(pilot: DataFrame) -> None:
    assert astuple(spreads_of(pilot)) == pytest.approx(astuple(PUBLISHED), abs=0.08)


def test_photos_of_one_arm_alone_have_one_spread() -> None:
    layout = Layout(n_sets=10, is_shared=False)
    frame = simulated_responses(TRUTH, n_participants=100, layout=layout, seed=2)
    found = spreads_of(frame)
    total = np.hypot(PUBLISHED.sd_image, PUBLISHED.sd_image_arm)
    assert found.sd_image == pytest.approx(total, abs=0.2)
    assert found.sd_image_arm == 0


@pytest.mark.parametrize("shared", [-0.8, 0.0, 1.5])
def test_covariances_of_two_chances_are_those_of_draws(shared: float) -> None:
    rng = np.random.default_rng(1)
    drawn = rng.multivariate_normal([1.2, -0.4], [[2, shared], [shared, 2]], 400_000)
    seen = np.cov(expit(drawn).T)[0, 1]
    ours = covariance(np.array([1.2]), np.array([-0.4]), 2.0, shared)
    assert ours[0] == pytest.approx(seen, abs=4e-4)


@pytest.mark.parametrize(("measure", "points", "is_shared"), PLANS)
def test_a_plan_from_a_pilot_delivers_the_power_it_claims(
    measure: str, points: float, is_shared: bool, pilot: DataFrame
) -> None:
    layout = Layout(is_shared=is_shared)

    def scenario(base: Behaviour) -> Scenario:
        return Scenario((differing(base, measure, points), base), layout, measure)

    planned = behaviour_from(pilot, "a", spreads_of(pilot))
    found = participants_needed(scenario(planned), 0.8, n_studies=300, seed=1)
    delivered, _, _ = power_at(scenario(TRUTH["a"]), found.n_needed, 2000, seed=99)
    assert delivered == pytest.approx(0.8, abs=0.05)


def test_a_plan_without_bias_would_promise_too_much() -> None:
    alike = Behaviour.planted(0.9, 0.6, **SPREADS | {"sd_bias": 0})
    wanted = [
        Scenario((differing(item, "accuracy_ai_wrong", 8), item), measure="accuracy_ai_wrong")
        for item in (alike, TRUTH["a"])
    ]
    found = participants_needed(wanted[0], 0.8, n_studies=400)
    assert power_at(wanted[1], found.n_needed, 1000, seed=2)[0] < 0.7


def test_a_condition_takes_its_own_rates(pilot: DataFrame) -> None:
    for name, truth in TRUTH.items():
        fitted, planted = behaviour_from(pilot, name, PUBLISHED).measures(), truth.measures()
        assert fitted["over_reliance"] == pytest.approx(planted["over_reliance"], abs=4)
        assert fitted["under_reliance"] == pytest.approx(planted["under_reliance"], abs=4)


def test_answers_that_show_no_spread_are_refused(pilot: DataFrame) -> None:
    with pytest.raises(SpreadsRefused, match="expected several people who judge the same photos"):
        spreads_of(pilot.iloc[:30])
    with pytest.raises(SpreadsRefused, match="No condition 'z'; the answers have a, b, c"):
        behaviour_from(pilot, "z", PUBLISHED)
    only_right = pilot[pilot["is_ai_correct"]]
    with pytest.raises(SpreadsRefused, match="no trial on which the AI is wrong"):
        behaviour_from(only_right, "a", PUBLISHED)


def test_the_image_spread_of_one_arm_is_not_shared_by_its_twin() -> None:
    twins = [replace(TRUTH["a"], sd_image=1.0, sd_image_arm=1.0)] * 2
    eases = Layout().ease(twins, 50, np.random.default_rng(3))
    assert np.corrcoef(eases[0].ravel(), eases[1].ravel())[0, 1] == pytest.approx(0.5, abs=0.03)
