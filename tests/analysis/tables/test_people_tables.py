"""Tables of what people did, against loops and the measures of the published analysis."""

import math
from itertools import combinations
from statistics import fmean, median

import numpy as np
import pandas as pd
import pytest

from analysis.stats.analysis_sets import Sample, samples_of
from analysis.stats.inference import mean_interval
from analysis.stats.measures import MEASURES, accuracy_by, participant_measures, pooled_measures
from analysis.tables.people_tables import (
    PERCENT,
    UNLIMITED,
    accuracy_by_table,
    images_table,
    measures_table,
    times_table,
)
from tests.analysis.simulated import CONDITIONS, declared, row_of, simulate

FRAMES, DECLARED = simulate(5, seed=3), declared()
NAMES = [item.name for item in CONDITIONS]
# The splits by the columns that the published analysis has them in.
SPLITS = {
    "ai": ["is_ai_correct"],
    "difficulty": ["difficulty"],
    "difficulty_by_ai": ["difficulty", "is_ai_correct"],
    "prior_knowledge": ["prior_knowledge"],
    "prior_knowledge_by_ai": ["prior_knowledge", "is_ai_correct"],
    "half": ["half"],
    "position": ["trial_index"],
}


@pytest.fixture(scope="module")
def sample() -> Sample:
    """Everyone."""
    return samples_of(FRAMES.responses, FRAMES.people, DECLARED)[0]


@pytest.fixture(scope="module")
def nobody() -> Sample:
    """No participant of any condition."""
    return samples_of(FRAMES.responses.iloc[:0], FRAMES.people.iloc[:0], DECLARED)[0]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("condition", ["Unaided", "EMD-NN"])
def test_a_measure_is_a_mean_over_people_and_a_rate_over_trials(
    sample: Sample, condition: str, measure: str
) -> None:
    table = measures_table(sample, DECLARED)
    answers = FRAMES.responses[FRAMES.responses["condition"] == condition]
    values = participant_measures(answers)[measure].to_numpy()
    if (condition, measure[-8:]) == ("Unaided", "reliance"):
        values = np.full_like(values, math.nan)
    people = row_of(table, condition=condition, measure=measure, weight="participants")
    expected = [*map(float, (pd.Series(values).mean(), pd.Series(values).std()))]
    assert [people["estimate"], people["sd"]] == pytest.approx(expected, nan_ok=True)
    limits = (-np.inf, np.inf) if measure in UNLIMITED else PERCENT
    interval = np.clip(mean_interval(values), *limits)
    assert (people["low"], people["high"]) == pytest.approx(interval, nan_ok=True)
    trials = row_of(table, condition=condition, measure=measure, weight="trials")
    pooled = math.nan if math.isnan(expected[0]) else pooled_measures(answers)[measure].iloc[0]
    assert trials["estimate"] == pytest.approx(pooled, nan_ok=True)
    assert math.isnan(pooled) or trials["low"] <= pooled <= trials["high"]


def test_a_measure_counts_the_trials_that_it_is_made_of(sample: Sample) -> None:
    table = measures_table(sample, DECLARED)
    n_trials = {
        measure: row_of(table, condition="kNN", measure=measure, weight="trials")["n_trials"]
        for measure in ("accuracy", "over_reliance", "under_reliance", "d_prime")
    }
    assert n_trials == {"accuracy": 40, "over_reliance": 20, "under_reliance": 20, "d_prime": 40}


def test_a_pooled_rate_counts_all_whose_trials_are_in_it() -> None:
    frame = FRAMES.responses
    kept = (frame["participant_id"] != "p000005") | frame["is_ai_correct"]  # of kNN
    table = measures_table(samples_of(frame[kept], FRAMES.people, DECLARED)[0], DECLARED)
    n = {
        (measure, weight): (row["n_participants"], row["n_trials"])
        for measure in ("d_prime", "over_reliance", "under_reliance")
        for weight in ("participants", "trials")
        for row in [row_of(table, condition="kNN", measure=measure, weight=weight)]
    }
    assert (n["d_prime", "participants"], n["d_prime", "trials"]) == ((4, 32), (5, 36))
    assert n["over_reliance", "trials"] == (4, 16)
    assert n["under_reliance", "trials"] == (5, 20)
    unaided = row_of(table, condition="Unaided", measure="over_reliance", weight="trials")
    assert (unaided["n_participants"], unaided["n_trials"]) == (0, 0)


@pytest.mark.parametrize("factor", SPLITS)
def test_a_cell_is_that_of_the_published_analysis(sample: Sample, factor: str) -> None:
    ours = accuracy_by_table(sample, DECLARED)
    ours = ours[(ours["factor"] == factor) & (ours["n_trials"] > 0)]
    theirs = accuracy_by(sample.answers, SPLITS[factor])
    columns = ["n_participants", "n_trials", "accuracy_mean", "accuracy_sd", "accuracy_pooled"]
    for condition in NAMES:
        mine, its = (item[item["condition"] == condition][columns] for item in (ours, theirs))
        assert sorted(mine.fillna(-1).round(6).values.tolist()) == sorted(
            its.fillna(-1).round(6).values.tolist()
        )


def test_a_level_says_which_answers_are_in_it(sample: Sample) -> None:
    table = accuracy_by_table(sample, DECLARED)
    answers = sample.answers_of("kNN")
    kinds = (answers["difficulty"] == "Medium") & ~answers["is_ai_correct"]
    cell = row_of(table, condition="kNN", factor="difficulty_by_ai", level="Medium, AI wrong")
    expected = (kinds.sum(), 100 * answers.loc[kinds, "is_correct"].mean())
    assert (cell["n_trials"], cell["accuracy_pooled"]) == pytest.approx(expected)
    known = row_of(table, condition="kNN", factor="prior_knowledge", level="known")
    assert known["n_trials"] == (answers["prior_knowledge"] == 1).sum()
    first = row_of(table, condition="kNN", factor="position", level="1")
    assert (first["n_participants"], first["n_trials"]) == (5, 5)


def test_a_cells_interval_is_the_bootstrap_of_the_people_who_have_it(sample: Sample) -> None:
    cell = row_of(accuracy_by_table(sample, DECLARED), condition="kNN", factor="ai", level="wrong")
    values = sample.values("kNN", "accuracy_ai_wrong")
    assert (cell["accuracy_low"], cell["accuracy_high"]) == pytest.approx(
        np.clip(mean_interval(values), *PERCENT)
    )


def test_without_the_question_there_are_no_rows_of_prior_knowledge() -> None:
    never_asked = FRAMES.responses.drop(columns="prior_knowledge")
    everyone = samples_of(never_asked, FRAMES.people, DECLARED)[0]
    factors = set(accuracy_by_table(everyone, DECLARED)["factor"])
    assert factors == {"ai", "difficulty", "difficulty_by_ai", "half", "position"}


def test_within_people_a_condition_has_an_accuracy_for_each_block() -> None:
    frame = FRAMES.responses.assign(block=1 + (FRAMES.responses["trial_index"] > 2))
    everyone = samples_of(frame, FRAMES.people, DECLARED)[0]
    table = accuracy_by_table(everyone, DECLARED)
    own = frame[
        (frame["condition"] == "kNN")
        & frame["participant_id"].isin(everyone.answers["participant_id"])
    ]
    for block, answers in own.groupby("block"):
        cell = row_of(table, condition="kNN", factor="block", level=str(block))
        expected = (len(answers), 100 * answers["is_correct"].mean())
        assert (cell["n_trials"], cell["accuracy_pooled"]) == pytest.approx(expected)


def test_people_who_were_not_asked_are_in_neither_cell() -> None:
    known = FRAMES.responses["prior_knowledge"].mask(FRAMES.responses["trial_index"] > 2)
    everyone = samples_of(FRAMES.responses.assign(prior_knowledge=known), FRAMES.people, DECLARED)[
        0
    ]
    table = accuracy_by_table(everyone, DECLARED)
    asked = table[(table["factor"] == "prior_knowledge") & (table["condition"] == "kNN")]
    assert asked["n_trials"].sum() == 2 * 5


def test_nobody_has_rows_of_zero_people_and_no_numbers(nobody: Sample) -> None:
    for table in (measures_table(nobody, DECLARED), accuracy_by_table(nobody, DECLARED)):
        assert list(dict.fromkeys(table["condition"])) == NAMES
        assert (table[["n_participants", "n_trials"]] == 0).all(axis=None)
        numbers = table.select_dtypes("float")
        assert numbers.isna().all(axis=None)
    assert images_table(nobody, DECLARED).empty
    assert set(times_table(nobody, DECLARED)["n_participants"]) == {0}


def test_an_images_agreement_is_the_share_of_pairs_who_clicked_the_same(sample: Sample) -> None:
    table = images_table(sample, DECLARED)
    for item in table.to_dict("records"):
        is_its = FRAMES.responses["item_id"] == item["item_id"]
        answers = FRAMES.responses[is_its & (FRAMES.responses["condition"] == item["condition"])]
        pairs = list(combinations(answers["response"], 2))
        expected = 100 * fmean(a == b for a, b in pairs) if pairs else math.nan
        assert item["agreement"] == pytest.approx(expected, nan_ok=True)
        assert (item["n_answers"], item["accuracy"]) == (
            len(answers), pytest.approx(100 * answers["is_correct"].mean()),
        )  # fmt: skip
    assert len(table) == len(FRAMES.responses[["condition", "item_id"]].drop_duplicates())


def test_an_image_is_confusing_by_the_answers_of_all_conditions(sample: Sample) -> None:
    table = images_table(sample, DECLARED)
    means = FRAMES.responses.groupby("item_id", observed=True)["is_correct"].mean()
    confusing = set(means.index[means < 0.25])
    assert 0 < len(confusing) < len(means)
    assert set(table.loc[table["is_confusing"], "item_id"]) == confusing
    assert (table["accuracy_all"] < 25).equals(table["is_confusing"])


def test_times_are_of_medians_of_people(sample: Sample) -> None:
    table = times_table(sample, DECLARED)
    answers = FRAMES.responses[FRAMES.responses["condition"] == "kNN"].astype({"rt_ms": float})
    medians = [
        median(each) for _, each in answers.groupby("participant_id", observed=True)["rt_ms"]
    ]
    ours = row_of(table, condition="kNN", measure="rt_ms")
    expected = (5, fmean(medians), median(medians))
    assert (ours["n_participants"], ours["mean"], ours["median"]) == pytest.approx(expected)
    stage = FRAMES.people.loc[FRAMES.people["condition"] == "kNN", "test_ms"].astype(float)
    assert row_of(table, condition="kNN", measure="test_ms")["mean"] == stage.mean()
    assert list(dict.fromkeys(table["measure"])) == ["rt_ms", "introduction_ms", "test_ms"]


def test_a_time_that_is_not_known_is_left_out_and_never_zero() -> None:
    people = FRAMES.people.assign(test_ms=FRAMES.people["test_ms"].mask(FRAMES.people.index > 0))
    everyone = samples_of(FRAMES.responses, people, DECLARED)[0]
    found = row_of(times_table(everyone, DECLARED), condition="Unaided", measure="test_ms")
    assert (found["n_participants"], found["mean"]) == (1, people["test_ms"].iloc[0])
    assert math.isnan(found["low"])
