"""Classes whose names other programs take for a missing value: every reader here keeps them."""

import re
from pathlib import Path

import pandas as pd
import pytest
from django.test import Client

from analysis.codebook.codebook import DATA
from analysis.export.export_bundle import bundle_write, data_path
from analysis.published.responses import read_responses
from analysis.tables.rerun import main
from analysis.tables.tidy import table_read
from tests.analysis.export.test_collected import in_r
from tests.analysis.people import make_study, person
from tests.analysis.staff_pages import lifted, rows
from trials.models import Study

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database,
    pytest.mark.usefixtures("_no_pictures"),
]
WORDS = {"NA", "None"}


@pytest.fixture
def study() -> Study:
    """Photos of class NA, which the AI calls NA or None; two arms with two people each."""
    study = make_study(label="NA")
    study.dataset.categories.filter(label="wren").update(label="None")
    for arm in ("kNN", "ResNet-50", "kNN", "ResNet-50"):
        person(study, arm, "11", "10")
    return study


def test_the_readme_tells_pandas_how_to_keep_them(study: Study, tmp_path: Path) -> None:
    bundle_write(study, tmp_path)
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    path, options = re.search(r'pandas\.read_csv\("([^"]*)", (.*)\)', readme).groups()  # type: ignore[union-attr]
    frame = pd.read_csv(tmp_path / path, **eval(f"dict({options})"))  # noqa: S307 - our own words
    assert set(frame["ai_label"]) == WORDS
    assert set(frame["true_label"]) == {"NA"}
    assert pd.read_csv(tmp_path / path)["true_label"].isna().all()  # as the README warns


def test_our_own_readers_keep_them(study: Study, tmp_path: Path) -> None:
    bundle_write(study, tmp_path)
    path = tmp_path / data_path("birds", "responses", include_simulated=False)
    assert set(table_read(path, DATA["responses"])["ai_label"]) == WORDS
    published = read_responses(tmp_path / "reference" / "CUB-Human-Study-Summary.csv", b"salt")
    assert len(published.responses) == 4 * 4
    assert main(tmp_path, ["--no-figures"]) == 0


def test_base_r_keeps_them(study: Study, tmp_path: Path) -> None:
    bundle_write(study, tmp_path)
    said = in_r(
        tmp_path,
        'labels <- read_export(".")$responses$ai_label; cat(sort(unique(labels)), sep = "\\t")',
    )
    assert said == [sorted(WORDS)]


def test_a_download_keeps_them(study: Study, staff: Client) -> None:
    lifted(study)
    found = rows(staff.get("/studio/study/birds/results/responses.csv").content)
    assert {row["ai_label"] for row in found} == WORDS
