"""One job on many workers: the same files, whoever does which part, and whatever happens."""

from __future__ import annotations

import shutil
from collections.abc import Callable
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
