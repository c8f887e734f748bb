"""Predictions of an outside AI come in whole or not at all."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from classifiers.core.evidence import ExemplarImage, Exemplars, Heatmap, Panel, Writer
from classifiers.models import Dataset, Evidence, Image, Prediction, PredictionRun
from classifiers.services import panel_files
from classifiers.services.panel_files import panel_problem
from tests.factories import make_dataset

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset() -> Dataset:
    return make_dataset(n_queries=6)


def queries() -> list[Image]:
    return list(Image.objects.filter(split=Image.QUERY).order_by("source"))


def written(folder: Path, *, n: int = 6, n_exemplars: int = 1) -> Path:
    """Write predictions of the queries as a lab would: right on every photo but the first."""
    writer = Writer(folder)
    examples = list(Image.objects.filter(split=Image.GALLERY).order_by("source"))
    for k, image in enumerate(queries()[:n]):
        label = "kind_cedar" if k == 0 else image.category.name
        like = Exemplars(tuple(ExemplarImage(each.source) for each in examples[:n_exemplars]))
        panels: list[Panel] = [Heatmap(np.eye(7) * k, "where it looked"), like]
        scores = {"kind_amber": 0.3, "birch tree": 0.7}
        writer.add(image.source, label, k / 10, panels, scores=scores)
    writer.zip()
    return folder


def imported(folder: Path, name: str = "vit", **options: Any) -> str:
    out = io.StringIO()
    given = {"evidence": folder / "evidence.zip", "scores": folder / "scores.csv", **options}
    call_command(
        "import_predictions", "trees", folder / "predictions.csv", name=name, stdout=out,
        stderr=out, **given,
    )  # fmt: skip
    return out.getvalue()


def test_predictions_panels_and_scores_are_stored_with_one_fingerprint(
    dataset: Dataset, tmp_path: Path
) -> None:
    said = imported(written(tmp_path / "out"))
    run = PredictionRun.objects.get(name="vit")
    assert (run.dataset, run.is_outside, run.classifier) == (dataset, True, "vit")
    assert f"6 predictions named vit (run {run.pk}): 83.3 % right" in said
    assert run.parameters["content_sha256"] in said
    found = Evidence.objects.get(prediction__image=queries()[1])
    assert [panel["kind"] for panel in found.panels] == ["heatmap", "exemplars", "bars"]
    assert found.panels[2]["items"] == [["birch tree", 0.7], ["amber tree", 0.3]]
    assert found.scores == {"kind_amber": 0.3, "kind_birch": 0.7}
    assert panel_problem(found.panels[0]["file"]) == ""


def test_folder_and_zip_and_any_order_of_rows_are_the_same_predictions(
    dataset: Dataset, tmp_path: Path
) -> None:
    folder = written(tmp_path / "out")
    imported(folder)
    table = folder / "predictions.csv"
    head, *rows = table.read_text().splitlines()
    table.write_text("\n".join([head, *reversed(rows)]))
    imported(folder, evidence=folder / "evidence.jsonl")
    imported(folder, "again")
    contents = {run.parameters["content_sha256"] for run in PredictionRun.objects.all()}
    assert (len(contents), PredictionRun.objects.count()) == (1, 2)


def stored() -> tuple[int, ...]:
    """Count what is in the database and in the store of files."""
    n_files = sum(path.is_file() for path in Path(settings.PANEL_DIR).rglob("*"))
    models = (PredictionRun, Prediction, Evidence)
    return (*(model._default_manager.count() for model in models), n_files)


def test_one_wrong_row_of_each_file_refuses_all_and_leaves_nothing(
    dataset: Dataset, tmp_path: Path
) -> None:
    folder = written(tmp_path / "out")
    for name, line in (("predictions.csv", "x.jpg,kind_amber,1,,"), ("scores.csv", "x.jpg,a,1")):
        with (folder / name).open("a") as file:
            file.write(line + "\n")
    with (folder / "evidence.jsonl").open("a") as file:
        file.write("{\n")
    with pytest.raises(CommandError, match="3 rows were refused and nothing was stored") as error:
        imported(folder, evidence=folder / "evidence.jsonl")
    assert "predictions.csv, line 8: image is 'x.jpg'" in str(error.value)
    assert stored() == (0, 0, 0, 0)


def test_every_refused_row_is_listed_by_file_and_line(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "p.csv").write_text("image,label,confidence\n" + "no.jpg,amber,2\n" * 150)
    with pytest.raises(CommandError, match="150 rows"):
        call_command("import_predictions", "trees", tmp_path / "p.csv", name="vit")
    said = capsys.readouterr().err
    assert "p.csv, line 2" not in said and "predictions.csv, line 2: image" in said  # noqa: PT018
    assert "... and 50 more rows" in said


def test_a_failure_in_the_database_stores_nothing(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(tmp_path / "out")

    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Evidence.objects, "bulk_create", fail)
    with pytest.raises(OSError, match="disk full"):
        imported(folder)
    assert stored()[:3] == (0, 0, 0)


def test_other_predictions_under_a_known_name_are_refused(dataset: Dataset, tmp_path: Path) -> None:
    imported(written(tmp_path / "one"))
    with pytest.raises(CommandError, match="Imported predictions never change"):
        imported(written(tmp_path / "two", n=5))


@pytest.mark.parametrize("name", ["", "a b", "knn", "../x", "x" * 101])
def test_a_name_that_no_run_may_have_is_refused(
    dataset: Dataset, tmp_path: Path, name: str
) -> None:
    with pytest.raises(CommandError, match=r"name|classifier of this site"):
        imported(written(tmp_path / "out"), name)


def test_a_prediction_without_a_line_of_evidence_is_refused(
    dataset: Dataset, tmp_path: Path
) -> None:
    folder = written(tmp_path / "out")
    lines = (folder / "evidence.jsonl").read_text().splitlines()
    (folder / "evidence.jsonl").write_text("\n".join(lines[:4]))
    with pytest.raises(CommandError, match=r"evidence\.jsonl, line 5: 2 predictions have no line"):
        imported(folder, evidence=folder / "evidence.jsonl")


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06" + bytes(18), b"\x93NUMPY"])
def test_a_file_that_is_no_evidence_is_refused(
    dataset: Dataset, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "bad.zip").write_bytes(content)
    with pytest.raises(CommandError, match=r"evidence\.jsonl"):
        imported(written(tmp_path / "out"), evidence=tmp_path / "bad.zip")
    assert stored() == (0, 0, 0, 0)


def test_a_file_that_changed_or_is_gone_is_named(dataset: Dataset, tmp_path: Path) -> None:
    imported(written(tmp_path / "out"))
    name = Evidence.objects.all()[0].panels[0]["file"]
    panel_files.panel_path(name).write_bytes(b"other")
    assert panel_problem(name) == "has other bytes"
    panel_files.panel_path(name).unlink()
    assert panel_problem(name) == "is gone"
    with pytest.raises(ValueError, match="no panel's file"):
        panel_files.panel_path("../../settings.py")
