"""From people with a planted reliance to the numbers of an analysis, without pages."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from pandas import DataFrame

from analysis.codebook.codebook import RESPONSES
from analysis.power.simulated import Layout, simulated_responses
from analysis.stats.inference import pairwise_tests
from analysis.stats.measures import participant_measures, pooled_measures
from trials.simulation.behaviour import Behaviour

PLANTED = {
    "ResNet-50": Behaviour.planted(0.90, 0.59, sd_skill=0.3, sd_bias=0.4),
    "kNN": Behaviour.planted(0.96, 0.67, sd_skill=0.3, sd_bias=0.4),
    "CHM-Corr": Behaviour.planted(0.86, 0.47, sd_skill=0.3, sd_bias=0.4),
}
N = 300


@pytest.fixture(scope="module")
def responses() -> DataFrame:
    """300 robots per condition, 27,000 answers."""
    return simulated_responses(PLANTED, n_participants=N, seed=11)


def test_the_frame_is_what_a_study_would_export(responses: DataFrame) -> None:
    declared = {column.name: column for column in RESPONSES}
    assert set(responses) <= set(declared)
    for name in ("response", "participant_status"):
        assert set(responses[name]) <= set(declared[name].levels)
    assert responses.groupby("participant_id").size().eq(30).all()
    assert responses.groupby("participant_id")["item_id"].nunique().eq(30).all()
    is_yes = responses["response"] == "yes"
    assert (responses["is_correct"] == (is_yes == responses["is_ai_correct"])).all()


def test_sets_are_disjoint_half_right_and_filled_evenly(responses: DataFrame) -> None:
    images = responses.drop_duplicates(["trial_set", "item_id"])
    assert images["item_id"].is_unique
    assert images.groupby("trial_set")["is_ai_correct"].sum().eq(15).all()
    people = responses.drop_duplicates("participant_id")
    assert people.groupby(["condition", "trial_set"], observed=True).size().eq(N / 20).all()


def test_conditions_with_images_of_their_own_share_none() -> None:
    frame = simulated_responses(
        PLANTED, n_participants=4, layout=Layout(6, 2, is_shared=False), seed=1
    )
    per_image = frame.groupby("item_id")["condition"].nunique()
    assert per_image.eq(1).all()
    assert len(per_image) == 3 * 12


def test_a_planted_learning_rate_comes_back_from_the_accuracy_at_each_place() -> None:
    people = {"kNN": Behaviour(0.7, 0.3, learning=0.04)}
    frame = simulated_responses(people, n_participants=N, seed=3)
    right = frame.groupby("trial_index")["is_correct"].mean()
    slope, start = np.polyfit(right.index - 1, np.log(right / (1 - right)), 1)
    assert slope == pytest.approx(0.04, abs=0.01)  # its standard error is 0.003
    assert start == pytest.approx(math.log(0.7 / 0.3), abs=0.15)


@pytest.mark.parametrize("condition", PLANTED)
def test_planted_values_come_back_from_the_measures(condition: str, responses: DataFrame) -> None:
    people = participant_measures(responses[responses["condition"] == condition])
    truth = PLANTED[condition].measures()
    for name, value in truth.items():
        error = people[name].std() / math.sqrt(N)
        assert people[name].mean() == pytest.approx(value, abs=4 * error), name
    assert people["accuracy"].std() == pytest.approx(
        PLANTED[condition].participant_sd(15, 15), rel=0.15
    )


def test_reliance_is_planted_by_condition(responses: DataFrame) -> None:
    pooled = pooled_measures(responses)
    for name, (right, wrong) in {"kNN": (0.96, 0.67), "CHM-Corr": (0.86, 0.47)}.items():
        assert pooled.loc[name, "over_reliance"] == pytest.approx(100 * wrong, abs=4)
        assert pooled.loc[name, "under_reliance"] == pytest.approx(100 * (1 - right), abs=3)


def test_planted_differences_are_found_and_signed_rightly(responses: DataFrame) -> None:
    people = participant_measures(responses)
    groups = people.groupby("condition", observed=True)["accuracy_ai_wrong"]
    tests = {
        pairwise_test.pair: pairwise_test
        for pairwise_test in pairwise_tests({str(k): v for k, v in groups})
    }
    assert tests["ResNet-50", "kNN"].p_holm < 0.001
    assert tests["ResNet-50", "kNN"].cliffs_delta > 0 > tests["kNN", "CHM-Corr"].cliffs_delta


def test_the_same_seed_gives_the_same_study() -> None:
    frames = [simulated_responses(PLANTED, n_participants=3, seed=seed) for seed in (1, 1, 2)]
    pd.testing.assert_frame_equal(frames[0], frames[1])
    assert not frames[0].equals(frames[2])
