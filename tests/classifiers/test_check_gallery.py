"""Arrays that changed on the disk: a job refuses them, and a command looks at all of them."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from classifiers import tasks
from classifiers.models import Dataset, Gallery, Job, Prediction
from classifiers.services import deciding
from tests.classifiers.conftest import make_runs
from tests.core.gallery.test_checksums import spoil

pytestmark = pytest.mark.django_db


def checked() -> str:
    out = StringIO()
    call_command("check_gallery", "shades", stdout=out)
    return out.getvalue()


def test_the_command_says_that_all_is_well_or_which_file_changed(gallery: Gallery) -> None:
    assert "no array has changed" in checked()
    spoil(gallery.folder / "maps.npy")
    with pytest.raises(CommandError, match=r"maps\.npy has SHA-256 .* Delete"):
        checked()


def test_the_command_says_where_there_is_no_gallery(dataset: Dataset) -> None:
    with pytest.raises(CommandError, match=r"no finished gallery. Run: manage.py build_gallery"):
        checked()


def test_no_prediction_is_made_from_vectors_that_changed(gallery: Gallery) -> None:
    (run,) = make_runs(gallery, "knn")
    spoil(gallery.folder / "vectors.npy")
    tasks.predict([run.pk])
    run.refresh_from_db()
    assert run.status == Job.Status.FAILED
    assert "vectors.npy has SHA-256" in run.error
    assert not Prediction.objects.exists()


def test_what_is_too_large_for_a_job_is_logged(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(deciding, "VERIFIED_BYTES", 10)
    tasks.predict([run.pk for run in make_runs(gallery, "knn")])
    assert Prediction.objects.exists()
    assert "maps.npy has" in caplog.text
    assert "manage.py check_gallery" in caplog.text
