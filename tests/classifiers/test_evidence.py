"""What a run looks at beside the photos: targets, masks, heads, competing classes."""

from __future__ import annotations

import hashlib
import json
import shutil
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from django.core.management import CommandError, call_command
from pytest_django import Settings

from classifiers import tasks
from classifiers.core.backbones.backbones import backbone_load, imagenet_wnids, own_head
from classifiers.core.chm.matcher_features import Targets, targets_folder
from classifiers.core.chm.matchers import CHM_LITE0, matcher_load
from classifiers.core.gallery import index
from classifiers.core.methods import classify
from classifiers.models import (
    Category,
    Dataset,
    Gallery,
    Image,
    Job,
    Prediction,
    PredictionRun,
    Shard,
)
from classifiers.services import evidence, masks, photos, queueing
from tests.classifiers.conftest import BACKBONE, make_runs

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
Rung = list[tuple[str, Any]]


@pytest.fixture
def dataset(dataset: Dataset) -> Dataset:
    """Keep one query of each kind: every pair with a gallery photo takes the matcher a while."""
    for category in dataset.categories.all():
        first, *others = category.images.filter(split=Image.QUERY).order_by("source")
        Image.objects.filter(pk__in=[other.pk for other in others]).delete()
        assert first.split == Image.QUERY
    return dataset


def predicted(gallery: Gallery, classifier: str, **parameters: Any) -> PredictionRun:
    (run,) = queueing.runs_request(gallery=gallery, classifiers=[classifier], parameters=parameters)
    tasks.predict([run.pk])
    run.refresh_from_db()
    return run


def test_the_gallery_is_encoded_once_for_every_run(gallery: Gallery, rung: Rung) -> None:
    assert predicted(gallery, "chm-corr").status == Job.Status.DONE
    stored = index.Gallery.open(gallery.folder)
    written = targets_folder(stored, matcher_load("chm-lite0")) / "targets.npy"
    before = written.stat().st_mtime_ns
    assert predicted(gallery, "chm-corr", n_patches=3).status == Job.Status.DONE
    assert written.stat().st_mtime_ns == before
    assert Targets.open(stored, matcher_load("chm-lite0")).kept.shape[0] == 6


def test_an_interrupted_encoding_goes_on(
    gallery: Gallery, rung: Rung, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Image] = []
    is_broken = True
    last_two = list(Image.objects.in_split(gallery.dataset, "gallery"))[4:]

    def read_some(image: Image) -> Any:
        read.append(image)
        if is_broken and image in last_two:
            raise RuntimeError("the power went")
        return photos.photo_read(image)

    monkeypatch.setattr(evidence, "TARGETS_BATCH", 4)
    monkeypatch.setattr(evidence, "photo_read", read_some)
    run = predicted(gallery, "chm-corr")
    assert (run.status, run.n_done, run.n_total) == (Job.Status.FAILED, 4, 6)
    is_broken = False
    read.clear()
    assert predicted(gallery, "chm-corr").status == Job.Status.DONE
    assert read == last_two


@pytest.mark.parametrize(("transform", "paper"), [("crop", False), ("squash", True)])
def test_stored_chm_decisions_are_the_cores(
    gallery: Gallery, rung: Rung, paper: bool, transform: str
) -> None:
    parameters: dict[str, Any] = {"paper": paper, "transform": transform}
    run = predicted(gallery, "chm-corr", **parameters)
    stored = index.Gallery.open(gallery.folder)
    for prediction in run.predictions.select_related("image__dataset", "category"):
        decision = classify(prediction.image.path, stored, "chm-corr", **parameters)
        assert (prediction.category.index, prediction.n_votes) == (decision.label, decision.n_votes)
        neighbors = list(prediction.neighbors.order_by("rank"))
        assert [neighbor.score for neighbor in neighbors] == [
            neighbor.score for neighbor in decision.neighbors
        ]
        pairs = [[m["gallery_cell"] for m in neighbor.matches] for neighbor in neighbors]
        expected = [[m.gallery_cell for m in neighbor.matches] for neighbor in decision.neighbors]
        assert pairs == expected


def test_runs_whose_photos_are_prepared_alike_ring_together(
    gallery: Gallery, rung: Rung, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        runs = make_runs(gallery, "softmax", "chm-corr", "knn", "chm-corr-plus")
    keys = [run.pk for run in runs]
    assert rung == [("predict", [keys[0], keys[2]]), ("predict", [keys[1], keys[3]])]


def test_a_run_keeps_to_the_weights_it_began_with(
    gallery: Gallery, rung: Rung, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = predicted(gallery, "chm-corr")
    assert len(run.parameters["matcher_sha256"]) == 64
    PredictionRun.objects.update(status=Job.Status.QUEUED, claim="")
    run.predictions.all()[:1].get().delete()
    state = torch.load(CHM_LITE0, weights_only=True)
    torch.save({name: 2 * each for name, each in state.items()}, tmp_path / "other.pt")
    other = partial(matcher_load, checkpoint=tmp_path / "other.pt")
    monkeypatch.setattr(evidence, "matcher_load", other)
    tasks.predict([run.pk])
    run.refresh_from_db()
    assert "Register those again, or request the prediction again" in run.error
    monkeypatch.setattr(queueing, "EMBEDDED_WEIGHTS", tmp_path / "other.pt")
    again = predicted(gallery, "chm-corr")
    assert again != run
    assert again.status == Job.Status.DONE


def test_a_learner_of_ones_own_predicts_by_name(
    gallery: Gallery, rung: Rung, settings: Settings, tmp_path: Path
) -> None:
    state = torch.load(CHM_LITE0, weights_only=True)
    torch.save({name: 2 * each for name, each in state.items()}, tmp_path / "shades.pt")
    settings.WEIGHTS_DIR = tmp_path / "weights"
    call_command("add_weights", str(tmp_path / "shades.pt"))
    run = predicted(gallery, "chm-corr", matcher="chm-trained")
    assert (run.status, run.predictions.count()) == (Job.Status.DONE, 2)
    sha256 = hashlib.sha256((tmp_path / "shades.pt").read_bytes()).hexdigest()
    assert run.parameters["matcher_sha256"] == sha256
    assert (gallery.folder / f"chm-trained-crop-{sha256[:8]}" / "targets.npy").is_file()


def test_one_runs_missing_evidence_fails_it_alone(gallery: Gallery, rung: Rung) -> None:
    knn, own = queueing.runs_request(
        gallery=gallery, classifiers=["knn", "softmax"], parameters={"own_head": True}
    )
    tasks.predict([knn.pk, own.pk])
    for run in (knn, own):
        run.refresh_from_db()
    assert (knn.status, own.status) == (Job.Status.DONE, Job.Status.FAILED)


def test_a_split_that_gained_classes_is_refused(gallery: Gallery, rung: Rung) -> None:
    Image.objects.filter(split="query", category__index=1).update(split="later")
    predicted(gallery, "knn", classes="split")
    Image.objects.filter(split="later").update(split="query")
    with pytest.raises(queueing.RequestRefused, match="photos of 1 more have come in since"):
        predicted(gallery, "knn", classes="split")
    assert predicted(gallery, "knn").predictions.count() == 2


def test_unregistered_weights_are_refused_before_any_work(
    gallery: Gallery, rung: Rung, settings: Settings, tmp_path: Path
) -> None:
    settings.WEIGHTS_DIR = tmp_path
    with pytest.raises(queueing.RequestRefused, match="No weights of chmnet-psi are registered"):
        predicted(gallery, "chm-corr", matcher="chmnet-psi")
    (tmp_path / "chmnet-psi.json").write_text(json.dumps({"sha256": "a" * 64}))
    asked = queueing.parameters_asked("chm-corr", {"matcher": "chmnet-psi"})
    assert asked["matcher_sha256"] == "a" * 64


def test_a_lost_gallery_is_built_again(
    gallery: Gallery, rung: Rung, django_capture_on_commit_callbacks: Any
) -> None:
    shutil.rmtree(gallery.folder)
    with django_capture_on_commit_callbacks(execute=True):
        asked = queueing.gallery_request(dataset=gallery.dataset, backbone=BACKBONE)
    assert (asked.status, rung) == (Job.Status.QUEUED, [("gallery_build", gallery.pk)])


def test_only_classes_of_the_split_compete(gallery: Gallery, rung: Rung) -> None:
    Image.objects.filter(split="query", category__index=1).delete()
    for name in ("softmax", "knn", "emd-corr", "chm-corr"):
        run = predicted(gallery, name, classes="split")
        labels = set(run.predictions.values_list("category__index", flat=True))
        assert (run.status, labels) == (Job.Status.DONE, {0})
        voters = set(run.predictions.values_list("neighbors__image__category__index", flat=True))
        assert voters <= {0, None}


def test_the_backbones_own_head_needs_imagenets_classes(gallery: Gallery, rung: Rung) -> None:
    run = predicted(gallery, "softmax", own_head=True)
    assert "2 categories are none of ImageNet's, the first 'bright'" in run.error
    for category, wnid in zip(Category.objects.order_by("index"), imagenet_wnids(), strict=False):
        category.name = wnid
        category.save()
    assert predicted(gallery, "softmax", own_head=True).status == Job.Status.DONE
    loaded = backbone_load(BACKBONE)
    head = evidence._own_head(loaded, list(Category.objects.order_by("index")))
    weight, _ = own_head(loaded) or pytest.fail("the embedded backbone has a head")
    assert torch.equal(head.weight, weight[:2].double())  # the first two classes by WordNet id
    stored = Prediction.objects.all()
    assert stored.filter(confidence__range=(0.5, 1)).count() == len(stored) > 0


def test_a_backbone_without_a_head_of_its_own_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "own_head", lambda backbone: None)
    backbone: Any = SimpleNamespace(spec=SimpleNamespace(name="tiny"))
    with pytest.raises(evidence.EvidenceMissing, match="tiny has no own head; expected own"):
        evidence._own_head(backbone, [])


def test_a_helper_with_other_weights_makes_no_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    matcher = SimpleNamespace(sha256="b" * 64)
    monkeypatch.setattr(evidence, "matcher_load", lambda name, *_, **__: matcher)
    with pytest.raises(evidence.EvidenceMissing, match="sha256 bbbbbbbb… here; the targets of"):
        evidence.targets_producer("7-chm-lite0-whole-aaaaaaaa")
    assert callable(evidence.targets_producer("7-chm-lite0-whole-bbbbbbbb"))


def test_targets_of_a_photo_that_a_helper_could_not_read_are_missing() -> None:
    matcher: Any = None  # it is not asked
    encoder = evidence._Encoder(matcher, "crop")
    with pytest.raises(photos.PhotoMissing, match="Gallery photo 7: it is gone"):
        next(encoder.of_shard(Shard(skipped=[[7, "it is gone"]])))


def test_masks_by_image_are_kept_and_used(
    gallery: Gallery, rung: Rung, tmp_path: Path, settings: Settings
) -> None:
    settings.DATA_DIR = tmp_path / "var"
    corner = [[1] + [0] * 6, *[[0] * 7] * 6]
    file = tmp_path / "masks.json"
    file.write_text(
        json.dumps({f"{kind}/{i}.png": corner for kind in ("bright", "dark") for i in range(3)})
    )
    run = predicted(gallery, "chm-corr-plus", masks=masks.masks_keep(file))
    file.unlink()
    assert (run.status, run.error) == (Job.Status.DONE, "")
    cells = {
        match["query_cell"]
        for prediction in run.predictions.all()
        for neighbor in prediction.neighbors.all()
        for match in neighbor.matches
    }
    assert cells == {0}


def test_an_image_without_a_mask_is_named(
    gallery: Gallery, rung: Rung, tmp_path: Path, settings: Settings
) -> None:
    settings.DATA_DIR = tmp_path / "var"
    file = tmp_path / "masks.json"
    file.write_text(json.dumps({"dark/0.png": "1" * 49}))
    run = predicted(gallery, "chm-corr-plus", masks=masks.masks_keep(file))
    assert "No mask for query/bright/0.png" in run.error
    lost = predicted(gallery, "chm-corr-plus", masks="0" * 64)
    assert "Run predict again with --masks FILE" in lost.error


def test_predict_refuses_a_file_that_holds_no_masks(gallery: Gallery, tmp_path: Path) -> None:
    file = tmp_path / "masks.json"
    file.write_text("[]")
    options = ("--classifier", "chm-corr-plus", "--masks", str(file))
    with pytest.raises(CommandError, match="holds list; expected an object of masks"):
        call_command("predict", "shades", *options)
