"""The built-in documents of tasks and designs, each from draft to its tables."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from django.core.management import call_command

from analysis.codebook.codebook import RESPONSES
from analysis.results.study_tables import study_tables
from analysis.rows.frame import StudyRows
from analysis.tables.tidy import frame_of
from tests.factories import make_study
from trials.ready_made import ready_made
from trials.study.plan import StudyPlan

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

# Shorter than in the documents, so that a test is: what they ask, and of whom, stays.
SHORT = {"training": 2, "validation": 2, "test": 4}


def short(name: str) -> StudyPlan:
    """Return a built-in document with few trials."""
    document: dict[str, Any] = ready_made(name)
    for stage in document["stages"]:
        if "n" in stage:
            stage["n"] = SHORT[stage["kind"]]
        if "pass_mark" in stage:
            stage["pass_mark"] = 1
    return StudyPlan.from_json(document)


def played(name: str) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Let simulated people take part; return their answers to the test and all tables."""
    study = make_study(plan=short(name), n_queries=32)
    call_command("simulate", "trees", participants=4, seed=1)
    rows = StudyRows(study, include_simulated=True)
    return frame_of(RESPONSES, rows.responses()), study_tables(study, is_simulated=True)


def test_people_of_judge_and_advisor_answer_before_and_after_the_advice() -> None:
    rows, tables = played("judge-advisor")
    assert len(rows) == 4 * 4
    assert rows.first_answer.notna().all()
    assert set(rows.first_confidence) | set(rows.confidence) <= {1, 2, 3, 4, 5}
    assert {"rair", "rsr"} <= set(tables["task_measures"].measure)


def test_each_person_of_the_crossover_judges_other_photos_in_each_block() -> None:
    rows, _ = played("crossover")
    people = rows.groupby("participant_id")
    assert set(people.condition.nunique()) == {2}
    assert set(people.item_id.nunique()) == {8}
    first = people.condition.first()
    assert first.value_counts().to_dict() == {"Unaided": 2, "EMD-Corr": 2}


def test_each_reader_rates_the_same_photos_without_and_with_the_ai() -> None:
    rows, tables = played("reader-study")
    for _, own in rows.groupby("participant_id"):
        photos = own.groupby("condition").item_id.agg(frozenset)
        assert len(photos["Unaided"]) == 4
        assert photos["Unaided"] == photos["EMD-Corr"]
    assert set(rows.confidence) <= {1, 2, 3, 4, 5}
    assert "reader_auc" in set(tables["task_measures"].measure)


def test_people_of_choose_name_one_of_all_classes() -> None:
    rows, tables = played("choose")
    assert rows.choice.notna().all()
    assert set(rows.choice) <= {"amber tree", "birch tree", "cedar tree", "dogwood tree"}
    assert rows.confidence.between(0, 100).all()
    classes = tables["classes"]
    assert classes[classes.analysed == "all"].n_choices.sum() == len(rows)
