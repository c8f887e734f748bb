"""Answers in the layout of iMRMC."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pandas import DataFrame

from analysis.stats.analysis_plan import Declared, DeclaredCondition
from analysis.stats.analysis_sets import samples_of
from analysis.tables.csv_tables import csv_text
from analysis.tables.imrmc_table import IMRMC, TRUTH, imrmc_table
from analysis.tables.inference_tables import twoway_of
from analysis.tables.task_tables import measures_of
from tests.analysis import tasked
from tests.analysis.simulated import declared, simulate

FRAMES, DECLARED = simulate(6, n_trials=8, seed=3), declared()
SAMPLE = samples_of(FRAMES.responses, FRAMES.people, DECLARED)[0]


@pytest.fixture(scope="module")
def table() -> DataFrame:
    """The rows of a study of five conditions, of which two share an AI."""
    return imrmc_table(SAMPLE, DECLARED)


def test_every_case_has_one_truth_which_is_whether_the_ai_is_right(table: DataFrame) -> None:
    truth = table[table["modalityID"] == TRUTH]
    assert (truth["readerID"] == TRUTH).all()
    assert truth["caseID"].is_unique
    assert set(truth["caseID"]) == set(table["caseID"])
    items = FRAMES.items.set_index(FRAMES.items["classifier"] + ":" + FRAMES.items["item_id"])
    expected = items["is_ai_correct"].reindex(truth["caseID"]).astype(int)
    assert truth["score"].tolist() == expected.tolist()


def test_every_answer_is_a_score_of_1_where_it_was_yes(table: DataFrame) -> None:
    scores = table[table["modalityID"] != TRUTH]
    assert not scores.duplicated(["readerID", "caseID", "modalityID"]).any()
    said = FRAMES.responses[["participant_id", "item_id", "condition", "response"]].astype("str")
    cases = scores["caseID"].str.split(":").str[1]
    found = scores.assign(item_id=cases).merge(
        said, left_on=["readerID", "item_id"], right_on=["participant_id", "item_id"]
    )
    assert len(found) == len(said) == len(scores)
    assert (found["score"] == (found["response"] == "yes")).all()
    assert (found["modalityID"] == found["condition"]).all()


def test_the_accuracies_of_the_rows_are_those_of_the_tables(table: DataFrame) -> None:
    truth = table[table["modalityID"] == TRUTH].set_index("caseID")["score"]
    scores = table[table["modalityID"] != TRUTH]
    is_correct = scores["score"] == scores["caseID"].map(truth)
    people = is_correct.groupby([scores["modalityID"], scores["readerID"]]).mean()
    means = people.groupby(level="modalityID").mean()
    for (a, b), found in zip(DECLARED.pairs, twoway_of(SAMPLE, DECLARED, "accuracy"), strict=True):
        assert found.difference == pytest.approx(100 * (means[a] - means[b]))


def test_the_file_has_the_header_and_the_bare_names(table: DataFrame) -> None:
    lines = csv_text("imrmc.csv", IMRMC, table).splitlines()
    assert lines[0] == "readerID,caseID,modalityID,score"
    assert lines[1].startswith("truth,emd-corr:0")
    assert "'" not in "".join(lines)


def test_a_condition_that_is_called_truth_is_no_truth() -> None:
    arms = (DeclaredCondition(TRUTH, "knn"), DeclaredCondition("kNN", "knn"))
    made = simulate(2, conditions=arms)
    plan = Declared(arms)
    table = imrmc_table(samples_of(made.responses, made.people, plan)[0], plan)
    assert set(table["modalityID"]) == {TRUTH, "truth (condition)", "kNN"}
    assert (table.loc[table["modalityID"] == TRUTH, "readerID"] == TRUTH).all()


def test_a_study_without_answers_has_the_columns_alone() -> None:
    nobody = replace(SAMPLE, answers=SAMPLE.answers.iloc[:0])
    assert list(imrmc_table(nobody, DECLARED)) == [column.name for column in IMRMC]
    assert imrmc_table(nobody, DECLARED).empty


def test_ratings_are_scores_whose_area_is_the_readers() -> None:
    made, plan = tasked.advised(), tasked.declared(confidence="percent")
    sample = samples_of(made.responses, made.people, plan)[0]
    table = imrmc_table(sample, plan)
    truth = table[table["modalityID"] == TRUTH].set_index("caseID")["score"]
    rows = table[table["modalityID"] == "kNN"].assign(is_signal=lambda t: t["caseID"].map(truth))
    areas = [
        np.mean([(s > o) + (s == o) / 2 for s in own.loc[own["is_signal"] == 1, "score"]
                 for o in own.loc[own["is_signal"] == 0, "score"]])
        for _, own in rows.groupby("readerID")
    ]  # fmt: skip
    found = measures_of(sample, plan, plan.conditions[1])["reader_auc"]
    assert found.value == pytest.approx(np.mean(areas))
