"""Cancel a gallery or predictions that wait or are under way. Needs no torch."""

from __future__ import annotations

from typing import Final

from django.utils import timezone

from classifiers.models import Gallery, Job, PredictionRun, Shard
from classifiers.services.shards import shards_drop

CANCELLED: Final = "Cancelled. The finished part is kept. Request it again to continue from there."


def job_cancel(job: Gallery | PredictionRun) -> bool:
    """Cancel a job; its workers stop at their next batch. Return False if it had ended already.

    Other runs that share the pass over the photos are queued again and go on without this one.
    """
    is_open = [Job.Status.QUEUED, Job.Status.RUNNING]
    cancelled = (
        type(job)
        ._default_manager.filter(pk=job.pk, status__in=is_open)
        .update(status=Job.Status.FAILED, error=CANCELLED, claim="", finished_at=timezone.now())
    )
    for work in _works(job) if cancelled else ():
        shards_drop(work)
    job.refresh_from_db()
    return bool(cancelled)


def _works(job: Gallery | PredictionRun) -> list[str]:
    if isinstance(job, Gallery):
        return [f"gallery-{job.pk}"]
    works = Shard.objects.filter(work__startswith="runs-").order_by("work")
    names = works.values_list("work", flat=True).distinct()
    return [name for name in names if str(job.pk) in name.split("-")[1:]]
