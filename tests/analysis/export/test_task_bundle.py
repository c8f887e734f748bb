"""The export of a study with a task: its tables, the script that makes them again, and R."""

from __future__ import annotations

import csv
import random
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from django.utils import timezone

from analysis.export.export_bundle import bundle_write
from analysis.rows.overview import declared_of
from analysis.tables import choice_tables, rerun
from tests.factories import enrol, make_plan, make_study
from tests.trials.scored import scored
from trials.models import Participant, Response, Study
from trials.simulation.robots import Robot, play

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database,
    pytest.mark.usefixtures("_no_pictures"),
]
TABLES = {"task_measures", "task_differences", "calibration", "reader_roc"}


@pytest.fixture
def study() -> Study:
    """Four people who said Yes or No with a confidence in percent, alone and after the advice."""
    made = make_study(plan=make_plan(task={"first": True, "confidence": {"scale": [50, 100]}}))
    for number in range(4):
        answered(enrol(made, f"p{number}"), number)
    return made


def answered(person: Participant, number: int) -> None:
    """Give a person's answers, and the end of their session."""
    for place, trial in enumerate(person.trials.filter(phase="test")):
        said = {"first": (place + number) % 3 > 0, "final": place % 2 == 0}
        for occasion, is_yes in said.items():
            Response.objects.create(
                trial=trial, occasion=occasion, is_accepted=is_yes, received_at=timezone.now(),
                confidence=50 + (7 * place + 11 * number) % 51,
            )  # fmt: skip
    Participant.objects.filter(pk=person.pk).update(
        status="completed", code="C123", finished_at=timezone.now()
    )


def test_the_bundle_has_the_tables_of_the_task_and_makes_them_again(
    study: Study, tmp_path: Path
) -> None:
    assert declared_of(study)["confidence"] == "percent"
    bundle_write(study, tmp_path)
    assert {path.stem for path in (tmp_path / "tables").glob("*.csv")} >= TABLES
    assert rerun.main(tmp_path, ["--no-figures"]) == 0
    with (tmp_path / "codebook.csv").open(encoding="utf-8", newline="") as file:
        files = {row["file"] for row in csv.DictReader(file)}
    assert {f"tables/{name}.csv" for name in TABLES} <= files


def test_choices_among_the_ais_best_classes_are_exported_and_analysed(tmp_path: Path) -> None:
    made = scored(k=2)
    for number in range(2):
        play(made, Robot(), random.Random(number))
    bundle_write(made, tmp_path, include_simulated=True)
    rows = pd.read_csv(next((tmp_path / "data").glob("*-responses*_data.csv")))
    labels = list(made.dataset.categories.order_by("index").values_list("label", flat=True))
    behind = rows["choice"].map(labels.index) - rows["ai_label"].map(labels.index)
    assert len(rows) == 12
    assert set(behind % 4) <= {0, 1}  # the two best
    assert not rows.loc[~rows["is_ai_correct"], "is_correct"].any()  # the truth is not offered
    table = pd.read_csv(tmp_path / "tables/confusion.csv")
    kept = table[table["analysed"] == "kept"]
    assert (kept["n_answers"].sum(), set(kept["choice"])) == (12, set(rows["choice"]))
    right = kept[kept["true_label"] == kept["choice"]]["n_answers"].sum()
    assert right == rows["is_correct"].sum()
    notes = pd.read_csv(tmp_path / "tables/combination.csv")["note"]
    assert set(notes) == {choice_tables.BEST_OFFERED}
    assert rerun.main(tmp_path, ["--no-figures"]) == 0


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_r_reads_the_tables_with_their_types(study: Study, tmp_path: Path) -> None:
    bundle_write(study, tmp_path)
    code = (
        'source("read.R"); s <- read_export("."); t <- s$task_measures; '
        'stopifnot(is.numeric(t$estimate), is.character(t$note), "rair" %in% t$measure)'
    )
    subprocess.run(["Rscript", "-e", code], cwd=tmp_path, check=True, timeout=60)
