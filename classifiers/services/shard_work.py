"""How a worker does a shard, for its own job or for another worker's. Runs on a worker."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from django.utils import timezone

from classifiers.files import file_sha256
from classifiers.models import Image, Job, Shard
from classifiers.services.jobs import JobLost, job_note, job_progress
from classifiers.services.photos import PhotoMissing
from classifiers.services.shard_files import Arrays, shard_writing

logger = logging.getLogger(__name__)
OnSkip = Callable[[Image, PhotoMissing], None]
# Computes photos, and yields the size and the arrays of each batch.
Producer = Callable[[Sequence[Image], OnSkip], Iterator[tuple[int, Arrays]]]
R = TypeVar("R")


def images_of(ids: Sequence[int]) -> list[Image]:
    """Return the photos of a shard, in its order. Raises ``RuntimeError`` if one was deleted."""
    found = Image.objects.select_related("dataset").in_bulk(list(ids))
    gone = [each for each in ids if each not in found]
    if gone:
        raise RuntimeError(f"Photo {gone[0]} was deleted during the work. Request the work again.")
    return [found[each] for each in ids]


def without_unreadable(
    images: Sequence[Image],
    stream: Callable[[Sequence[Image]], Iterator[tuple[Sequence[Image], R]]],
    on_skip: OnSkip,
) -> Iterator[tuple[Sequence[Image], R]]:
    """Yield what ``stream`` yields for the readable photos.

    ``on_skip`` is called with each of the others, and may raise to end the work.
    """
    left = list(images)
    while left:
        try:
            for batch, found in stream(left):
                yield batch, found
                left = left[len(batch) :]
        except PhotoMissing as error:
            bad = next((image for image in left if image.pk == error.image_id), None)
            if bad is None:
                raise
            on_skip(bad, error)
            left.remove(bad)
        else:
            return


def may_skip(n_photos: int) -> int:
    """Return how many photos a job may leave out: one in a hundred, so none of a small folder."""
    return n_photos // 100


def shard_do(shard: Shard, produce: Producer, alive: Callable[[], None] = lambda: None) -> None:
    """Do a claimed shard into its file. Raises ``JobLost`` if it is no longer this worker's."""
    images, skipped = images_of(shard.images), list[list[object]]()

    def skip(image: Image, error: PhotoMissing) -> None:
        skipped.append([image.pk, str(error)])
        if len(skipped) > max(1, may_skip(len(images))):
            raise error  # probably a folder that is not mounted here

    try:
        with shard_writing(shard.file) as file:
            n_done = 0
            for n, arrays in produce(images, skip):
                file.add(arrays)
                n_done += n
                job_progress(shard, n_done=n_done, n_total=len(images))
                alive()
        job_note(
            shard,
            sha256=file_sha256(shard.file),
            skipped=skipped,
            n_done=len(images),
            status=Job.Status.DONE,
            finished_at=timezone.now(),
        )
    except JobLost:
        if not Shard.objects.filter(pk=shard.pk, status=Job.Status.DONE).exists():
            shard.file.unlink(missing_ok=True)
        raise
