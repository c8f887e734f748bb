"""The life of a job: queued, running, done or failed. Conditional updates, so one worker wins."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

from django.db.models import Q
from django.utils import timezone

from classifiers.models import Gallery, Job, PredictionRun

J = TypeVar("J", Gallery, PredictionRun)

# A batch takes seconds at most; a job silent for this long has lost its worker.
SILENT = timedelta(minutes=2)


def job_claim(job: J) -> bool:
    """Take a queued job, or one whose worker fell silent. False: someone else has it."""
    now = timezone.now()
    free = Q(status=Job.Status.QUEUED) | Q(status=Job.Status.RUNNING, heartbeat_at__lt=now - SILENT)
    model = type(job)
    claimed = model._default_manager.filter(free, pk=job.pk).update(
        status=Job.Status.RUNNING, heartbeat_at=now, error=""
    )
    job.refresh_from_db()
    return bool(claimed)


def job_progress(job: J, *, n_done: int, n_total: int) -> None:
    """Note how far the job is; this is its heartbeat too."""
    job.n_done, job.n_total, job.heartbeat_at = n_done, n_total, timezone.now()
    job.save(update_fields=["n_done", "n_total", "heartbeat_at"])


def job_finish(job: J) -> None:
    """Close a job that did all of its work."""
    job.status, job.finished_at = Job.Status.DONE, timezone.now()
    job.save(update_fields=["status", "finished_at"])


def job_fail(job: J, error: Exception) -> None:
    """Close a job with its error, in words for the researcher."""
    job.status, job.finished_at = Job.Status.FAILED, timezone.now()
    job.error = f"{type(error).__name__}: {error}"
    job.save(update_fields=["status", "finished_at", "error"])


def job_requeue(job: J) -> None:
    """Make a failed job ready for another try; what it had finished is kept."""
    if job.status == Job.Status.FAILED:
        job.status, job.error, job.finished_at = Job.Status.QUEUED, "", None
        job.save(update_fields=["status", "error", "finished_at"])


def jobs_release() -> None:
    """Queue every running job again. Only for a caller who knows that no worker runs."""
    for model in (Gallery, PredictionRun):
        model._default_manager.filter(status=Job.Status.RUNNING).update(status=Job.Status.QUEUED)
