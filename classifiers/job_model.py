"""The base models of all long jobs on a worker."""

from __future__ import annotations

from datetime import datetime

from django.db import models


class Job(models.Model):
    """Long work on a Celery worker: its progress, and its error in words.

    ``heartbeat_at`` is updated with the progress. A running job with an old heartbeat has lost its
    worker, and another worker may take it over.
    """

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    claim = models.CharField(
        max_length=32, blank=True, help_text="The worker that has the job; empty: none."
    )
    n_done = models.PositiveIntegerField(default=0)
    n_total = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_finished(self) -> bool:
        """Whether the job is done or failed."""
        return self.status in {self.Status.DONE, self.Status.FAILED}


class PhasedJob(Job):
    """A job in phases, of which each counts its own photos or files from 0."""

    phase = models.CharField(
        max_length=50, blank=True, help_text="What the job is doing, in words."
    )
    phase_began_at = models.DateTimeField(null=True, blank=True)
    phase_first = models.PositiveIntegerField(
        default=0, help_text="The number of steps of the phase that an earlier attempt finished."
    )

    class Meta:
        abstract = True

    def seconds_left(self, now: datetime) -> float | None:
        """Return how long the phase will still take at its speed so far; None if unknown."""
        n_new = self.n_done - self.phase_first
        if self.status != self.Status.RUNNING or self.phase_began_at is None or n_new <= 0:
            return None
        seconds = (now - self.phase_began_at).total_seconds()
        return seconds * max(0, self.n_total - self.n_done) / n_new
