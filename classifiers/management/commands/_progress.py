"""Show a worker's progress on the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence

from django.core.management.base import CommandError
from django.utils import timezone
from tqdm import tqdm

from classifiers.models import Gallery, Job, PredictionRun
from classifiers.services import jobs as job_services
from classifiers.services.queueing import jobs_enqueue

PATIENCE_S = 20


def nothing() -> None:
    """Look at nothing except the jobs."""


def wait_for(
    jobs: Sequence[Gallery] | Sequence[PredictionRun],
    title: str,
    *,
    look: Callable[[], None] = nothing,
) -> None:
    """Draw a bar until every job is done. Ctrl-C stops looking, not the work.

    A job whose worker died is offered to the other workers, once for each worker that it lost.
    ``look`` is called at every turn and may raise. Raises ``CommandError`` when a job fails, or
    when no worker takes it.
    """
    waiting_since = time.monotonic()
    offered: set[tuple[int, str]] = set()
    shown = ""
    # A terminal redraws its line; a log gets a new line now and then.
    interval_s = 0.3 if sys.stderr.isatty() else 10
    with tqdm(desc=title, unit="photo", mininterval=interval_s) as bar:
        while not all(job.is_finished for job in jobs):
            look()
            for job in jobs:
                job.refresh_from_db()
            phase = next((job.phase for job in jobs if job.status == Job.Status.RUNNING), "")
            if phase and phase != shown:  # it counts from 0, and has its own speed
                bar.reset()
                bar.set_description(f"{title}, {phase}")
                shown = phase
            bar.total = max(job.n_total for job in jobs) or None
            bar.update(min(job.n_done for job in jobs) - bar.n)
            silent = [job for job in jobs if job_services.is_silent(job)]
            idle = silent or [job for job in jobs if job.status == Job.Status.QUEUED]
            if not idle or job_services.is_any_worker_alive():
                waiting_since = time.monotonic()
            elif time.monotonic() - waiting_since > PATIENCE_S:
                raise CommandError(
                    f"No worker has taken the work in {PATIENCE_S} s. It stays queued. Start a "
                    "worker in another terminal (celery -A study_site worker --pool solo), and "
                    "run this again."
                )
            lost = [job for job in silent if (job.pk, job.claim) not in offered]
            if lost:
                jobs_enqueue(lost)
                offered |= {(job.pk, job.claim) for job in lost}
            time.sleep(0.2)
    for job in jobs:
        if job.status == Job.Status.FAILED:
            raise CommandError(f"{job} failed. {job.error}")


def took(jobs: Sequence[Job]) -> str:
    """Say how many photos are done and when."""
    finished = max(job.finished_at or timezone.now() for job in jobs)
    return f"{jobs[0].n_total} photos, done at {finished:%Y-%m-%d %H:%M} UTC"
