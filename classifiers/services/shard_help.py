"""A worker that helps with a job which another worker leads."""

from __future__ import annotations

import logging

from django.db import Error

from classifiers.models import Shard
from classifiers.services.evidence import targets_producer
from classifiers.services.galleries import gallery_producer
from classifiers.services.jobs import JobLost, is_stopping, job_release
from classifiers.services.predictions import runs_producer
from classifiers.services.shard_work import Producer, shard_do
from classifiers.services.shards import help_ask, shard_next

logger = logging.getLogger(__name__)


def work_help(work: str) -> None:
    """Do free shards of a job until there are none; another worker leads it."""
    produce: Producer | None = None
    while (shard := shard_next(work)) is not None:
        if produce is None:
            help_ask(work)
        try:
            produce = produce or producer_of(work)
            shard_do(shard, produce)
        except JobLost:
            logger.info("%s is no longer this worker's.", shard)
        except Exception as error:
            if is_stopping():
                _give_back(shard, "")
                raise
            logger.exception("%s failed here. The leading worker does it again.", shard)
            _give_back(shard, f"{type(error).__name__}: {error}")
            return
        except BaseException:  # Ctrl-C, or the end of the process
            _give_back(shard, "")
            raise


def _give_back(shard: Shard, error: str) -> None:
    """Return a shard. The attempt does not count, because the process did not end by the shard."""
    try:
        job_release(shard)
        Shard.objects.filter(pk=shard.pk).update(attempts=0, n_done=0, error=error)
    except (JobLost, Error) as lost:
        logger.warning("%s: %s", shard, lost)


def producer_of(work: str) -> Producer:
    """Return the function that does shards of the job ``work``. Raises ``ValueError``."""
    kind, _, rest = work.partition("-")
    if kind == "gallery":
        return gallery_producer(int(rest))
    if kind == "targets":
        return targets_producer(rest)
    if kind == "runs":
        return runs_producer([int(each) for each in rest.split("-")])
    raise ValueError(f"Unknown work {work!r}; expected gallery-…, targets-… or runs-….")
