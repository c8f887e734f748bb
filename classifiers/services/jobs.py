"""The life of a job: queued, running, done or failed.

Every update is conditional on the claim, so one worker at a time owns a job, and one that was
given up for lost cannot write over its successor's result.
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

# Heartbeats come every few seconds; a job silent for this long has lost its worker.
SILENT = timedelta(minutes=1)
WORKER_SEEN = "classifiers.worker_seen"


class JobLost(RuntimeError):
    """Somebody else owns the job by now; this worker has to let go of it."""


def job_claim(job: J) -> bool:
    """Take a queued job, or one whose worker fell silent. False: someone else has it."""
    now = timezone.now()
    free = Q(status=Job.Status.QUEUED) | Q(status=Job.Status.RUNNING, heartbeat_at__lt=now - SILENT)
    model = type(job)
    # The phase begins anew: its speed is that of this worker.
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
    """Write facts to a job that is still this worker's; this is its heartbeat too.

    Raises ``SystemExit`` in a worker that was told to stop at once.
    """
    _leave_if_told()
    _update(job, heartbeat_at=timezone.now(), **changes)


def job_progress(job: J, *, n_done: int, n_total: int) -> None:
    """Note how far the job is; this is its heartbeat too."""
    job_note(job, n_done=n_done, n_total=n_total)


def job_phase(job: PhasedJob, phase: str, *, n_done: int, n_total: int) -> None:
    """Note how far a phase of the job is; a phase of another name begins here."""
    begun: dict[str, Any] = {}
    if phase != job.phase:
        begun = {"phase": phase, "phase_began_at": timezone.now(), "phase_first": n_done}
    job_note(job, n_done=n_done, n_total=n_total, **begun)


def job_heartbeat(job: J) -> None:
    """Say that the job is alive, at most every few seconds. Raises as ``job_note``."""
    _leave_if_told()
    now = timezone.now()
    if job.heartbeat_at is None or now - job.heartbeat_at > SILENT / 12:
        _update(job, heartbeat_at=now)


def job_finish(job: J) -> None:
    """Close a job that did all of its work."""
    _update(job, status=Job.Status.DONE, finished_at=timezone.now())


def job_fail(job: J, error: Exception) -> None:
    """Close a job with its error, in words for the researcher."""
    text = f"{type(error).__name__}: {error}"
    _update(job, status=Job.Status.FAILED, finished_at=timezone.now(), error=text)


def job_release(job: J) -> None:
    """Give a job back to the queue; what it had finished is kept."""
    _update(job, status=Job.Status.QUEUED, claim="")


def job_run(job: J, work: Callable[[J], object]) -> None:
    """Do the work of one job, if it is free, and close it with its outcome."""

    def one(jobs: list[J]) -> Iterator[J]:
        work(*jobs)
        yield from jobs

    jobs_run([job], one)


def jobs_run(found: Iterable[J], work: Callable[[list[J]], Iterable[J]]) -> None:
    """Claim the jobs that are free, let ``work`` do them, and close each as it comes back.

    What goes wrong is stored, in words, on those that did not come back. A worker that is told to
    stop gives them back to the queue; what they finished is kept.
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
    """End the jobs that are still open. One whose row cannot be written is swept up later."""
    for job in jobs:
        with suppress(JobLost, Error):
            if not job.is_finished:
                end(job)


def is_stopping() -> bool:
    """Whether this worker process was told to stop."""
    from celery.worker import state

    return _is_told(state.should_stop) or _is_told(state.should_terminate)


def _is_told(code: object) -> bool:
    """Whether a stop of Celery's is set: an exit code, which may be 0, or True."""
    return code is not None and code is not False


def _leave_if_told() -> None:
    """End the work of a process that was told to stop at once.

    Celery's signal handler raises in whatever code runs at that moment, and a library may swallow
    the error. The job looks for itself.
    """
    from celery.worker import state

    if _is_told(state.should_terminate):
        raise SystemExit("This worker was told to stop at once.")


def job_requeue(job: J) -> None:
    """Make a closed job ready for another try; what it had finished is kept."""
    if job.is_finished:
        job.status, job.error, job.finished_at = Job.Status.QUEUED, "", None
        job.save(update_fields=["status", "error", "finished_at"])


def is_silent(job: Job) -> bool:
    """Whether a running job's worker has not been heard of for too long."""
    is_running = job.status == Job.Status.RUNNING and job.heartbeat_at is not None
    return is_running and timezone.now() - job.heartbeat_at > SILENT  # type: ignore[operator]


def sign_set(name: str) -> None:
    """Set a sign for a minute. A cache that is away is no error: work does not depend on signs."""
    try:
        cache.set(name, True, SILENT.total_seconds())
    except Exception as error:  # noqa: BLE001 - each backend has errors of its own
        logger.warning("The cache did not take %s: %s", name, error)


def is_sign_set(name: str) -> bool:
    """Whether a sign was set within the last minute; no, if the cache is away."""
    try:
        return bool(cache.get(name))
    except Exception as error:  # noqa: BLE001 - each backend has errors of its own
        logger.warning("The cache did not give %s: %s", name, error)
        return False


def worker_seen() -> None:
    """Note that a worker process lives; an idle one has no job that would show it."""
    sign_set(WORKER_SEEN)


def is_any_worker_alive() -> bool:
    """Whether a worker, or a running job, gave a sign of life within the last minute."""
    if is_sign_set(WORKER_SEEN):
        return True
    lately = Q(status=Job.Status.RUNNING, heartbeat_at__gte=timezone.now() - SILENT)
    return any(model._default_manager.filter(lately).exists() for model in JOBS)


def jobs_release() -> None:
    """Queue every running job again. Only for a caller who knows that no worker runs."""
    kinds: tuple[type[Job], ...] = (*JOBS, Shard)
    for model in kinds:
        model._default_manager.filter(status=Job.Status.RUNNING).update(
            status=Job.Status.QUEUED, claim=""
        )
