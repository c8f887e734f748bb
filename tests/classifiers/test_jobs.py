"""The life of a job, and the commands that wait for one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from classifiers import tasks
from classifiers.management.commands import _progress
from classifiers.models import Dataset, Gallery, Image, Job
from classifiers.services import jobs, queueing
from tests.classifiers.conftest import BACKBONE, make_runs

pytestmark = pytest.mark.django_db


def test_only_one_worker_takes_a_job(dataset: Dataset) -> None:
    gallery = Gallery.objects.create(dataset=dataset, backbone=BACKBONE)
    assert jobs.job_claim(gallery)
    assert not jobs.job_claim(Gallery.objects.get())


def test_a_job_whose_worker_fell_silent_can_be_taken_over(dataset: Dataset) -> None:
    gallery = Gallery.objects.create(dataset=dataset, backbone=BACKBONE)
    jobs.job_claim(gallery)
    long_ago = timezone.now() - jobs.SILENT - timedelta(seconds=1)
    Gallery.objects.update(heartbeat_at=long_ago)
    assert jobs.job_claim(gallery)


def test_a_worker_given_up_for_lost_cannot_write_over_its_successor(dataset: Dataset) -> None:
    lost = Gallery.objects.create(dataset=dataset, backbone=BACKBONE)
    jobs.job_claim(lost)
    jobs.jobs_release()
    successor = Gallery.objects.get()
    jobs.job_claim(successor)
    with pytest.raises(jobs.JobLost):
        jobs.job_fail(lost, RuntimeError("late"))
    jobs.job_finish(successor)
    with pytest.raises(jobs.JobLost):
        jobs.job_progress(lost, n_done=1, n_total=2)
    assert Gallery.objects.get().status == Job.Status.DONE


def test_photos_that_came_later_are_predicted_too(
    gallery: Gallery, rung: list[tuple[str, Any]]
) -> None:
    (run,) = make_runs(gallery, "knn")
    tasks.predict([run.pk])
    run.predictions.first().delete()  # type: ignore[union-attr]
    (again,) = make_runs(gallery, "knn")
    assert again.status == Job.Status.QUEUED
    tasks.predict([run.pk])
    assert run.predictions.count() == 6


def test_a_built_gallery_whose_dataset_grew_says_so(
    gallery: Gallery, rung: list[tuple[str, Any]]
) -> None:
    Image.objects.filter(split="query").update(split="gallery")
    with pytest.raises(queueing.RequestRefused, match=r"built from 6 photos; .* now holds 12"):
        queueing.gallery_request(dataset=gallery.dataset, backbone=BACKBONE)


def test_a_job_that_fell_silent_is_offered_again(
    dataset: Dataset, rung: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = Gallery.objects.create(dataset=dataset, backbone=BACKBONE)
    jobs.job_claim(gallery)
    Gallery.objects.update(heartbeat_at=timezone.now() - 2 * jobs.SILENT)
    monkeypatch.setattr(_progress, "jobs_enqueue", lambda found: tasks.gallery_build(found[0].pk))
    _progress.wait_for([gallery], "gallery")
    assert Gallery.objects.get().status == Job.Status.DONE


def test_a_silent_job_is_offered_once_while_other_work_goes_on(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that waits beside a worker with other work must not flood the broker."""
    silent = Gallery.objects.create(dataset=dataset, backbone=BACKBONE)
    jobs.job_claim(silent)
    Gallery.objects.update(heartbeat_at=timezone.now() - 2 * jobs.SILENT)
    offers, turns = [], iter(range(20))
    monkeypatch.setattr(_progress, "jobs_enqueue", lambda found: offers.append(len(found)))
    monkeypatch.setattr(jobs, "is_any_worker_alive", lambda: True)
    monkeypatch.setattr("time.sleep", lambda _: None)

    def look() -> None:
        if next(turns) == 10:
            Gallery.objects.update(status=Job.Status.DONE)

    _progress.wait_for([silent], "gallery", look=look)
    assert offers == [1]


def test_a_message_for_a_job_under_way_does_nothing(dataset: Dataset) -> None:
    gallery = Gallery.objects.create(dataset=dataset, backbone="none")
    jobs.job_claim(gallery)
    tasks.gallery_build(gallery.pk)
    gallery.refresh_from_db()
    assert gallery.status == Job.Status.RUNNING
    tasks.predict([])


def test_a_fresh_worker_may_release_what_a_dead_one_held(dataset: Dataset) -> None:
    gallery = Gallery.objects.create(dataset=dataset, backbone=BACKBONE)
    jobs.job_claim(gallery)
    jobs.jobs_release()
    assert jobs.job_claim(gallery)


def test_the_commands_wait_and_report(
    gallery: Gallery, rung: list[tuple[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("build_gallery", "shades")
    few = {"n_voters": 3}
    runs = queueing.runs_request(gallery=gallery, classifiers=["knn"], parameters=few)
    tasks.predict([run.pk for run in runs])
    call_command("predict", "shades", "--classifier", "knn", "--set", "n_voters=3")
    said, warned = capsys.readouterr()
    assert "look at the AI's memory (the gallery): it has 6 photos, and 20 vote" in warned
    assert "Gallery shades/efficientnet-lite0: 6 photos" in said
    assert "knn            6 of 6: 100.0 % right" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["build_gallery", "none"], "No dataset 'none'; datasets: shades"),
        (["predict", "shades"], r"has no gallery of efficientnet-lite0. Run: manage.py build"),
    ],
)
def test_the_commands_refuse_with_a_reason(
    dataset: Dataset, words: list[str], message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        call_command(*words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--classifier", "magic"], "Unknown classifier 'magic'; known: softmax, knn"),
        (["--classifier", "knn", "--set", "k=3"], "no parameter 'k'; known: classes, n_voters"),
        (["--classifier", "knn", "--set", "n_voters=some"], "n_voters is 'some'; expected a whole"),
        (["--split", "night"], "no images in split 'night'"),
    ],
)
def test_predict_refuses_what_does_not_exist(
    gallery: Gallery, words: list[str], message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("predict", "shades", *words)


def test_work_that_no_worker_takes_is_named_with_the_remedy(
    dataset: Dataset, rung: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_progress, "PATIENCE_S", 0)
    with pytest.raises(CommandError, match=r"Start a worker .*celery -A study_site worker"):
        call_command("build_gallery", "shades")


def test_a_job_that_failed_fails_the_command_with_its_error(dataset: Dataset) -> None:
    gallery = Gallery.objects.create(
        dataset=dataset, backbone=BACKBONE, status=Job.Status.FAILED, error="disk full"
    )
    with pytest.raises(CommandError, match="disk full"):
        _progress.wait_for([gallery], "gallery")
