"""One job on many workers: the same files, whoever does which part, and whatever happens."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from numpy.typing import NDArray

from classifiers import tasks
from classifiers.core.gallery import index
from classifiers.models import (
    Dataset,
    Gallery,
    Image,
    Job,
    Neighbor,
    Prediction,
    PredictionRun,
    Shard,
)
from classifiers.services import (
    deciding,
    evidence,
    galleries,
    jobs,
    predictions,
    queueing,
    shard_help,
    shard_work,
    shards,
)
from classifiers.services.cancelling import CANCELLED, job_cancel
from classifiers.services.pairs import pairs_folder
from classifiers.services.photos import PhotoMissing
from tests.classifiers.conftest import BACKBONE, make_runs

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
NAMES = ["softmax", "knn", "emd-corr"]
Meanwhile = Callable[[str], object]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six photos are two shards: four and two."""
    for module, name in ((galleries, "BATCH"), (deciding, "BATCH"), (evidence, "TARGETS_BATCH")):
        monkeypatch.setattr(module, name, 4)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Meanwhile], None]:
    """Let something happen once the leading worker has planned the shards."""
    return lambda act: monkeypatch.setattr(shards, "help_ask", act)


def arrays(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.npy")}


def decided() -> list[tuple[Any, ...]]:
    found = Prediction.objects.order_by("run__classifier", "image")
    columns = ("run__classifier", "image", "category", "confidence", "n_votes", "evidence__panels")
    near = Neighbor.objects.order_by("prediction__run__classifier", "prediction__image", "rank")
    return [*found.values_list(*columns), *near.values_list("rank", "image", "score", "matches")]


def again(gallery: Gallery) -> Gallery:
    """Build a gallery anew."""
    shutil.rmtree(gallery.folder)
    Gallery.objects.update(status=Job.Status.QUEUED, claim="")
    tasks.gallery_build(gallery.pk)
    gallery.refresh_from_db()
    return gallery


def help_with_one(work: str) -> None:
    """Do the last free shard, as another worker does."""
    later = Shard.objects.filter(work=work).last()
    assert later is not None
    assert shards.shard_claim(later)
    shard_work.shard_do(later, shard_help.producer_of(work))


@pytest.mark.parametrize("help_", [shard_help.work_help, help_with_one])
def test_a_gallery_of_several_workers_is_that_of_one(
    gallery: Gallery, meanwhile: Callable[[Meanwhile], None], help_: Meanwhile
) -> None:
    alone = arrays(gallery.folder)
    meanwhile(help_)
    assert again(gallery).status == Job.Status.DONE
    assert arrays(gallery.folder) == alone
    assert (gallery.n_done, gallery.n_total, Shard.objects.count()) == (6, 6, 0)
    assert not gallery.folder.parent.joinpath("shards", f"gallery-{gallery.pk}").exists()


@pytest.mark.parametrize("help_", [shard_help.work_help, help_with_one])
def test_predictions_of_several_workers_are_those_of_one(
    gallery: Gallery,
    rung: list[tuple[str, Any]],
    meanwhile: Callable[[Meanwhile], None],
    help_: Meanwhile,
) -> None:
    keys = [run.pk for run in make_runs(gallery, *NAMES)]
    tasks.predict(keys)
    alone = decided()
    Prediction.objects.all().delete()
    make_runs(gallery, *NAMES)
    meanwhile(help_)
    tasks.predict(keys)
    assert len(alone) == 3 * 6 + 2 * 6 * 6
    assert decided() == alone


def test_targets_and_cosines_of_several_workers_are_those_of_one(
    gallery: Gallery,
    rung: list[tuple[str, Any]],
    meanwhile: Callable[[Meanwhile], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queries = Image.objects.filter(split=Image.QUERY).order_by("source")
    Image.objects.filter(pk__in=[image.pk for image in queries[2:]]).delete()
    monkeypatch.setattr(deciding, "MATCHER_BATCH", 1)
    (run,) = make_runs(gallery, "chm-corr")
    tasks.predict([run.pk])
    pairs = pairs_folder(run)
    alone = decided(), arrays(gallery.folder), (pairs / "pairs.bin").read_bytes()
    Prediction.objects.all().delete()
    shutil.rmtree(pairs)
    for folder in gallery.folder.glob("chm-lite0-*/"):
        shutil.rmtree(folder)
    make_runs(gallery, "chm-corr")
    meanwhile(help_with_one)
    tasks.predict([run.pk])
    assert (decided(), arrays(gallery.folder), (pairs / "pairs.bin").read_bytes()) == alone


def test_what_a_helper_did_is_kept_when_the_leading_worker_ends(
    gallery: Gallery, meanwhile: Callable[[Meanwhile], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = arrays(gallery.folder)

    def killed(work: str) -> None:
        help_with_one(work)
        raise KeyboardInterrupt

    meanwhile(killed)
    with pytest.raises(KeyboardInterrupt):
        again(gallery)
    meanwhile(lambda _: None)
    read: list[int] = []
    real = galleries.crop_read

    def noted(image: Image) -> NDArray[np.uint8]:
        read.append(image.pk)
        return real(image)

    monkeypatch.setattr(galleries, "crop_read", noted)
    tasks.gallery_build(gallery.pk)
    assert len(read) == 4
    assert arrays(gallery.folder) == alone


def test_a_file_that_is_not_what_was_written_is_done_again(
    gallery: Gallery, meanwhile: Callable[[Meanwhile], None]
) -> None:
    alone = arrays(gallery.folder)

    def spoil(work: str) -> None:
        help_with_one(work)
        Shard.objects.get(status=Job.Status.DONE).file.write_bytes(b"half")

    meanwhile(spoil)
    assert again(gallery).status == Job.Status.DONE
    assert arrays(gallery.folder) == alone


def test_a_shard_that_fails_at_a_helper_is_done_by_the_leading_worker(
    gallery: Gallery, meanwhile: Callable[[Meanwhile], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(work: str) -> None:
        def produce(*_: object) -> Any:
            raise OSError("no such folder here")

        with monkeypatch.context() as patch:
            patch.setattr(shard_help, "producer_of", lambda _: produce)
            shard_help.work_help(work)
        assert Shard.objects.exclude(error="").get().error == "OSError: no such folder here"

    meanwhile(fail)
    assert again(gallery).status == Job.Status.DONE


def test_a_silent_helpers_shard_is_free_again(
    gallery: Gallery, meanwhile: Callable[[Meanwhile], None]
) -> None:
    def lose(work: str) -> None:
        assert shards.shard_next(work) is not None
        long_ago = timezone.now() - jobs.SILENT - timedelta(seconds=1)
        Shard.objects.filter(status=Job.Status.RUNNING).update(heartbeat_at=long_ago)

    meanwhile(lose)
    assert again(gallery).status == Job.Status.DONE


@pytest.fixture
def some_may_lack(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one photo of six be left out; of fewer than a hundred it is none otherwise."""
    for module in (galleries, predictions):
        monkeypatch.setattr(module, "may_skip", lambda _: 1)


@pytest.mark.parametrize("help_", [shard_help.work_help, lambda _: None])
def test_a_photo_that_cannot_be_read_is_named_and_left_out(
    dataset: Dataset,
    some_may_lack: None,
    meanwhile: Callable[[Meanwhile], None],
    rung: list[tuple[str, Any]],
    help_: Meanwhile,
) -> None:
    meanwhile(help_)
    lost = [dataset.images.filter(split=split)[1] for split in ("gallery", "query")]
    for image in lost:
        image.path.unlink()
    gallery = queueing.gallery_request(dataset=dataset, backbone=BACKBONE)
    tasks.gallery_build(gallery.pk)
    gallery.refresh_from_db()
    assert (gallery.status, gallery.n_done, gallery.n_total) == (Job.Status.DONE, 6, 6)
    assert gallery.skipped[0][0] == lost[0].pk
    assert "cannot be read" in gallery.skipped[0][1]
    assert lost[0].pk not in index.Gallery.open(gallery.folder).image_ids
    (run,) = make_runs(gallery, "knn")
    tasks.predict([run.pk])
    run.refresh_from_db()
    assert (run.status, run.n_done, run.predictions.count()) == (Job.Status.DONE, 6, 5)
    assert [image for image, _ in run.skipped] == [lost[1].pk]


def test_a_cancelled_gallery_stops_and_goes_on_when_asked_again(
    gallery: Gallery, meanwhile: Callable[[Meanwhile], None], rung: list[tuple[str, Any]]
) -> None:
    alone = arrays(gallery.folder)
    meanwhile(lambda _: job_cancel(Gallery.objects.get()))
    assert again(gallery).error == CANCELLED
    assert (gallery.status, Shard.objects.count()) == (Job.Status.FAILED, 0)
    assert not job_cancel(gallery)
    meanwhile(lambda _: None)
    queueing.gallery_request(dataset=gallery.dataset, backbone=BACKBONE)
    tasks.gallery_build(gallery.pk)
    assert arrays(gallery.folder) == alone


def test_a_cancelled_run_leaves_the_others_of_its_pass_to_go_on(
    gallery: Gallery, meanwhile: Callable[[Meanwhile], None], rung: list[tuple[str, Any]]
) -> None:
    knn, emd = make_runs(gallery, "knn", "emd-corr")
    meanwhile(lambda _: job_cancel(knn))
    tasks.predict([knn.pk, emd.pk])
    assert [run.status for run in PredictionRun.objects.order_by("pk")] == ["failed", "queued"]
    tasks.predict([emd.pk])
    emd.refresh_from_db()
    assert (emd.status, emd.predictions.count()) == (Job.Status.DONE, 6)


@pytest.fixture
def two(trees: Gallery) -> list[Shard]:
    """Two free shards of a job, of two photos each."""
    keys = list(trees.dataset.images.values_list("pk", flat=True)[:4])
    return [
        Shard.objects.create(work="gallery-1", place=place, images=keys[place : place + 2])
        for place in (0, 2)
    ]


def nothing(images: Sequence[Image], skip: shard_work.OnSkip) -> Iterator[tuple[int, Any]]:
    """Do the photos of a shard at once."""
    yield len(images), {"kept": np.zeros(len(images))}


def test_a_shard_has_one_worker(two: list[Shard]) -> None:
    assert shards.shard_claim(two[0])
    assert not shards.shard_claim(Shard.objects.get(pk=two[0].pk))
    assert shards.shard_next("gallery-1") == two[1]
    assert shards.shard_next("gallery-1") is None


def test_a_job_whose_shards_wait_is_announced_once(
    two: list[Shard], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(tasks.shards_help, "delay", sent.append)
    tasks._shards_enqueue(two)
    assert sent == ["gallery-1"]
    Shard.objects.update(error="ValueError: x")  # the leading worker does them
    tasks._shards_enqueue(two)
    assert sent == ["gallery-1"]


def test_the_leading_worker_does_later_shards_while_a_helper_has_the_head(
    two: list[Shard], monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {image: place for place, image in enumerate(two[0].images + two[1].images)}
    lead = shards.Lead("gallery-1", places, size=2, alive=lambda: None, stage=lambda shard: None)
    shards.shard_claim(two[0])
    two[0].refresh_from_db()

    def stage(shard: Shard) -> None:
        shard_work.shard_do(shard, nothing)
        shard_work.shard_do(two[0], nothing)  # meanwhile the helper ends

    lead._stage = stage
    assert [part.images for part in lead.parts()] == [two[0].images, two[1].images]
    assert not Shard.objects.exists()


def test_the_leading_worker_waits_with_its_heartbeat_for_the_last_helper(
    two: list[Shard], monkeypatch: pytest.MonkeyPatch
) -> None:
    two[1].delete()
    shards.shard_claim(two[0])
    monkeypatch.setattr(shards, "LOOK_EVERY_S", 0)
    beats: list[int] = []

    def alive() -> None:
        beats.append(1)
        if len(beats) == 2:
            shard_work.shard_do(two[0], nothing)

    places = {image: place for place, image in enumerate(two[0].images)}
    lead = shards.Lead("gallery-1", places, size=2, alive=alive, stage=lambda shard: None)
    assert [part.images for part in lead.parts()] == [two[0].images]
    assert len(beats) == 2


@pytest.mark.parametrize(("error", "is_left"), [(jobs.JobLost, True), (KeyboardInterrupt, False)])
def test_a_later_shard_that_is_lost_ends_no_job_and_an_interruption_gives_it_up(
    two: list[Shard], error: type[BaseException], is_left: bool
) -> None:
    def stage(shard: Shard) -> None:
        raise error("another worker has it")

    lead = shards.Lead("gallery-1", {}, size=2, alive=lambda: None, stage=stage)
    with nullcontext() if is_left else pytest.raises(error):
        lead._stage_later(two[1])
    assert Shard.objects.filter(work="gallery-1", place=2).exists() == is_left


@pytest.mark.parametrize("end", [KeyboardInterrupt, NotImplementedError])
def test_a_helper_that_ends_gives_its_shard_back(
    two: list[Shard], end: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def produce(images: Sequence[Image], skip: shard_work.OnSkip) -> Iterator[tuple[int, Any]]:
        raise end("the pool ends")
        yield

    monkeypatch.setattr(shard_help, "producer_of", lambda work: produce)
    monkeypatch.setattr(shard_help, "is_stopping", lambda: True)
    with pytest.raises(end):
        tasks.shards_help("gallery-1")
    rows = Shard.objects.values_list("status", "attempts", "error")
    assert list(rows) == [("queued", 0, "")] * 2


def test_a_helper_whose_shard_was_taken_goes_on_with_the_next(
    two: list[Shard], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def produce(images: Sequence[Image], skip: shard_work.OnSkip) -> Iterator[tuple[int, Any]]:
        if images[0].pk == two[0].images[0]:
            Shard.objects.filter(pk=two[0].pk).update(claim="another")
        yield from nothing(images, skip)

    monkeypatch.setattr(shard_help, "producer_of", lambda work: produce)
    with caplog.at_level("INFO", "classifiers.services.shard_help"):
        shard_help.work_help("gallery-1")
    assert "is no longer this worker's" in caplog.text
    assert dict(Shard.objects.values_list("place", "status")) == {0: "running", 2: "done"}
    assert not two[0].file.exists()
    shard_help._give_back(two[0], "")
    assert Shard.objects.get(pk=two[0].pk).claim == "another"


def test_a_photo_that_was_deleted_meanwhile_and_unknown_work_are_told(two: list[Shard]) -> None:
    with pytest.raises(RuntimeError, match="Photo 0 was deleted while the work went on"):
        shard_work.images_of([two[0].images[0], 0])
    with pytest.raises(ValueError, match="Unknown work 'figures-1'; expected gallery-…, targets-…"):
        shard_help.producer_of("figures-1")


def test_a_shard_most_of_whose_photos_are_missing_is_a_folder_that_is_away(
    two: list[Shard],
) -> None:
    def produce(images: Sequence[Image], skip: shard_work.OnSkip) -> Iterator[tuple[int, Any]]:
        for image in images:
            skip(image, PhotoMissing(f"{image.path} is gone", image.pk))
        yield from nothing([], skip)

    shards.shard_claim(two[0])
    with pytest.raises(PhotoMissing, match="is gone"):
        shard_work.shard_do(two[0], produce)
    assert Shard.objects.get(pk=two[0].pk).status == Job.Status.RUNNING


def test_an_error_about_another_photo_is_no_photo_to_leave_out(two: list[Shard]) -> None:
    def stream(images: Sequence[Image]) -> Iterator[Any]:
        raise PhotoMissing("a gallery photo is gone", 0)
        yield

    photos = shard_work.images_of(two[0].images)
    with pytest.raises(PhotoMissing, match="a gallery photo is gone"):
        list(shard_work.without_unreadable(photos, stream, lambda image, error: None))
    assert list(shard_work.without_unreadable([], stream, lambda image, error: None)) == []
