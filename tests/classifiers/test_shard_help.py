"""Shards as their workers see them: claimed once, waited for, lost, and given back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

from classifiers import tasks
from classifiers.models import Gallery, Image, Job, Shard
from classifiers.services import jobs, shard_help, shard_work, shards
from classifiers.services.photos import PhotoMissing

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


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
    with pytest.raises(RuntimeError, match="Photo 0 was deleted during the work"):
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
