"""The shards of a job: photos that any worker may take while one worker leads. Needs no torch.

The worker that claimed the job leads. It plans the shards, writes the first ones directly into the
job's own files, and merges the results of helpers in the order of the photos. So the files are the
same as those of one worker, for all sizes and orders of shards and any number of workers. A shard
of a silent worker is free again, like a job.
"""

from __future__ import annotations

import logging
import shutil
import time
from bisect import bisect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from django.db.models import F, Q, Sum
from django.utils import timezone

from classifiers import tasks
from classifiers.files import file_sha256
from classifiers.models import Job, Shard, work_folder
from classifiers.services.job_queue import message_send
from classifiers.services.jobs import SILENT, JobLost, job_claim

logger = logging.getLogger(__name__)

SHARES: Final = 16  # of a job; the last worker is idle for at most one of them
LOOK_EVERY_S: Final = 0.3
# After so many workers ended with a shard, its photos are tried one by one. A photo that ended as
# many workers alone is left out.
MOST_ATTEMPTS: Final = 2
ENDED: Final = "The worker's process ended {n} times during this shard, without an error message."


def shard_size(n_photos: int, least: int, most: int) -> int:
    """Return how many photos a shard has: a sixteenth, in multiples of ``least``, up to a limit."""
    return min(most, least * max(1, -(-n_photos // (SHARES * least))))


def _free() -> Q:
    silent = Q(status=Job.Status.RUNNING, heartbeat_at__lt=timezone.now() - SILENT)
    return Q(status=Job.Status.QUEUED) | silent


def _helpers_may() -> Q:
    return _free() & Q(error="", attempts__lt=MOST_ATTEMPTS)


def shard_claim(shard: Shard, *, is_head: bool = False) -> bool:
    """Take a shard. False: another worker has it."""
    if not job_claim(shard):
        return False
    Shard.objects.filter(pk=shard.pk).update(attempts=F("attempts") + 1, is_head=is_head, n_done=0)
    shard.attempts, shard.is_head = shard.attempts + 1, is_head
    return True


def shard_next(work: str) -> Shard | None:
    """Take the next free shard of a job; None if there is none for a helper."""
    for shard in Shard.objects.filter(_helpers_may(), work=work)[:8]:
        if shard_claim(shard):
            return shard
    return None


def help_ask(work: str) -> None:
    """Send a message to one more worker if a job has free shards besides the first one."""
    if Shard.objects.filter(_helpers_may(), work=work).count() > 1:
        message_send(tasks.shards_help, work)


def works_waiting(shards: Sequence[Shard]) -> list[str]:
    """Return the jobs that have a shard for a helper."""
    found = Shard.objects.filter(_helpers_may(), pk__in=[shard.pk for shard in shards])
    return sorted(set(found.values_list("work", flat=True)))


def shards_drop(work: str) -> None:
    """Delete a job's shards and their files; helpers notice it at their next batch."""
    Shard.objects.filter(work=work).delete()
    shutil.rmtree(work_folder(work), ignore_errors=True)


class Lead:
    """The shards of one job, for its leading worker."""

    def __init__(
        self,
        work: str,
        places: Mapping[int, int],
        *,
        size: int,
        alive: Callable[[], None],
        stage: Callable[[Shard], None],
    ) -> None:
        """``places`` gives the photos that are left, in order, and their places among all photos.

        ``alive`` is the job's heartbeat, called during a wait; ``stage`` does a claimed shard into
        its file. Both may raise.
        """
        self.work, self._places, self._size = work, places, size
        self.alive, self._stage = alive, stage
        self._rows = Shard.objects.filter(work=work)

    def n_ahead(self) -> int:
        """Return how many photos are done in shards that are not merged yet."""
        found = self._rows.filter(is_head=False).aggregate(n=Sum("n_done"))
        return int(found["n"] or 0)

    def parts(self) -> Iterator[Shard]:
        """Yield the shards in order: the caller does the first ones itself, and merges the others.

        If the caller fails, shards that nobody has begun are deleted; the next leader plans them
        again.
        """
        self._plan()
        help_ask(self.work)
        try:
            while (shard := self._rows.order_by("place").first()) is not None:
                if shard.status == Job.Status.DONE:
                    if self._is_whole(shard):
                        # From now on the job counts it as its own.
                        self._rows.filter(pk=shard.pk).update(is_head=True)
                        yield shard
                        shard.file.unlink(missing_ok=True)
                        shard.delete()
                elif shard.attempts >= MOST_ATTEMPTS and self._is_free(shard):
                    self._narrow(shard)
                elif shard_claim(shard, is_head=True):
                    yield shard
                    shard.delete()
                elif (later := shard_next(self.work)) is not None:
                    self._stage_later(later)
                else:
                    self.alive()
                    time.sleep(LOOK_EVERY_S)
        finally:
            self._rows.filter(Q(status=Job.Status.QUEUED) | Q(is_head=True)).delete()
        shards_drop(self.work)

    def _stage_later(self, shard: Shard) -> None:
        try:
            self._stage(shard)
        except (
            JobLost
        ) as error:  # the shard was lost; whether the job is lost shows at the next heartbeat
            logger.warning("%s", error)
        except BaseException:
            shard.delete()
            raise

    def _plan(self) -> None:
        """Keep the shards of other workers that have photos that are left; queue the rest."""
        kept: set[int] = set()
        for shard in self._rows.order_by("place"):
            left = [image for image in shard.images if image in self._places]
            is_theirs = shard.status in {Job.Status.RUNNING, Job.Status.DONE} and not shard.is_head
            if left and not kept & set(left) and is_theirs and left == shard.images:
                shard.place = self._places[left[0]]
                shard.save(update_fields=["place"])
            elif left and not kept & set(left) and shard.attempts:
                # Its worker ended with it, maybe because of a photo: the attempts count.
                again = {"images": left, "status": Job.Status.QUEUED, "is_head": False}
                again |= {"place": self._places[left[0]], "claim": "", "n_done": 0}
                self._rows.filter(pk=shard.pk).update(**again)
            else:
                shard.delete()
                continue
            kept |= set(left)
        taken = sorted(self._places[image] for image in kept)
        new: list[Shard] = []
        before = -1
        for image, place in self._places.items():
            if image in kept:
                continue
            # Shards are in order only if no shard has photos between the photos of another one.
            is_apart = bisect(taken, before) != bisect(taken, place)
            if not new or len(new[-1].images) == self._size or is_apart:
                new.append(Shard(work=self.work, place=place, images=[]))
            new[-1].images.append(image)
            before = place
        Shard.objects.bulk_create(new, batch_size=100)

    def _is_free(self, shard: Shard) -> bool:
        return self._rows.filter(_free(), pk=shard.pk).exists()

    def _is_whole(self, shard: Shard) -> bool:
        """Whether a helper's file is there with its checksum; if not, the leader does it again."""
        if not shard.sha256:  # only photos that are left out
            return True
        seen = file_sha256(shard.file) if shard.file.is_file() else "no file"
        if seen == shard.sha256:
            return True
        said = f"{shard.file} has SHA-256 {seen}; expected {shard.sha256}. Do all machines share "
        logger.warning("%s%s? The shard is done again.", said, work_folder("").parent)
        changes: dict[str, Any] = {"status": Job.Status.QUEUED, "claim": "", "n_done": 0}
        self._rows.filter(pk=shard.pk).update(error=said, attempts=0, **changes)
        return False

    def _narrow(self, shard: Shard) -> None:
        """Try the photos of a shard one by one; leave out a photo that ends every worker."""
        if len(shard.images) > 1:
            one_by_one = [
                Shard(work=self.work, place=self._places[image], images=[image])
                for image in shard.images
            ]
            shard.delete()
            Shard.objects.bulk_create(one_by_one)
            return
        skipped = [[shard.images[0], ENDED.format(n=shard.attempts)]]
        self._rows.filter(pk=shard.pk).update(
            status=Job.Status.DONE, skipped=skipped, sha256="", n_done=1
        )
