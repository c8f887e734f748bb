"""The rational benchmark of a study's conditions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pandas import DataFrame

from analysis.stats.analysis_sets import Sample, samples_of
from analysis.stats.confidence import VOTES
from analysis.stats.team import Pool
from analysis.tables.rational_table import rational_table, signals_of
from analysis.tables.team_tables import pools_of
from tests.analysis.simulated import CONDITIONS, declared, row_of, rows_of, simulate

FRAMES, DECLARED = simulate(20, n_trials=16, seed=2), declared()
POOLS = pools_of(FRAMES.items, DECLARED)
SAMPLE = samples_of(FRAMES.responses, FRAMES.people, DECLARED)[0]
NUMBERS = ["base_rate", "rational_baseline", "rational_benchmark", "observed", "reliance_loss"]


@pytest.fixture(scope="module")
def table() -> DataFrame:
    """One row a condition."""
    return rational_table(SAMPLE, DECLARED, POOLS)


def test_what_people_did_is_what_the_other_tables_say(table: DataFrame) -> None:
    for row in rows_of(table[table["note"].isna()]):
        answers = SAMPLE.answers_of(row["condition"])
        is_accepted = answers["is_correct"] == answers["is_ai_correct"]
        assert row["accept_rate"] == pytest.approx(100 * is_accepted.mean())
        assert row["observed"] == pytest.approx(100 * answers["is_correct"].mean())
        assert row["base_rate"] == 50
        assert row["rational_baseline"] == pytest.approx(50)
        assert row["rational_benchmark"] >= row["misreliant_benchmark"]


def test_the_losses_add_up(table: DataFrame) -> None:
    known = table[table["note"].isna()]
    total = known["reliance_loss"] + known["discrimination_loss"]
    assert total.to_numpy() == pytest.approx(known["rational_benchmark"] - known["observed"])
    assert (known["reliance_loss"] >= 0).all()


def test_a_condition_without_a_benchmark_says_why(table: DataFrame) -> None:
    assert row_of(table, condition="Unaided")["note"] == "unaided"
    without = rational_table(SAMPLE, DECLARED, {})
    assert row_of(without, condition="kNN")["note"] == "no confidence"
    nobody = Sample("all", SAMPLE.answers.iloc[:0], SAMPLE.people.iloc[:0])
    empty = rational_table(nobody, DECLARED, POOLS)
    assert list(empty["note"]) == ["unaided"] + ["no answers"] * (len(CONDITIONS) - 1)
    assert empty.reindex(columns=NUMBERS).isna().all(axis=None)
    assert pd.isna(row_of(table, condition="kNN")["note"])


def test_the_signals_are_the_pools_with_kinds_as_often_as_in_the_trials() -> None:
    units = np.array([20, 20, 4, 20, 4, 4])  # 3 right, 3 wrong; sure from 15, unsure below 7
    is_right = np.array([True, True, True, False, False, False])
    pool = Pool(is_right, units, VOTES)
    # Easy wrong, easy right, medium (none), hard wrong, hard right.
    share, right = signals_of(pool, np.array([10, 20, 0, 0, 30, 40]))
    assert share == pytest.approx([0.5, 0.5])  # 10 + 40 with 4 votes, 20 + 30 with 20
    assert right == pytest.approx([0.8, 0.4])


def test_trials_of_a_kind_that_the_pool_has_not_are_refused() -> None:
    pool = Pool(np.array([True, True]), np.array([20, 18]), VOTES)
    with pytest.raises(ValueError, match="expected an image of each kind"):
        signals_of(pool, np.array([1, 1, 0, 0, 0, 0]))
