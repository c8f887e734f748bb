"""The verdict's tables: which people, which pool, which rows."""

from __future__ import annotations

import numpy as np
import pytest
from pandas import DataFrame

from analysis.stats.analysis_sets import samples_of
from analysis.tables.complementarity_tables import (
    team_and_verdict_table,
    team_prevalence_table,
    verdicts_of,
)
from analysis.tables.team_tables import pools_of, teams_of
from tests.analysis.simulated import declared, row_of, rows_of, simulate

FRAMES = simulate(20, n_trials=16, seed=2)
DECLARED = declared(tuning_share=0.4)
POOLS = pools_of(FRAMES.items, DECLARED)
SAMPLE = samples_of(FRAMES.responses, FRAMES.people, DECLARED)[0]
VERDICTS = verdicts_of(SAMPLE, DECLARED, POOLS)


@pytest.fixture(scope="module")
def table() -> DataFrame:
    """One row a condition."""
    return team_and_verdict_table(SAMPLE, DECLARED, teams_of(SAMPLE, DECLARED, POOLS), VERDICTS)


def test_the_ai_and_its_threshold_are_those_of_the_team(table: DataFrame) -> None:
    for row in rows_of(table[table["condition"] != "Unaided"]):
        assert row["ai_alone_natural"] == pytest.approx(row["ai_alone"])  # both leave tuning out
        assert VERDICTS[row["condition"]].n_trials == row["n_trials_on_rest"]
        names = ("human_alone_natural", "ai_alone_natural", "ai_always")
        best = max(row[name] for name in names)
        assert row["complementarity"] == pytest.approx(row["team_natural"] - best)


def test_people_alone_are_the_unaided_ones_of_the_same_ai(table: DataFrame) -> None:
    p = row_of(table, condition="kNN")["ai_always"] / 100
    right, wrong = (
        np.mean([a["is_correct"][a["is_ai_correct"] == kind].mean()])
        for a in [SAMPLE.answers_of("Unaided")]
        for kind in (True, False)
    )
    expected = 100 * (p * right + (1 - p) * wrong)
    assert row_of(table, condition="kNN")["human_alone_natural"] == pytest.approx(expected)


def test_people_who_saw_no_ai_have_no_verdict(table: DataFrame) -> None:
    row = table[table["condition"] == "Unaided"]
    assert row[["complementarity", "team_natural", "verdict"]].isna().all(axis=None)
    assert set(VERDICTS) == {"kNN", "EMD-NN", "EMD-Corr", "ResNet-50"}


def test_the_curve_has_a_row_a_condition_and_share() -> None:
    curve = team_prevalence_table(VERDICTS)
    assert len(curve) == 4 * 11
    assert curve["prevalence"].min() == 50
    assert team_prevalence_table({}).empty
    both = (curve["complementarity_low"] <= curve["complementarity"]).all()
    assert both
    assert curve["complementarity_low"].notna().all()
