"""Doorbells: an id in; the service, imported in the body, does the work."""

from __future__ import annotations

from celery import shared_task

from analysis.models import Export
from classifiers.services import jobs


@shared_task
def export_build(export_id: int) -> None:
    """Write an export's ZIP file."""

    def work(export: Export) -> None:
        from analysis.export import export_jobs

        export_jobs.export_make(export=export)

    jobs.job_run(Export.objects.select_related("study").get(pk=export_id), work)
