"""From robots with known chances to the exported table: the numbers come back."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from django.core.management import call_command

from analysis.export.export_bundle import data_path
from tests.factories import make_plan, make_study

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database,
    pytest.mark.usefixtures("_no_pictures"),
]


def test_robots_are_recovered_by_the_exported_table(tmp_path: Path) -> None:
    sizes = {"n_training": 2, "n_validation": 2, "pass_mark": 2, "n_test": 30, "n_sets": 1}
    make_study(plan=make_plan(**sizes), n_queries=40)
    planted = {"condition": ["kNN=0.97,0.8"], "sd_skill": 0.3, "sd_image": 0.5}
    call_command("simulate", "trees", participants=12, seed=1, **planted)
    call_command("export_study", "trees", "--out", str(tmp_path), "--include-simulated")
    rows = pd.read_csv(tmp_path / data_path("trees", "responses", include_simulated=True))
    table = pd.read_csv(tmp_path / "tables" / "accuracy.csv").query("analysed == 'all'")
    assert set(rows.groupby("participant_id").size()) == {30}
    assert list(table.n_participants) == [2] * 6
    # Two people a condition say little about each; the 300 answers of five together say enough.
    others = table[table.condition != "kNN"]
    assert others.accuracy_mean.mean() == pytest.approx(75, abs=6)
    assert others.accuracy_ai_correct_mean.mean() == pytest.approx(90, abs=6)
    assert others.accuracy_ai_wrong_mean.mean() == pytest.approx(60, abs=10)
    knn = table[table.condition == "kNN"].iloc[0]
    assert knn.accuracy_ai_wrong_mean < others.accuracy_ai_wrong_mean.mean() - 15


def test_the_same_robots_are_left_out_by_default(tmp_path: Path) -> None:
    make_study()
    call_command("simulate", "trees", participants=4, seed=1)
    call_command("export_study", "trees", "--out", str(tmp_path))
    rows = pd.read_csv(tmp_path / data_path("trees", "responses", include_simulated=False))
    assert rows.empty
    assert list(pd.read_csv(tmp_path / "tables" / "accuracy.csv").n_participants) == [0] * 12
