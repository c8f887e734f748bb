"""How people used the grid of an interactive view: counted by hand."""

from __future__ import annotations

import random

import pandas as pd
import pytest
from pandas import DataFrame

from analysis.results.interaction_sheet import interaction_sheet
from analysis.results.study_tables import study_tables
from analysis.rows.frame import responses_frame
from analysis.stats.analysis_plan import Declared, DeclaredCondition
from analysis.stats.analysis_sets import Sample
from analysis.tables.interaction_table import interaction_table
from tests.trials.interacting import interactive_study
from trials.simulation.robots import Robot, play

NAMES = ("participant_id", "n_mask_changes", "n_cells", "rt_ms", "is_correct", "is_ai_correct",
         "is_shown_correct", "is_other_label")  # fmt: skip
ROWS = [
    ("a", 0, 0, 1000, True, True, 1, 0),
    ("a", 2, 3, 3000, True, False, 1, 1),  # better
    ("b", 1, 5, 5000, False, True, 0, 1),  # worse
    ("b", 4, 0, 9000, False, False, 0, 1),  # another wrong one, then no cell
    ("c", None, None, 1000, True, True, None, None),  # of another view
]


def table() -> DataFrame:
    answers = DataFrame(ROWS, columns=list(NAMES)).assign(condition="CHM++")
    declared = Declared((DeclaredCondition("CHM++", "chm-corr"),))
    return interaction_table(Sample("all", answers, answers), declared).set_index("used")


def test_answers_are_counted_by_whether_the_grid_was_used() -> None:
    made = table()
    assert dict(made["n_trials"]) == {"all": 4, "yes": 3, "no": 1}
    assert list(made.loc["yes", ["share", "n_participants"]]) == [75, 2]
    assert list(made.loc["yes", ["changes_mean", "cells_mean", "rt_median"]]) == [7 / 3, 4, 5000]


def test_a_label_changes_for_the_better_the_worse_or_neither() -> None:
    yes = table().loc["yes"]
    counts = ["n_other_label", "n_better", "n_worse", "n_neither"]
    assert list(yes[counts]) == [3, 1, 1, 1]
    assert list(yes[["shown_accuracy", "ai_accuracy", "accuracy"]]) == pytest.approx([100 / 3] * 3)


@pytest.mark.django_db
def test_the_table_of_robots_agrees_with_their_responses() -> None:
    study = interactive_study()
    for number in range(2):
        play(study, Robot(), random.Random(number))
    rows = responses_frame(study, include_simulated=True)
    tables = study_tables(study, True)
    made = tables["interaction"]
    (found,) = made[(made["analysed"] == "all") & (made["used"] == "yes")].to_dict("records")
    assert found["n_trials"] == (rows["n_mask_changes"] > 0).sum()
    assert (
        found["n_other_label"]
        == (rows["shown_label"].astype(str) != rows["ai_label"].astype(str)).sum()
    )
    better = rows["is_shown_correct"].astype(bool) & ~rows["is_ai_correct"].astype(bool)
    assert found["n_better"] == better.sum()
    assert len(interaction_sheet(tables, "all").rows) == 3
    assert pd.notna(found["cells_mean"])
