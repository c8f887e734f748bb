"""The built-in documents of tasks and designs, each from draft to its tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.core.management import call_command

from analysis.export.export_bundle import data_path
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


def answers(name: str, folder: Path) -> pd.DataFrame:
    """Let simulated people take part; return the exported answers to the test."""
    make_study(plan=short(name), n_queries=32)
    call_command("simulate", "trees", participants=4, seed=1)
    call_command("export_study", "trees", "--out", str(folder), "--include-simulated")
    return pd.read_csv(folder / data_path("trees", "responses", include_simulated=True))


def test_people_of_judge_and_advisor_answer_before_and_after_the_advice(tmp_path: Path) -> None:
    rows = answers("judge-advisor", tmp_path)
    assert len(rows) == 4 * 4
    assert rows.first_answer.notna().all()
    assert set(rows.first_confidence) | set(rows.confidence) <= {1, 2, 3, 4, 5}
    measures = pd.read_csv(tmp_path / "tables" / "task_measures.csv")
    assert {"rair", "rsr"} <= set(measures.measure)


def test_each_person_of_the_crossover_judges_other_photos_in_each_block(tmp_path: Path) -> None:
    rows = answers("crossover", tmp_path)
    people = rows.groupby("participant_id")
    assert set(people.condition.nunique()) == {2}
    assert set(people.item_id.nunique()) == {8}
    first = people.condition.first()
    assert first.value_counts().to_dict() == {"Unaided": 2, "EMD-Corr": 2}


def test_each_reader_rates_the_same_photos_without_and_with_the_ai(tmp_path: Path) -> None:
    rows = answers("reader-study", tmp_path)
    for _, own in rows.groupby("participant_id"):
        photos = own.groupby("condition").item_id.agg(frozenset)
        assert len(photos["Unaided"]) == 4
        assert photos["Unaided"] == photos["EMD-Corr"]
    assert set(rows.confidence) <= {1, 2, 3, 4, 5}
    measures = pd.read_csv(tmp_path / "tables" / "task_measures.csv")
    assert "reader_auc" in set(measures.measure)


def test_people_of_choose_name_one_of_all_classes(tmp_path: Path) -> None:
    rows = answers("choose", tmp_path)
    assert rows.choice.notna().all()
    assert set(rows.choice) <= {"amber tree", "birch tree", "cedar tree", "dogwood tree"} | {
        "kind_amber", "kind_birch", "kind_cedar", "kind_dogwood"
    }  # fmt: skip
    assert rows.confidence.between(0, 100).all()
    confusion = pd.read_csv(tmp_path / "tables" / "confusion.csv")
    assert confusion["n"].sum() > 0
