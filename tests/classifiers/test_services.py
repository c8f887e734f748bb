"""What a worker does, in this process: extraction, prediction, jobs, requests."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from django.core.management import CommandError, call_command
from django.utils import timezone
from PIL import Image as Pixels

from classifiers import tasks
from classifiers.core import index
from classifiers.core.backbones import backbone_load
from classifiers.core.features import extract
from classifiers.core.methods import QueryFeatures, classify
from classifiers.management.commands import _progress
from classifiers.models import Dataset, Gallery, Image, Job, Neighbor, Prediction, PredictionRun
from classifiers.services import galleries, jobs, predictions, requests
from classifiers.services.datasets import dataset_import

pytestmark = pytest.mark.django_db
BACKBONE = "efficientnet-lite0"


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """Record the doorbells instead of ringing them."""
    seen: list[tuple[str, Any]] = []
    for name in ("gallery_build", "predict"):
        task = getattr(tasks, name)
        monkeypatch.setattr(task, "delay", lambda ids, name=name: seen.append((name, ids)))
    return seen


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Import six gallery photos and three queries of two kinds: dark and bright."""
    rng = np.random.default_rng(0)
    for split, n in (("gallery", 3), ("query", 2)):
        for category, shade in (("bright", 190), ("dark", 60)):
            folder = tmp_path / "photos" / split / category
            folder.mkdir(parents=True)
            for number in range(n):
                noise = np.clip(rng.normal(shade, 30, (64, 64)), 0, 255).astype(np.uint8)
                Pixels.fromarray(noise).save(folder / f"{number}.png")
    dataset_import(slug="shades", root=tmp_path / "photos")
    return Dataset.objects.get()


@pytest.fixture
def gallery(dataset: Dataset) -> Gallery:
    """Build the gallery."""
    gallery = Gallery.objects.create(dataset=dataset, backbone=BACKBONE)
    tasks.gallery_build(gallery.pk)
    gallery.refresh_from_db()
    return gallery


def make_runs(gallery: Gallery, *names: str) -> list[PredictionRun]:
    return requests.runs_request(gallery=gallery, classifiers=names)


def test_a_gallery_holds_every_photo_in_folder_order(gallery: Gallery) -> None:
    stored = index.Gallery.open(gallery.folder)
    expected = Image.objects.in_split(gallery.dataset, "gallery").values_list("pk", flat=True)
    assert list(stored.image_ids) == list(expected)
    assert list(stored.labels) == [0, 0, 0, 1, 1, 1]
    assert (gallery.status, gallery.n_done, gallery.n_total) == (Job.Status.DONE, 6, 6)
    assert gallery.finished_at is not None


def running(gallery: Gallery) -> None:
    """Put a gallery back to where a worker holds it."""
    gallery.status, gallery.claim = Job.Status.RUNNING, "me"
    gallery.save()


def test_an_interrupted_extraction_goes_on_and_gives_the_same_bits(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = index.Gallery.open(gallery.folder).vectors.copy()
    running(gallery)
    for file in gallery.folder.iterdir():
        file.unlink()
    monkeypatch.setattr(galleries, "BATCH", 2)
    calls = []

    def extract_twice(*given: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return extract(*given)

    monkeypatch.setattr(galleries, "extract", extract_twice)
    with pytest.raises(KeyboardInterrupt):
        galleries.gallery_extract(gallery=gallery)
    assert gallery.n_done == 2
    galleries.gallery_extract(gallery=gallery)
    assert len(calls) == 4  # one finished batch, one interrupted, two more
    assert np.array_equal(index.Gallery.open(gallery.folder).vectors, whole)


def test_a_photo_that_is_gone_fails_the_job_with_its_name(dataset: Dataset) -> None:
    photo = dataset.images.filter(split="gallery")[0]
    photo.path.unlink()
    gallery = Gallery.objects.create(dataset=dataset, backbone=BACKBONE)
    tasks.gallery_build(gallery.pk)
    gallery.refresh_from_db()
    assert gallery.status == Job.Status.FAILED
    assert photo.source in gallery.error
    assert "import_dataset shades again" in gallery.error


def test_a_photo_with_other_bytes_is_not_used(dataset: Dataset) -> None:
    photo = dataset.images.filter(split="gallery")[0]
    photo.path.write_bytes(photo.path.read_bytes() + b"\0")
    with pytest.raises(galleries.PhotoMissing, match="has other bytes"):
        galleries.crop_read(photo)


def test_an_unknown_backbone_fails_with_the_known_ones(dataset: Dataset) -> None:
    gallery = Gallery.objects.create(dataset=dataset, backbone="resnet-9000")
    tasks.gallery_build(gallery.pk)
    gallery.refresh_from_db()
    assert BACKBONE in gallery.error


def test_every_classifier_predicts_every_query_once(
    gallery: Gallery, rung: list[tuple[str, Any]]
) -> None:
    runs = make_runs(gallery, "softmax", "knn", "emd-corr")
    for _ in range(2):
        tasks.predict([run.pk for run in runs])
    for run in runs:
        run.refresh_from_db()
        assert (run.status, run.n_done, run.error) == (Job.Status.DONE, 4, "")
        assert run.predictions.count() == 4


def test_stored_predictions_are_the_cores_decisions(
    gallery: Gallery, rung: list[tuple[str, Any]]
) -> None:
    (run,) = make_runs(gallery, "emd-corr")
    tasks.predict([run.pk])
    prediction = Prediction.objects.select_related("image__dataset").first()
    assert prediction is not None
    backbone = backbone_load(BACKBONE)
    features = extract(backbone, galleries.crop_read(prediction.image)[None])
    query = QueryFeatures(features.maps[0], features.vectors[0])
    decision = classify(query, index.Gallery.open(gallery.folder), "emd-corr")
    assert prediction.category.index == decision.label
    assert (prediction.n_votes, prediction.n_voters) == (decision.n_votes, decision.n_voters)
    stored = list(prediction.neighbors.order_by("rank"))
    assert [each.image_id for each in stored] == [each.image for each in decision.neighbors]
    assert [each.score for each in stored] == [each.score for each in decision.neighbors]
    assert [len(each.matches) for each in stored] == [len(n.matches) for n in decision.neighbors]


def test_an_interrupted_prediction_goes_on_at_its_last_batch(
    gallery: Gallery, rung: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (run,) = make_runs(gallery, "knn")
    monkeypatch.setattr(galleries, "BATCH", 1)
    real = predictions.decisions_store

    def store_once(*given: Any) -> None:
        if Prediction.objects.count() == 1:
            raise RuntimeError("the power went")
        real(*given)

    monkeypatch.setattr(predictions, "decisions_store", store_once)
    tasks.predict([run.pk])
    run.refresh_from_db()
    assert (run.status, run.error) == (Job.Status.FAILED, "RuntimeError: the power went")
    monkeypatch.setattr(predictions, "decisions_store", real)
    make_runs(gallery, "knn")
    tasks.predict([run.pk])
    run.refresh_from_db()
    assert (run.status, Prediction.objects.count()) == (Job.Status.DONE, 4)
    assert Neighbor.objects.count() == 4 * 6


def test_a_head_is_trained_the_same_every_time(
    gallery: Gallery, rung: list[tuple[str, Any]]
) -> None:
    (run,) = make_runs(gallery, "softmax")
    jobs.job_claim(run)
    stored = index.Gallery.open(gallery.folder)
    first, second = (predictions._head(run, stored, 2) for _ in range(2))
    assert first is not None
    assert second is not None
    assert torch.equal(first.weight, second.weight)


def test_a_request_rings_once_the_row_is_committed(
    dataset: Dataset, rung: list[tuple[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        gallery = requests.gallery_request(dataset=dataset, backbone=BACKBONE)
        assert rung == []
    assert rung == [("gallery_build", gallery.pk)]


def test_finished_work_is_not_asked_for_again(
    gallery: Gallery, rung: list[tuple[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        requests.gallery_request(dataset=gallery.dataset, backbone=BACKBONE)
    assert rung == []


def test_a_failed_job_asked_for_again_is_queued(
    dataset: Dataset, rung: list[tuple[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    gallery = Gallery.objects.create(dataset=dataset, backbone=BACKBONE, status="failed", error="x")
    with django_capture_on_commit_callbacks(execute=True):
        requests.gallery_request(dataset=dataset, backbone=BACKBONE)
    gallery.refresh_from_db()
    assert (gallery.status, gallery.error) == (Job.Status.QUEUED, "")
    assert len(rung) == 1


def test_equal_parameters_are_one_run_and_others_another(
    gallery: Gallery, rung: list[tuple[str, Any]]
) -> None:
    (plain,) = make_runs(gallery, "knn")
    ask = partial(requests.runs_request, gallery=gallery, classifiers=["knn"])
    (same,) = ask(parameters={"n_voters": 20})
    (other,) = ask(parameters={"n_voters": 5})
    assert (same, other == plain) == (plain, False)
    assert other.parameters == {"n_voters": 5}


def test_requests_that_come_too_early_say_what_comes_first(
    dataset: Dataset, rung: list[tuple[str, Any]]
) -> None:
    gallery = Gallery.objects.create(dataset=dataset, backbone=BACKBONE)
    with pytest.raises(requests.RequestRefused, match=r"is queued. Run: manage.py build_gallery"):
        make_runs(gallery, "knn")
    gallery.status = Job.Status.DONE
    with pytest.raises(requests.RequestRefused, match="no images in split 'night'"):
        requests.runs_request(gallery=gallery, classifiers=["knn"], split="night")
    Image.objects.update(split="all")
    with pytest.raises(requests.RequestRefused, match=r"splits: all. Import .*--query-share"):
        requests.gallery_request(dataset=dataset, backbone=BACKBONE)


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
    assert run.predictions.count() == 4


def test_a_built_gallery_whose_dataset_grew_says_so(
    gallery: Gallery, rung: list[tuple[str, Any]]
) -> None:
    Image.objects.filter(split="query").update(split="gallery")
    with pytest.raises(requests.RequestRefused, match=r"built from 6 photos; .* now holds 10"):
        requests.gallery_request(dataset=gallery.dataset, backbone=BACKBONE)


def test_a_job_that_fell_silent_is_offered_again(
    dataset: Dataset, rung: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = Gallery.objects.create(dataset=dataset, backbone=BACKBONE)
    jobs.job_claim(gallery)
    Gallery.objects.update(heartbeat_at=timezone.now() - 2 * jobs.SILENT)
    monkeypatch.setattr(_progress, "work_ring", lambda found: tasks.gallery_build(found[0].pk))
    _progress.wait_for([gallery], "gallery")
    assert Gallery.objects.get().status == Job.Status.DONE


def test_a_doorbell_for_a_job_under_way_does_nothing(dataset: Dataset) -> None:
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
    runs = requests.runs_request(gallery=gallery, classifiers=["knn"], parameters=few)
    tasks.predict([run.pk for run in runs])
    call_command("predict", "shades", "--classifier", "knn", "--set", "n_voters=3")
    said = capsys.readouterr().out
    assert "Gallery shades/efficientnet-lite0: 6 photos" in said
    assert "knn        4 of 4: 100.0 % right" in said


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
        (["--classifier", "knn", "--set", "k=3"], "no parameter 'k'; known: n_voters"),
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
