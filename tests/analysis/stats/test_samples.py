"""Who is analysed: in one place, by the declared rules alone."""

import math
from itertools import groupby

import numpy as np
import pandas as pd
import pytest
from pandas import DataFrame

from analysis.stats.analysis_sets import SampleRefused, samples_of
from analysis.stats.confidence import PERCENT, difficulty
from tests.analysis.simulated import declared, simulate

FRAMES = simulate(4)


def changed(person: str, column: str, value: str) -> DataFrame:
    """Return the people with one cell of one of them changed."""
    is_theirs = FRAMES.people["participant_id"] == person
    return FRAMES.people.assign(**{column: FRAMES.people[column].mask(is_theirs, value)})


@pytest.mark.parametrize("status", ["active", "failed_validation", "withdrawn"])
def test_only_who_completed_is_analysed(status: str) -> None:
    people = changed("p000005", "status", status)
    everyone, _ = samples_of(FRAMES.responses, people, declared())
    assert len(everyone.people) == len(FRAMES.people) - 1
    assert "p000005" not in set(everyone.answers["participant_id"])


def test_the_kept_are_those_whom_no_rule_excludes() -> None:
    everyone, kept = samples_of(
        FRAMES.responses, FRAMES.people, declared(exclusions=("accuracy<60",))
    )
    is_low = everyone.people["accuracy"] < 60
    assert 0 < is_low.sum() < len(is_low)
    assert list(kept.people["participant_id"]) == list(
        everyone.people.loc[~is_low, "participant_id"]
    )
    assert set(kept.answers["participant_id"]) == set(kept.people["participant_id"])
    assert set(everyone.people.loc[is_low, "excluded_by"]) == {"accuracy<60"}


def test_where_nobody_is_excluded_both_samples_are_one() -> None:
    everyone, kept = samples_of(
        FRAMES.responses, FRAMES.people, declared(exclusions=("n_trials<1",))
    )
    assert kept.people is everyone.people
    assert kept.answers is everyone.answers


def test_who_is_left_out_by_hand_is_told_apart_from_the_declared_rules() -> None:
    people = FRAMES.people.assign(exclusion=None)
    people.loc[people["participant_id"] == "p000000", "exclusion"] = "fell asleep"
    everyone, by_rule, kept = samples_of(
        FRAMES.responses, people, declared(exclusions=("n_trials>99",))
    )
    assert [item.name for item in (everyone, by_rule, kept)] == ["all", "declared", "kept"]
    assert set(by_rule.people["participant_id"]) == set(everyone.people["participant_id"])
    left = set(everyone.people["participant_id"]) - set(kept.people["participant_id"])
    assert left == {"p000000"}
    assert everyone.people.iloc[0]["excluded_by"] == "by hand"


def test_speed_and_runs_are_ruled_on() -> None:
    everyone, _ = samples_of(FRAMES.responses, FRAMES.people, declared())
    first = FRAMES.responses[FRAMES.responses["participant_id"] == "p000000"]
    row = everyone.people.iloc[0]
    assert row["median_rt_ms"] == np.median(first["rt_ms"].astype(float))
    clicks = first.sort_values("trial_index")["response"]
    assert row["n_identical_run"] == max(len(list(same)) for _, same in groupby(clicks))


def test_in_an_unaided_condition_nobody_can_rely_on_the_ai() -> None:
    everyone, _ = samples_of(FRAMES.responses, FRAMES.people, declared())
    reliance = everyone.people_of("Unaided")[["over_reliance", "under_reliance"]]
    assert reliance.isna().all(axis=None)
    assert everyone.people_of("Unaided")["accuracy"].notna().all()
    assert everyone.people_of("kNN")["over_reliance"].notna().all()


def test_someone_who_completed_without_an_answer_counts_but_has_no_measure() -> None:
    answers = FRAMES.responses[FRAMES.responses["participant_id"] != "p000000"]
    row = samples_of(answers, FRAMES.people, declared())[0].people.iloc[0]
    assert (row["participant_id"], row["n_trials"]) == ("p000000", 0)
    assert math.isnan(row["accuracy"])


def test_difficulty_is_the_label_of_the_confidence() -> None:
    answers = samples_of(FRAMES.responses, FRAMES.people, declared())[0].answers
    units = PERCENT.units(answers["ai_confidence"])
    expected = difficulty(units, PERCENT, answers["is_ai_correct"].to_numpy())
    assert list(answers["difficulty"]) == list(expected)


def refused(responses: DataFrame, people: DataFrame, message: str) -> None:
    with pytest.raises(SampleRefused, match=message):
        samples_of(responses, people, declared())


def test_answers_of_nobody_are_refused() -> None:
    refused(FRAMES.responses, FRAMES.people.iloc[1:], r"8 responses are of participants that")


def test_a_repeated_participant_is_refused() -> None:
    people = pd.concat([FRAMES.people, FRAMES.people.iloc[:1]])
    refused(FRAMES.responses, people, r"1 rows of people repeat a participant")


def test_a_condition_that_was_not_declared_is_refused() -> None:
    people = changed("p000001", "condition", "CHM-NN")
    refused(FRAMES.responses, people, r"The people have conditions CHM-NN; expected only .*Unaided")


def test_answers_under_another_condition_than_the_participants_are_refused() -> None:
    people = changed("p000001", "condition", "EMD-NN")
    refused(FRAMES.responses, people, r"another condition than their participant's row")
