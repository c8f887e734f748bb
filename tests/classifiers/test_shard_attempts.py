"""How photos are divided into shards, and what happens to those that end their workers."""

from __future__ import annotations

import pytest
from django.utils import timezone

from classifiers.models import Job, Shard
from classifiers.services import jobs, shards

pytestmark = pytest.mark.django_db


def lead() -> shards.Lead:
    places = {7: 0, 8: 1, 9: 2}
    return shards.Lead("w", places, size=4, alive=lambda: None, stage=lambda _: None)


def test_photos_whose_worker_ended_twice_are_tried_one_by_one() -> None:
    Shard.objects.create(work="w", place=0, images=[7, 8])
    for _ in range(shards.MOST_ATTEMPTS):
        assert shards.shard_next("w") is not None
        Shard.objects.update(heartbeat_at=timezone.now() - 2 * jobs.SILENT)
    assert shards.shard_next("w") is None
    assert [shard.images for shard in lead().parts()] == [[7], [8], [9]]


def test_a_photo_that_ended_two_workers_by_itself_is_left_out() -> None:
    Shard.objects.create(work="w", place=0, images=[7], attempts=shards.MOST_ATTEMPTS)
    first, *others = lead().parts()
    assert (first.status, first.skipped[0][0], first.sha256) == (Job.Status.DONE, 7, "")
    assert "ended 2 times" in first.skipped[0][1]
    assert [shard.images for shard in others] == [[8, 9]]


def test_a_leading_worker_that_is_stopped_is_no_attempt() -> None:
    for shard in lead().parts():
        assert (shard.attempts, shard.images) == (1, [7, 8, 9])
        break
    assert not Shard.objects.exists()


@pytest.mark.parametrize(("n", "least", "most", "size"), [(6, 32, 512, 32), (1910, 32, 512, 128)])
def test_a_shard_is_a_sixteenth_of_the_photos(n: int, least: int, most: int, size: int) -> None:
    assert shards.shard_size(n, least, most) == size
    assert shards.shard_size(10**6, least, most) == most
