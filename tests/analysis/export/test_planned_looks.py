"""The export of a running study: tests of the planned look that is reached, and no others."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from pandas import DataFrame

from analysis.export.export_bundle import bundle_write
from analysis.results.live import live_results
from analysis.tables import rerun
from analysis.tables.looks_table import TEAMS
from tests.analysis.people import make_study, person
from tests.analysis.staff_pages import lifted
from trials.models import Study

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database,
    pytest.mark.usefixtures("_no_pictures"),
]


@pytest.fixture
def study() -> Study:
    """Make a study of eight people, to be looked at with four and with eight."""
    study = lifted(make_study())
    n = study.conditions.count()
    study.conditions.update(quota=8 // n)
    study.document["analysis"]["looks"] = ["50%", "100%"]
    study.save()
    return study


def complete(study: Study, n: int) -> None:
    for place in range(n):
        person(study, ("kNN", "ResNet-50")[place % 2], "1101"[place % 4] + "1", "10")


def table(folder: Path, name: str) -> DataFrame:
    return pd.read_csv(folder / f"tables/{name}.csv")


def test_before_the_first_look_an_export_has_no_test(study: Study, tmp_path: Path) -> None:
    complete(study, 3)
    bundle_write(study, tmp_path)
    models = ("detection_model", "mixed_model")
    for name in ("tests", "differences", "equivalence", *models, *TEAMS):
        assert table(tmp_path, name).empty
    assert not list(tmp_path.glob("tables/*_model.txt"))
    assert table(tmp_path, "measures")["n_participants"].max() == 2
    assert table(tmp_path, "looks")["is_reached"].tolist() == [False, False]
    assert "Looks are planned at 4 and 8 people" in (tmp_path / "README.md").read_text()


def test_between_looks_an_export_has_the_tests_of_the_page(study: Study, tmp_path: Path) -> None:
    complete(study, 6)
    bundle_write(study, tmp_path)
    of_page = live_results(study).tables
    for name in TEAMS:
        pd.testing.assert_frame_equal(
            table(tmp_path, name), of_page[name], check_dtype=False, check_names=False
        )
    shown, written = of_page["tests"], table(tmp_path, "tests")
    assert written["n_a"].tolist() == shown["n_a"].tolist() == [2, 2]
    assert written["difference"].tolist() == pytest.approx(shown["difference"].tolist())
    assert table(tmp_path, "measures")["n_participants"].max() == 3
    assert table(tmp_path, "differences")["n_a"].max() == 2
    looks = table(tmp_path, "looks")
    assert looks["n_participants"].tolist() == [4, 8]
    assert looks["p_bound"].tolist() == pytest.approx([0.0031, 0.0490], abs=5e-5)
    assert looks["is_reached"].tolist() == [True, False]
    assert rerun.main(tmp_path, ["--no-figures", "--out", str(tmp_path / "rerun")]) == 0


def test_a_closed_study_exports_tests_of_everybody(study: Study, tmp_path: Path) -> None:
    complete(study, 6)
    study.status = Study.Status.CLOSED
    study.save()
    bundle_write(study, tmp_path)
    assert table(tmp_path, "tests")["n_a"].tolist() == [3, 3]
    assert table(tmp_path, "looks")["is_reached"].tolist() == [True, True]


def test_without_planned_looks_an_export_is_as_before(tmp_path: Path) -> None:
    study = make_study()
    complete(study, 3)
    bundle_write(study, tmp_path)
    assert len(table(tmp_path, "tests"))
    assert not (tmp_path / "tables/looks.csv").exists()
    assert '"looks"' not in (tmp_path / "analysis_plan.json").read_text()
