"""The life of a job: queued, running, done or failed.

Every update requires the claim. So one worker at a time owns a job, and a worker that was thought
lost cannot overwrite the result of its successor.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from django.core.cache import cache
from django.db import Error
from django.db.models import Q
from django.utils import timezone

from classifiers.models import (
    DatasetImport,
    Explanation,
    Gallery,
    Job,
    PhasedJob,
    PredictionImport,
    PredictionRun,
    Shard,
)

logger = logging.getLogger(__name__)
J = TypeVar("J", bound=Job)
JOBS: tuple[type[Job], ...] = (Gallery, PredictionRun, DatasetImport, PredictionImport, Explanation)

# A job has a heartbeat every few seconds. After so long without one, its worker is lost.
SILENT = timedelta(minutes=1)
WORKER_SEEN = "classifiers.worker_seen"


class JobLost(RuntimeError):
    """Another worker owns the job now, so this worker must stop its work on it."""


def job_claim(job: J) -> bool:
    """Take a queued job, or one whose worker is silent. Return False if another worker has it."""
    now = timezone.now()
    free = Q(status=Job.Status.QUEUED) | Q(status=Job.Status.RUNNING, heartbeat_at__lt=now - SILENT)
    model = type(job)
    # The phase begins again, with the speed of this worker.
    begun = {"phase": ""} if isinstance(job, PhasedJob) else {}
    claimed = model._default_manager.filter(free, pk=job.pk).update(
        status=Job.Status.RUNNING, heartbeat_at=now, error="", claim=secrets.token_hex(16), **begun
    )
    job.refresh_from_db()
    return bool(claimed)


def _update(job: J, **changes: Any) -> None:
    """Write to a job that is still ours."""
    mine = type(job)._default_manager.filter(pk=job.pk, claim=job.claim, status=Job.Status.RUNNING)
    if not mine.update(**changes):
        raise JobLost(f"{job} is no longer this worker's.")
    for field, value in changes.items():
        setattr(job, field, value)


def job_note(job: J, **changes: Any) -> None:
    """Write facts to a job that this worker still owns; this is also its heartbeat.

    Raises ``SystemExit`` in a worker that was told to stop at once.
    """
    _leave_if_told()
    _update(job, heartbeat_at=timezone.now(), **changes)


def job_progress(job: J, *, n_done: int, n_total: int) -> None:
    """Store the progress of the job; this is also its heartbeat."""
    job_note(job, n_done=n_done, n_total=n_total)


def job_phase(job: PhasedJob, phase: str, *, n_done: int, n_total: int) -> None:
    """Store the progress of a phase of the job; a new name begins a new phase."""
    begun: dict[str, Any] = {}
    if phase != job.phase:
        begun = {"phase": phase, "phase_began_at": timezone.now(), "phase_first": n_done}
    job_note(job, n_done=n_done, n_total=n_total, **begun)


def job_heartbeat(job: J) -> None:
    """Write a heartbeat, at most every few seconds. Raises as ``job_note``."""
    _leave_if_told()
    now = timezone.now()
    if job.heartbeat_at is None or now - job.heartbeat_at > SILENT / 12:
        _update(job, heartbeat_at=now)


def job_finish(job: J) -> None:
    """Close a job that is done."""
    _update(job, status=Job.Status.DONE, finished_at=timezone.now())


def job_fail(job: J, error: Exception) -> None:
    """Close a job with its error, in words for the researcher."""
    text = f"{type(error).__name__}: {error}"
    _update(job, status=Job.Status.FAILED, finished_at=timezone.now(), error=text)


def job_release(job: J) -> None:
    """Return a job to the queue; its finished part is kept."""
    _update(job, status=Job.Status.QUEUED, claim="")


def job_run(job: J, work: Callable[[J], object]) -> None:
    """Do the work of one job, if it is free, and close it as done or failed."""

    def one(jobs: list[J]) -> Iterator[J]:
        work(*jobs)
        yield from jobs

    jobs_run([job], one)


def jobs_run(found: Iterable[J], work: Callable[[list[J]], Iterable[J]]) -> None:
    """Claim the free jobs, let ``work`` do them, and close each one that it yields.

    An error is stored in words on the jobs that were not yielded. A worker that is told to stop
    returns them to the queue; their finished part is kept.
    """
    mine = [job for job in found if job_claim(job)]
    try:
        for job in work(mine) if mine else ():
            job_finish(job)
    except JobLost as error:
        logger.warning("%s", error)
        _close(mine, job_release)  # the others of one pass
    except Exception as error:
        if is_stopping():
            _close(mine, job_release)
            raise
        logger.exception("%s failed", ", ".join(map(str, mine)))
        _close(mine, partial(job_fail, error=error))
    except BaseException:  # Ctrl-C, or the end of the process
        _close(mine, job_release)
        raise


def _close(jobs: Iterable[J], end: Callable[[J], None]) -> None:
    """End the jobs that are still open. If a row cannot be written, the sweep ends it later."""
    for job in jobs:
        with suppress(JobLost, Error):
            if not job.is_finished:
                end(job)


def is_stopping() -> bool:
    """Whether this worker process was told to stop."""
    from celery.worker import state

    return _is_told(state.should_stop) or _is_told(state.should_terminate)


def _is_told(code: object) -> bool:
    """Whether Celery has set a stop: an exit code, which may be 0, or True."""
    return code is not None and code is not False


def _leave_if_told() -> None:
    """End the work of a process that was told to stop at once.

    Celery's signal handler raises in whatever code runs at that moment, and a library may swallow
    the error. So the job checks by itself.
    """
    from celery.worker import state

    if _is_told(state.should_terminate):
        raise SystemExit("This worker was told to stop at once.")


def job_requeue(job: J) -> None:
    """Make a closed job ready for another try; its finished part is kept."""
    if job.is_finished:
        job.status, job.error, job.finished_at = Job.Status.QUEUED, "", None
        job.save(update_fields=["status", "error", "finished_at"])


def is_silent(job: Job) -> bool:
    """Whether the last heartbeat of a running job is too old."""
    is_running = job.status == Job.Status.RUNNING and job.heartbeat_at is not None
    return is_running and timezone.now() - job.heartbeat_at > SILENT  # type: ignore[operator]


def sign_set(name: str) -> None:
    """Set a flag for a minute. A missing cache is no error, because no work depends on flags."""
    try:
        cache.set(name, True, SILENT.total_seconds())
    except Exception as error:  # noqa: BLE001 - each backend has errors of its own
        logger.warning("The cache did not take %s: %s", name, error)


def is_sign_set(name: str) -> bool:
    """Whether a flag was set within the last minute; False without a cache."""
    try:
        return bool(cache.get(name))
    except Exception as error:  # noqa: BLE001 - each backend has errors of its own
        logger.warning("The cache did not give %s: %s", name, error)
        return False


def worker_seen() -> None:
    """Note that a worker process is running; an idle one has no job that would show it."""
    sign_set(WORKER_SEEN)


def is_any_worker_alive() -> bool:
    """Whether a worker or a running job had a heartbeat within the last minute."""
    if is_sign_set(WORKER_SEEN):
        return True
    lately = Q(status=Job.Status.RUNNING, heartbeat_at__gte=timezone.now() - SILENT)
    return any(model._default_manager.filter(lately).exists() for model in JOBS)


def jobs_release() -> None:
    """Queue every running job again. Call this only if no worker runs."""
    kinds: tuple[type[Job], ...] = (*JOBS, Shard)
    for model in kinds:
        model._default_manager.filter(status=Job.Status.RUNNING).update(
            status=Job.Status.QUEUED, claim=""
        )
