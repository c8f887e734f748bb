"""From robots with known chances to the exported table: the numbers come back."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from django.core.management import call_command

from tests.factories import make_plan, make_study
from trials.robots import Robot

pytestmark = pytest.mark.django_db


def test_robots_are_recovered_by_the_exported_table(tmp_path: Path) -> None:
    sizes = {"n_training": 2, "n_validation": 2, "pass_mark": 2, "n_test": 30, "n_sets": 1}
    make_study(plan=make_plan(**sizes), n_queries=40)
    call_command("simulate", "trees", participants=18, seed=1)
    call_command("export_study", "trees", "--out", str(tmp_path), "--include-simulated")
    rows = pd.read_csv(tmp_path / "responses.csv")
    table = pd.read_csv(tmp_path / "accuracy.csv")
    assert set(rows.groupby("participant_id").size()) == {30}
    assert list(table.n_participants) == [3] * 6
    # Three people a condition say little about each; all 540 answers together say enough.
    assert table.accuracy_mean.mean() == pytest.approx(100 * Robot().accuracy, abs=6)
    assert table.accuracy_ai_correct_mean.mean() == pytest.approx(90, abs=6)
    assert table.accuracy_ai_wrong_mean.mean() == pytest.approx(60, abs=10)


def test_the_same_robots_are_left_out_by_default(tmp_path: Path) -> None:
    make_study()
    call_command("simulate", "trees", participants=4, seed=1)
    call_command("export_study", "trees", "--out", str(tmp_path))
    assert pd.read_csv(tmp_path / "responses.csv").empty
    assert list(pd.read_csv(tmp_path / "accuracy.csv").n_participants) == [0] * 6
