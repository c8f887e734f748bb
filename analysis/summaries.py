"""Heavy numbers of a large study: computed on the worker, stored, and shown with their time.

A small study is counted when its page is asked for, since that takes no time. The pages of a large
one show the last stored state, and ask the worker for a new one if it is old.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.db import close_old_connections, connection, transaction
from django.db.models import Q
from django.utils import timezone

from analysis import tasks
from analysis.models import Summary
from classifiers.models import Job
from classifiers.services.job_queue import message_send
from classifiers.services.jobs import SILENT, JobLost, job_heartbeat, job_note
from classifiers.signed import MISSING, signed_bytes, signed_value
from trials.models import Participant, Study

logger = logging.getLogger(__name__)
# Answers to the test, at most, that a page counts itself: some tenths of a second.
SMALL: Final = 20_000
# A state is shown for so long, or for so many times as long as computing it took.
FRESH_S: Final = 30.0
FRESH_TIMES: Final = 20
BEAT_S: Final = SILENT.total_seconds() / 6
Build = Callable[[Study, str, bool], Any]


@dataclass(frozen=True, slots=True)
class State:
    """The last state of some numbers: their value, when it was read, and the job of a newer one."""

    value: Any
    as_of: datetime
    job: Summary


class NotComputed(Exception):
    """There is no state yet; ``job`` is the work that makes the first one."""

    def __init__(self, job: Summary) -> None:
        super().__init__(f"{job} is not computed yet.")
        self.job = job


def is_large(study: Study, stage: str) -> bool:
    """Say whether a study has more answers than a page counts; the time of this does not grow."""
    most = SMALL // max(1, study.plan.n_test)
    people = Participant.objects.filter(study=study, stage=stage)
    return people[: most + 1].count() > most


def summary_read(study: Study, kind: str, stage: str, is_simulated: bool) -> State:
    """Return the last state, and ask for a new one if it is old. Raises ``NotComputed``."""
    job, _ = Summary.objects.get_or_create(
        study=study, kind=kind, stage=stage, is_simulated=is_simulated
    )
    value = signed_value(bytes(job.content)) if job.content else MISSING
    is_there = value is not MISSING and job.as_of is not None
    if not is_there or _is_old(job):
        summary_request(job)
    if not is_there or job.as_of is None:
        raise NotComputed(job)
    return State(value, job.as_of, job)


def _is_old(job: Summary) -> bool:
    age = (timezone.now() - job.as_of).total_seconds() if job.as_of else float("inf")
    return age > max(FRESH_S, FRESH_TIMES * job.seconds)


@transaction.atomic
def summary_request(job: Summary) -> None:
    """Queue the work, unless it is queued or under way; the worker's sweep finds it in any case.

    One request of many at the same moment does so.
    """
    over = Q(status=Job.Status.DONE) | Q(
        status=Job.Status.FAILED, finished_at__lt=timezone.now() - SILENT
    )
    idle = Summary.objects.filter(over, pk=job.pk)
    new = Summary.objects.filter(pk=job.pk, status=Job.Status.QUEUED, is_asked=False)
    asked = {"status": Job.Status.QUEUED, "is_asked": True, "error": "", "n_done": 0}
    if idle.update(**asked, finished_at=None) or new.update(**asked):
        summaries_enqueue([job])
    job.refresh_from_db(fields=["status", "n_done", "n_total", "error"])


def summaries_enqueue(jobs: Sequence[Summary]) -> None:
    """Send a message for each job once the current transaction is committed."""
    for job in jobs:
        transaction.on_commit(partial(message_send, tasks.summary_build, job.pk))


def summary_make(*, job: Summary, build: Build) -> None:
    """Compute the numbers of a claimed job and store them as the last state."""
    begun, as_of = time.monotonic(), timezone.now()
    with _beating(job):
        value = build(job.study, job.stage, job.is_simulated)
    job_note(
        job, content=signed_bytes(value), as_of=as_of, seconds=time.monotonic() - begun,
        is_asked=False,
    )  # fmt: skip


@contextmanager
def _beating(job: Summary) -> Iterator[None]:
    """Write a job's heartbeat during a long computation that reports no progress."""
    stopped = threading.Event()

    def beat() -> None:
        while not stopped.wait(BEAT_S):
            close_old_connections()
            try:
                job_heartbeat(job)
            except JobLost:
                return
            except Exception as error:  # noqa: BLE001 - the next beat may work
                logger.warning("No heartbeat of %s: %s", job, error)
        connection.close()

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
