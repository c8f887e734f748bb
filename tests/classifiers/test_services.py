"""What a worker does, in this process: extraction, prediction, jobs, requests."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from classifiers import tasks
from classifiers.core.backbones.backbones import backbone_load
from classifiers.core.catalogue import CLASSIFIERS
from classifiers.core.features import extract
from classifiers.core.gallery import index
from classifiers.core.methods import QueryFeatures, classify
from classifiers.models import Dataset, Evidence, Gallery, Image, Job, Neighbor, Prediction
from classifiers.services import (
    deciding,
    evidence,
    galleries,
    jobs,
    photos,
    predictions,
    queueing,
)
from tests.classifiers.conftest import BACKBONE, make_runs

pytestmark = pytest.mark.django_db


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
    monkeypatch.setattr(galleries, "BATCH", 4)
    read: list[Image] = []
    last_two = list(Image.objects.in_split(gallery.dataset, "gallery"))[4:]

    def read_four(image: Image) -> Any:
        if image in last_two:
            raise KeyboardInterrupt
        return real(image)

    real = galleries.crop_read
    monkeypatch.setattr(galleries, "crop_read", read_four)
    with pytest.raises(KeyboardInterrupt):
        galleries.gallery_extract(gallery=gallery)
    assert gallery.n_done == 4

    def read_and_note(image: Image) -> Any:
        read.append(image)
        return real(image)

    monkeypatch.setattr(galleries, "crop_read", read_and_note)
    galleries.gallery_extract(gallery=gallery)
    assert read == last_two  # the finished batch is not read again
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
    with pytest.raises(photos.PhotoMissing, match="has other bytes"):
        galleries.crop_read(photo)


def test_an_unknown_backbone_fails_with_the_known_ones(dataset: Dataset) -> None:
    gallery = Gallery.objects.create(dataset=dataset, backbone="resnet-9000")
    tasks.gallery_build(gallery.pk)
    gallery.refresh_from_db()
    assert BACKBONE in gallery.error


def test_every_classifier_predicts_every_query_once(
    gallery: Gallery, rung: list[tuple[str, Any]]
) -> None:
    runs = make_runs(gallery, *CLASSIFIERS)
    for _ in range(2):
        for together in (runs[:3], runs[3:]):  # as the doorbells ring: photos prepared alike
            tasks.predict([run.pk for run in together])
    for run in runs:
        run.refresh_from_db()
        assert (run.status, run.n_done, run.error) == (Job.Status.DONE, 6, "")
        assert run.predictions.count() == 6


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
    assert [item.image_id for item in stored] == [neighbor.image for neighbor in decision.neighbors]
    assert [item.score for item in stored] == [neighbor.score for neighbor in decision.neighbors]
    assert [len(item.matches) for item in stored] == [len(n.matches) for n in decision.neighbors]


def test_an_interrupted_prediction_goes_on_at_its_last_batch(
    gallery: Gallery, rung: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (run,) = make_runs(gallery, "knn")
    monkeypatch.setattr(deciding, "BATCH", 4)
    real = predictions.decisions_store

    def store_once(*given: Any) -> None:
        if Prediction.objects.count() == 4:
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
    assert (run.status, Prediction.objects.count()) == (Job.Status.DONE, 6)
    assert Neighbor.objects.count() == 6 * 6


def test_a_head_is_trained_the_same_every_time(
    gallery: Gallery, rung: list[tuple[str, Any]]
) -> None:
    (run,) = make_runs(gallery, "softmax")
    jobs.job_claim(run)
    stored, backbone = index.Gallery.open(gallery.folder), backbone_load(BACKBONE)
    first, second = (
        evidence.evidence_collect([run], stored, backbone)[run.pk].head for _ in range(2)
    )
    assert first is not None
    assert second is not None
    assert torch.equal(first.weight, second.weight)


def test_a_request_rings_once_the_row_is_committed(
    dataset: Dataset, rung: list[tuple[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        gallery = queueing.gallery_request(dataset=dataset, backbone=BACKBONE)
        assert rung == []
    assert rung == [("gallery_build", gallery.pk)]


def test_finished_work_is_not_asked_for_again(
    gallery: Gallery, rung: list[tuple[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        queueing.gallery_request(dataset=gallery.dataset, backbone=BACKBONE)
    assert rung == []


def test_a_failed_job_asked_for_again_is_queued(
    dataset: Dataset, rung: list[tuple[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    gallery = Gallery.objects.create(dataset=dataset, backbone=BACKBONE, status="failed", error="x")
    with django_capture_on_commit_callbacks(execute=True):
        queueing.gallery_request(dataset=dataset, backbone=BACKBONE)
    gallery.refresh_from_db()
    assert (gallery.status, gallery.error) == (Job.Status.QUEUED, "")
    assert len(rung) == 1


def test_equal_parameters_are_one_run_and_others_another(
    gallery: Gallery, rung: list[tuple[str, Any]]
) -> None:
    (plain,) = make_runs(gallery, "knn")
    ask = partial(queueing.runs_request, gallery=gallery, classifiers=["knn"])
    (same,) = ask(parameters={"n_voters": 20})
    (other,) = ask(parameters={"n_voters": 5})
    assert (same, other == plain) == (plain, False)
    assert other.parameters == {"n_voters": 5, "transform": "crop", "classes": "all"}


def test_requests_that_come_too_early_say_what_comes_first(
    dataset: Dataset, rung: list[tuple[str, Any]]
) -> None:
    gallery = Gallery.objects.create(dataset=dataset, backbone=BACKBONE)
    with pytest.raises(queueing.RequestRefused, match=r"is queued. Run: manage.py build_gallery"):
        make_runs(gallery, "knn")
    gallery.status = Job.Status.DONE
    with pytest.raises(queueing.RequestRefused, match="no images in split 'night'"):
        queueing.runs_request(gallery=gallery, classifiers=["knn"], split="night")
    Image.objects.update(split="all")
    with pytest.raises(queueing.RequestRefused, match=r"splits: all. Import .*--query-share"):
        queueing.gallery_request(dataset=dataset, backbone=BACKBONE)


def test_a_run_is_named_after_what_differs_from_the_defaults(
    gallery: Gallery, rung: list[tuple[str, Any]]
) -> None:
    ask = partial(queueing.runs_request, gallery=gallery, classifiers=["knn"])
    assert [ask()[0].name, ask(parameters={"n_voters": 5})[0].name] == [
        "knn",
        "knn-n_voters=5",
    ]


def test_a_given_name_stays_and_belongs_to_one_run(
    gallery: Gallery, rung: list[tuple[str, Any]]
) -> None:
    ask = partial(queueing.runs_request, gallery=gallery, classifiers=["knn"])
    ask()
    (run,) = ask(name="plain")
    assert (run.name, ask()[0].name) == ("plain", "plain")
    with pytest.raises(queueing.RequestRefused, match="belongs to other predictions"):
        ask(parameters={"n_voters": 5}, name="plain")
    with pytest.raises(queueing.RequestRefused, match="already named 'plain'"):
        ask(name="fancy")
    for wrong, said in (("a b", "is not possible"), ("-x", "is not possible")):
        with pytest.raises(queueing.RequestRefused, match=said):
            ask(name=wrong)


def test_a_linear_heads_activation_maps_are_stored_and_added_where_they_lack(
    gallery: Gallery, rung: list[tuple[str, Any]]
) -> None:
    (run,) = make_runs(gallery, "softmax")
    tasks.predict([run.pk])
    maps = [each.panels for each in Evidence.objects.order_by("prediction__image")]
    assert [[panel["kind"] for panel in panels] for panels in maps] == [["heatmap"]] * 6
    Evidence.objects.filter(prediction__in=run.predictions.all()[:2]).delete()
    ask = partial(queueing.runs_request, gallery=gallery, classifiers=["softmax"])
    assert ask()[0].status == Job.Status.DONE
    assert ask(has_maps=True)[0].status == Job.Status.QUEUED
    tasks.predict([run.pk])
    assert [each.panels for each in Evidence.objects.order_by("prediction__image")] == maps
    assert Prediction.objects.count() == 6
