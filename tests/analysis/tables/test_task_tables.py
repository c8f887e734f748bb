"""Tables of a task: those that a study has, their numbers, and why some are missing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas import DataFrame

from analysis.codebook.task_columns import TASK_MEASURE_NAMES, TASK_TABLES, UNITS
from analysis.stats import calibration
from analysis.tables import choice_tables, task_tables
from analysis.tables.recompute import table_columns
from analysis.tables.tables import DTYPES, tables_of
from tests.analysis import tasked
from tests.analysis.simulated import Frames, declared, row_of, simulate

Tables = dict[str, DataFrame]


def tables(frames: Frames, **values: object) -> Tables:
    return tables_of(frames.responses, frames.people, frames.items, tasked.declared(**values))


@pytest.fixture(scope="module")
def advised() -> Tables:
    """Yes and No with confidence in percent, before and after the advice."""
    return tables(tasked.advised(), confidence="percent")


@pytest.fixture(scope="module")
def chosen() -> Tables:
    """Choices with levels of confidence, before and after the advice."""
    return tables(tasked.chosen(), confidence="ordered")


def test_a_study_of_yes_and_no_alone_has_none_of_these_tables() -> None:
    frames = simulate(4)
    made = tables_of(frames.responses, frames.people, frames.items, declared())
    assert not set(made) & set(TASK_TABLES)


def test_a_study_has_the_tables_that_its_task_asks_for(advised: Tables, chosen: Tables) -> None:
    of_choice = {"classes", "confusion", "combination"}
    assert set(advised) & set(TASK_TABLES) == set(TASK_TABLES) - of_choice
    assert set(chosen) & set(TASK_TABLES) == set(TASK_TABLES) - {"reader_roc"}


def test_each_table_has_the_columns_and_types_of_the_codebook(
    advised: Tables, chosen: Tables
) -> None:
    for name, columns in TASK_TABLES.items():
        for table in (made[name] for made in (advised, chosen) if name in made):
            types = {column.name: DTYPES[column.type] for column in columns}
            assert {column: str(kind) for column, kind in table.dtypes.items()} == types, name
            assert list(table["analysed"].unique()) == ["all", "kept"]
    assert set(TASK_TABLES) <= set(table_columns())


def test_every_measure_that_the_codebook_lists_occurs(advised: Tables, chosen: Tables) -> None:
    both = pd.concat([made["task_measures"] for made in (advised, chosen)])
    assert set(both["measure"]) == set(TASK_MEASURE_NAMES)
    assert set(both["unit"]) == set(UNITS)


def test_rair_is_what_the_rows_give(advised: Tables) -> None:
    frame = tasked.advised().responses
    rows = frame[(frame["condition"] == "kNN") & frame["is_ai_correct"]]
    wrong = rows[rows["first_answer"] == "no"]
    found = row_of(advised["task_measures"], condition="kNN", measure="rair", analysed="all")
    assert found["estimate"] == pytest.approx(100 * wrong["is_correct"].mean())
    assert found["n_trials"] == len(wrong)
    assert found["low"] < found["estimate"] < found["high"]


def test_who_saw_no_ai_has_nothing_to_rely_on_and_the_note_says_so(advised: Tables) -> None:
    cells = {"measure": "rair", "analysed": "all"}
    found = row_of(advised["task_measures"], condition="Alone", **cells)
    assert (np.isnan(found["estimate"]), found["note"]) == (True, task_tables.UNAIDED)
    difference = row_of(advised["task_differences"], a="Alone", **cells)
    assert (np.isnan(difference["p"]), difference["note"]) == (True, task_tables.UNAIDED)


def test_nothing_is_missing_without_a_reason(advised: Tables, chosen: Tables) -> None:
    for made in (advised, chosen):
        for name in {"task_measures", "task_differences", "combination"} & set(made):
            low = "combined_low" if name == "combination" else "low"
            is_missing = made[name][low].isna()
            assert (is_missing == made[name]["note"].notna()).all(), name


def test_levels_are_no_probabilities_and_a_choice_is_no_reading(chosen: Tables) -> None:
    table = chosen["task_measures"]
    found = {name: row_of(table, condition="kNN", measure=name, analysed="all")["note"]
             for name in ("brier", "reader_auc", "auroc2")}  # fmt: skip
    assert found["brier"] == calibration.NO_PROBABILITY
    assert found["reader_auc"] == task_tables.A_CHOICE
    assert pd.isna(found["auroc2"])


def test_another_wrong_class_than_the_ais_is_no_agreement(chosen: Tables) -> None:
    frame = tasked.chosen().responses
    rows = frame[(frame["condition"] == "kNN") & ~frame["is_ai_correct"]]
    found = row_of(
        chosen["task_measures"], condition="kNN", measure="agreement_ai_wrong", analysed="all"
    )
    assert found["estimate"] == pytest.approx(100 * (rows["choice"] == rows["ai_label"]).mean())
    measures = chosen["measures"][chosen["measures"]["measure"] == "over_reliance"]
    assert measures["estimate"].isna().all()


def test_the_confusions_are_the_crosstable(chosen: Tables) -> None:
    frame = tasked.chosen().responses
    rows = frame[frame["condition"] == "kNN"]
    table = chosen["confusion"].query("condition == 'kNN' and analysed == 'all'")
    ours = table[table["occasion"] == "final"].set_index(["true_label", "choice"])["n_answers"]
    theirs = rows.groupby(["true_label", "choice"], observed=True).size()
    assert ours.sort_index().to_dict() == theirs.sort_index().to_dict()


def test_the_combination_is_of_answers_without_the_ai(chosen: Tables) -> None:
    found = row_of(chosen["combination"], condition="kNN", analysed="all")
    frame = tasked.chosen().responses.query("condition == 'kNN'")
    assert found["people"] == pytest.approx(
        100 * (frame["first_choice"] == frame["true_label"]).mean()
    )
    assert found["over_ai"] == pytest.approx(found["combined"] - found["ai"])
    frames = tasked.chosen()
    less = Frames(frames.responses.drop(columns="first_choice"), frames.people, frames.items)
    table = tables(less)["combination"]
    assert row_of(table, condition="kNN", analysed="all")["note"] == choice_tables.AFTER_AI


def test_a_missed_trial_is_in_no_table() -> None:
    frames = tasked.missed(tasked.advised(), slice(0, 3))
    made = tables(frames, confidence="percent")
    found = row_of(made["measures"], condition="Alone", measure="accuracy", analysed="all",
                   weight="trials")  # fmt: skip
    assert found["n_trials"] == 24 * 8 - 3


def test_within_people_a_person_is_compared_with_themselves() -> None:
    frames = tasked.within()
    made = tables(frames, is_within=True, margin=5.0, exclusions=("accuracy<=40",))
    share = frames.responses.groupby(["participant_id", "condition"], observed=True)["is_correct"]
    own = share.mean().unstack()
    found = row_of(made["tests"], a="Alone", analysed="all")
    assert found["difference"] == pytest.approx(100 * (own["Alone"] - own["kNN"]).mean())
    assert (found["n_a"], found["n_b"], np.isnan(found["p"])) == (12, 12, True)
    assert 0 <= found["twoway_p"] <= 1
    assert made["attrition"].empty


def test_a_rule_excludes_a_person_from_all_conditions() -> None:
    frames = tasked.within()
    mean = 100 * frames.responses.groupby("participant_id")["is_correct"].mean()
    made = tables(frames, is_within=True, exclusions=(f"accuracy<={mean.median():.4f}",))
    kept = made["tests"].set_index("analysed")["n_a"]
    assert (kept["all"], kept["kept"]) == (12, int((mean > mean.median()).sum()))


@pytest.mark.parametrize("make", [tasked.advised, tasked.chosen])
@pytest.mark.parametrize("n_each", [0, 1, 2])
def test_few_people_or_nobody_stop_no_table(make: Callable[..., Frames], n_each: int) -> None:
    frames = make(max(1, n_each))
    if not n_each:
        frames = Frames(frames.responses[:0], frames.people[:0], frames.items)
    made = tables(frames, confidence="percent")
    assert all(made[name]["note"].notna().all() for name in set(made) & {"task_differences"})


def test_one_condition_without_anyone_has_reasons() -> None:
    frames = tasked.chosen()
    rows, people = (
        each[each["condition"] == "Alone"] for each in (frames.responses, frames.people)
    )
    made = tables(Frames(rows, people, frames.items), confidence="ordered")
    empty = made["task_measures"].query("condition == 'kNN'")
    assert (empty["n_trials"] == 0).all()
    assert empty["note"].notna().all()


@pytest.mark.parametrize("name", [*TASK_MEASURE_NAMES, *TASK_TABLES])
def test_every_measure_and_table_of_a_task_is_explained(name: str) -> None:
    page = (Path(__file__).parents[3] / "docs/metrics.md").read_text()
    plain = name.removeprefix("first_")
    short = re.sub("_ai_(correct|wrong)$", "", name)
    assert any(f"`{word}`" in page for word in (name, plain, short))
    assert page.count(f'<a id="table-{name}"></a>') == (name in TASK_TABLES)
