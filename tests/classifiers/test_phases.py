"""Long work says what it is doing, counts it once, and how long that still takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
from pytest_django import Settings

from classifiers.models import DatasetImport, Gallery, Job
from classifiers.services import evidence, jobs, queueing, uploads
from tests.classifiers.photos import photo

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def test_an_import_counts_each_file_once_in_each_phase(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ZipFile(tmp_path / "photos.zip", "w") as archive:
        for n in range(3):
            photo(tmp_path / f"{n}.png", seed=n)
            archive.write(tmp_path / f"{n}.png", f"query/wren/{n}.png")
    settings.CROP_DIR, root = tmp_path / "crops", tmp_path / "unpacked"
    job = DatasetImport.objects.create(
        slug="birds", root=str(root), archive=str(tmp_path / "photos.zip")
    )
    noted: list[tuple[str, int, int]] = []
    monkeypatch.setattr(uploads, "NOTE_EVERY_S", 0)
    real = jobs.job_note

    def note(job: DatasetImport, **changes: int) -> None:
        real(job, **changes)
        noted.append((job.phase, job.n_done, job.n_total))

    monkeypatch.setattr(jobs, "job_note", note)
    jobs.job_claim(job)
    uploads.import_run(job=job)
    assert [item for item in noted if item[0] == "unpacking"][-1] == ("unpacking", 3, 3)
    assert noted[-1] == ("photos", 3, 3)
    assert {total for _, _, total in noted} == {3}


def test_encoding_for_a_matcher_is_a_phase_before_the_predictions(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run,) = queueing.runs_request(gallery=gallery, classifiers=["chm-corr"])
    seen: list[tuple[str, int]] = []
    encode = evidence._gallery_encode

    def encode_and_look(*given: object) -> None:
        encode(*given)  # type: ignore[arg-type]
        run.refresh_from_db()
        seen.append((run.phase, run.n_total))
        raise RuntimeError("enough")

    monkeypatch.setattr(evidence, "_gallery_encode", encode_and_look)
    from classifiers import tasks

    tasks.predict([run.pk])
    assert seen == [("gallery photos for the matcher", 6)]


@pytest.mark.parametrize(
    ("n_done", "first", "status", "left"),
    [
        (25, 0, Job.Status.RUNNING, 300),  # 25 in 100 s, 75 are left
        (75, 50, Job.Status.RUNNING, 100),  # an earlier worker did the first 50
        (50, 50, Job.Status.RUNNING, None),
        (25, 0, Job.Status.QUEUED, None),
        (100, 0, Job.Status.RUNNING, 0),
    ],
)
def test_the_time_left_is_that_of_the_speed_so_far(
    n_done: int, first: int, status: str, left: float | None
) -> None:
    job = Gallery(
        status=status,
        n_done=n_done,
        n_total=100,
        phase_first=first,
        phase_began_at=NOW - timedelta(seconds=100),
    )
    assert job.seconds_left(NOW) == left


def test_a_phase_begins_anew_with_another_worker(gallery: Gallery) -> None:
    Gallery.objects.update(status=Job.Status.QUEUED, claim="")
    jobs.job_claim(gallery)
    jobs.job_phase(gallery, "features", n_done=4, n_total=6)
    Gallery.objects.update(status=Job.Status.QUEUED, claim="")
    jobs.job_claim(gallery)
    jobs.job_phase(gallery, "features", n_done=5, n_total=6)
    assert (gallery.phase_first, gallery.seconds_left(NOW)) == (5, None)
