"""Predictions of another AI at the browser: uploaded, imported by a worker, refused by row."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from classifiers import tasks
from classifiers.models import Dataset, Job, PredictionImport, PredictionRun
from tests.classifiers.test_import_predictions import written
from tests.factories import make_dataset

WAY = "/studio/datasets/trees/predictions/"


@pytest.fixture(autouse=True)
def dataset(db: None, settings: Settings, tmp_path: Path) -> Dataset:
    """A dataset; uploads go into a folder of the test's, and no message is sent."""
    settings.UPLOAD_DIR = tmp_path / "uploads"
    return make_dataset(n_queries=6)


def files(folder: Path, **changes: bytes) -> dict[str, Any]:
    names = {"predictions": "predictions.csv", "evidence": "evidence.zip", "scores": "scores.csv"}
    contents: Mapping[str, bytes] = {
        field: (folder / name).read_bytes() for field, name in names.items()
    }
    return {
        field: SimpleUploadedFile(names[field], content)
        for field, content in {**contents, **changes}.items()
    }


def uploaded(browser: Client, folder: Path, **changes: bytes) -> PredictionImport:
    response = browser.post(WAY, {"name": "vit", **files(folder, **changes)})
    assert response["Location"].startswith(f"{WAY}?upload="), response.content
    job = PredictionImport.objects.get()
    tasks.predictions_import(job.pk)
    job.refresh_from_db()
    return job


def test_uploaded_files_become_predictions_that_a_condition_can_name(
    browser: Client, rita: User, tmp_path: Path
) -> None:
    job = uploaded(browser, written(tmp_path / "out"))
    assert (job.status, job.user, job.n_done) == (Job.Status.DONE, rita, 6)
    assert job.run == PredictionRun.objects.get(name="vit")
    assert not Path(job.folder).exists()
    page = browser.get(WAY).content.decode()
    assert "right on 5 of 6" in page
    assert "run: vit" in page


def test_refused_rows_are_listed_and_nothing_is_stored(browser: Client, tmp_path: Path) -> None:
    wrong = b"image,label,confidence\n<b>x</b>.jpg,kind_amber,2\n"
    job = uploaded(browser, written(tmp_path / "out"), predictions=wrong)
    assert (job.status, PredictionRun.objects.count()) == (Job.Status.FAILED, 0)
    assert job.n_refused > 1
    page = browser.get(WAY).content.decode()
    assert "confidence is &#x27;2&#x27;; expected a number from 0 to 1" in page
    assert "&lt;b&gt;x&lt;/b&gt;.jpg" in page
    assert "<b>x" not in page
    assert not Path(job.folder).exists()


def test_a_bad_name_and_a_missing_table_are_said_at_the_form(
    browser: Client, tmp_path: Path
) -> None:
    page = browser.post(WAY, {"name": "knn", **files(written(tmp_path / "out"))})
    assert "is a classifier of this site" in page.content.decode()
    assert "required" in browser.post(WAY, {"name": "vit"}).content.decode()
    assert PredictionImport.objects.count() == 0


def test_the_page_is_for_researchers_and_its_job_is_polled(
    client: Client, browser: Client, tmp_path: Path
) -> None:
    uploaded(browser, written(tmp_path / "out"))
    jobs = browser.get("/studio/datasets/jobs.json?dataset=trees").json()["jobs"]
    assert [job["status"] for job in jobs] == ["done"]
    assert WAY in browser.get("/studio/datasets/trees/").content.decode()
    browser.logout()
    assert browser.get(WAY).status_code in {302, 403}
