"""Celery tasks: each takes an id, and the service that its body imports does the work."""

from __future__ import annotations

from collections.abc import Sequence

from celery import shared_task

from analysis.models import Export
from classifiers.services import jobs
from classifiers.services.job_queue import kind_register


@shared_task
def export_build(export_id: int) -> None:
    """Write an export's ZIP file."""

    def work(export: Export) -> None:
        from analysis.export import export_jobs

        export_jobs.export_make(export=export)

    jobs.job_run(Export.objects.select_related("study").get(pk=export_id), work)


def _enqueue(exports: Sequence[Export]) -> None:
    from analysis.export.export_jobs import exports_enqueue

    exports_enqueue(exports)


kind_register(Export, _enqueue)
