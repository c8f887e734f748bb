"""Accuracy counted by hand. No database."""

from collections.abc import Sequence

import numpy as np
import pytest
from pandas import DataFrame, Series
from scipy import stats

from analysis.stats.analysis_plan import Declared, DeclaredCondition
from analysis.stats.analysis_sets import Sample, samples_of
from analysis.stats.measures import participant_measures
from analysis.tables.accuracy import accuracy_table
from analysis.tables.people_tables import measures_table
from tests.analysis.simulated import declared, simulate


def answers(who: str, right: str, wrong: str, condition: str = "kNN") -> list[dict[str, object]]:
    """Return the responses of one person: 1 for each correct one, by whether the AI is right."""
    marks = [(mark, True) for mark in right] + [(mark, False) for mark in wrong]
    return [
        {
            "participant_id": who,
            "condition": condition,
            "is_correct": mark == "1",
            "is_ai_correct": is_ai_correct,
        }
        for mark, is_ai_correct in marks
    ]


def table_of(frame: DataFrame, conditions: Sequence[str] = ("kNN",)) -> DataFrame:
    """Return the table of these answers, of people whom no rule excludes."""
    people = participant_measures(frame)
    people["is_simulated"] = people["participant_id"].str.startswith("r")
    arms = Declared(tuple(DeclaredCondition(name, "knn") for name in conditions))
    return accuracy_table([Sample("all", frame, people)], arms)


def row_of(frame: DataFrame) -> Series:
    return table_of(frame).iloc[0]


def test_a_condition_is_the_mean_over_people_and_not_over_answers() -> None:
    row = row_of(DataFrame(answers("p0001", "11", "11") + answers("p0002", "0", "0")))
    assert (row["n_participants"], row["n_trials"]) == (2, 6)
    assert row["accuracy_mean"] == 50  # pooled, it would be 66.7
    assert row["accuracy_sd"] == pytest.approx(70.71, abs=0.01)


def test_who_never_saw_a_wrong_ai_is_left_out_of_that_mean_alone() -> None:
    row = row_of(DataFrame(answers("p0001", "11", "") + answers("p0002", "11", "10")))
    assert (row["n_participants"], row["accuracy_ai_wrong_mean"]) == (2, 50)


def test_robots_in_the_frame_are_counted_by_name() -> None:
    row = row_of(DataFrame(answers("p0001", "1", "1") + answers("r0001", "0", "0")))
    assert (row["n_participants"], row["n_simulated"]) == (2, 1)


def test_conditions_come_in_the_declared_order_and_empty_ones_stay() -> None:
    table = table_of(DataFrame(answers("p0001", "1", "0")), ["EMD-Corr", "kNN"])
    assert list(table["condition"]) == ["EMD-Corr", "kNN"]
    empty = table.iloc[0].drop(["condition", "analysed"])
    assert list(empty[["n_participants", "n_simulated", "n_trials"]]) == [0, 0, 0]
    assert empty.drop(["n_participants", "n_simulated", "n_trials"]).isna().all()


def test_the_interval_is_the_percentile_bootstrap_over_people() -> None:
    marks = ["1111", "1110", "1100", "1000", "0000", "1101", "1111", "0100"] * 3
    frame = DataFrame([row for n, mark in enumerate(marks) for row in answers(f"p{n}", mark, "1")])
    row = row_of(frame)
    people = participant_measures(frame)["accuracy"].to_numpy()
    theirs = stats.bootstrap((people,), np.mean, method="percentile", rng=1).confidence_interval
    ours = (row["accuracy_low"], row["accuracy_high"])
    assert ours == pytest.approx((theirs.low, theirs.high), abs=1.5)


def test_people_and_interval_are_those_of_the_table_of_measures() -> None:
    frames, declaration = simulate(8, seed=2), declared(exclusions=("accuracy<=60",), seed=7)
    samples = samples_of(frames.responses, frames.people, declaration)
    ours = accuracy_table(samples, declaration).set_index(["analysed", "condition"])
    assert list(dict.fromkeys(ours.index.get_level_values(0))) == ["all", "kept"]
    for sample in samples:
        table = measures_table(sample, declaration)
        table = table.query("measure == 'accuracy' and weight == 'participants'")
        theirs = table.set_index("condition")[["n_participants", "estimate", "low", "high"]]
        names = ["n_participants", "accuracy_mean", "accuracy_low", "accuracy_high"]
        assert np.allclose(ours.loc[sample.name, names], theirs, equal_nan=True)
