"""Measures of people, against toy tables and loops over their answers."""

import math
from itertools import groupby
from random import Random
from statistics import NormalDist, fmean

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas import DataFrame

from analysis.stats.measures import (
    accuracy_by,
    difficulty_means,
    halves,
    identical_runs,
    image_accuracy,
    participant_measures,
    pooled_measures,
)

Sheet = list[tuple[bool, bool]]  # (is the AI right, is the person)
SHEETS = st.lists(
    st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=9),
    min_size=1,
    max_size=4,
)


def frame(sheets: list[Sheet], condition: str = "kNN") -> DataFrame:
    rows = [
        {"participant_id": f"p{n}", "condition": condition, "is_ai_correct": y, "is_correct": h}
        for n, sheet in enumerate(sheets)
        for y, h in sheet
    ]
    return DataFrame(rows)


def share(values: list[bool]) -> float:
    return 100 * sum(values) / len(values) if values else math.nan


@given(SHEETS)
def test_a_participants_measures_are_those_of_a_loop(sheets: list[Sheet]) -> None:
    people = participant_measures(frame(sheets)).set_index("participant_id")
    for n, sheet in enumerate(sheets):
        right, wrong = ([h for y, h in sheet if y is kind] for kind in (True, False))
        expected = {
            "n_trials": len(sheet),
            "accuracy": share([h for _, h in sheet]),
            "accuracy_ai_correct": share(right),
            "accuracy_ai_wrong": share(wrong),
            "balanced_accuracy": (share(right) + share(wrong)) / 2,
            "accept_rate": share([h == y for y, h in sheet]),
            "over_reliance": share([not h for h in wrong]),
            "under_reliance": share([not h for h in right]),
        }
        row = people.loc[f"p{n}", list(expected)].to_dict()
        assert row == pytest.approx(expected, nan_ok=True)


def test_sensitivity_and_criterion_of_a_hand_computed_example() -> None:
    sheet = [(True, True)] * 3 + [(True, False)] + [(False, True)] * 4
    person = participant_measures(frame([sheet])).iloc[0]
    z_hit, z_false = (NormalDist().inv_cdf(rate) for rate in (3.5 / 5, 0.5 / 5))
    assert person["d_prime"] == pytest.approx(z_hit - z_false)
    assert person["criterion"] == pytest.approx(-(z_hit + z_false) / 2)


def test_sensitivity_needs_both_kinds_of_trials() -> None:
    person = participant_measures(frame([[(True, True)] * 5])).iloc[0]
    assert math.isnan(person["d_prime"])
    assert math.isnan(person["balanced_accuracy"])


def test_someone_in_two_conditions_is_refused() -> None:
    twice = pd.concat([frame([[(True, True)]]), frame([[(True, True)]], "CHM-NN")])
    with pytest.raises(ValueError, match=r"1 participants .* expected one condition each"):
        participant_measures(twice)


def test_pooled_rates_weigh_trials_and_not_people() -> None:
    pooled = pooled_measures(frame([[(False, False)] * 3, [(False, True)]])).loc["kNN"].to_dict()
    assert (pooled["over_reliance"], pooled["accuracy"]) == (75, 25)
    assert (pooled["n_accepted"], pooled["n_rejected"]) == (3, 1)
    assert math.isnan(pooled["under_reliance"])


def test_accuracy_by_a_cell_is_a_mean_over_the_people_who_have_it() -> None:
    sheets = [[(True, True), (True, False)], [(True, True), (False, False)]]
    table = accuracy_by(frame(sheets), ["is_ai_correct"])
    wrong, right = table.to_dict("records")
    assert (right["n_participants"], right["n_trials"], right["accuracy_mean"]) == (2, 3, 75)
    assert right["accuracy_pooled"] == pytest.approx(200 / 3)
    assert (wrong["n_participants"], wrong["accuracy_mean"]) == (1, 0)


def test_difficulty_gives_every_cell_of_person_and_ai_correctness_the_same_weight() -> None:
    sheet = [(True, True)] * 3 + [(False, False), (False, True)] + [(True, False)]
    answers = frame([sheet]).assign(difficulty=["Easy"] * 5 + ["Hard"])
    means = difficulty_means(answers).loc["kNN"].to_dict()
    assert means["Easy"] == fmean([100, 50])
    assert (means["Hard"], math.isnan(means["Medium"])) == (0, True)


def test_an_images_accuracy_is_that_of_all_its_answers() -> None:
    answers = frame([[(True, True), (True, False)], [(True, True)]])
    table = image_accuracy(answers.assign(image=["a", "b", "b"])).set_index("image")
    assert table["n_answers"].to_dict() == {"a": 1, "b": 2}
    assert table["accuracy"].to_dict() == {"a": 100, "b": 50}


def test_the_middle_of_an_odd_number_of_trials_is_in_the_second_half() -> None:
    answers = frame([[(True, True)] * 4, [(True, True)] * 3])
    answers["trial_index"] = [1, 2, 3, 4, 1, 2, 3]
    assert "".join(half[0] for half in halves(answers)) == "ffssfss"


@given(SHEETS, st.randoms())
def test_the_longest_run_of_one_click_is_that_of_a_loop(
    sheets: list[Sheet], random: Random
) -> None:
    answers = frame(sheets)
    answers["trial_index"] = answers.groupby("participant_id").cumcount() + 1
    order = random.sample(range(len(answers)), len(answers))
    runs = identical_runs(answers.iloc[order])
    for n, sheet in enumerate(sheets):
        clicks = [y == h for y, h in sheet]
        assert runs[f"p{n}"] == max(len(list(same)) for _, same in groupby(clicks))
