"""Celery tasks: each takes an id, and the service that its body imports does the work."""

from __future__ import annotations

from collections.abc import Sequence

from celery import shared_task

from analysis.models import Export, Summary
from classifiers.services import jobs
from classifiers.services.job_queue import kind_register


@shared_task
def export_build(export_id: int) -> None:
    """Write an export's ZIP file."""

    def work(export: Export) -> None:
        from analysis.export import export_jobs

        export_jobs.export_make(export=export)

    jobs.job_run(Export.objects.select_related("study").get(pk=export_id), work)


@shared_task
def summary_build(summary_id: int) -> None:
    """Compute the numbers of a large study."""

    def work(job: Summary) -> None:
        from analysis import summaries
        from analysis.monitor.reader import running_state
        from analysis.results.live import results_state

        builders: dict[str, summaries.Build] = {
            Summary.Kind.RESULTS: results_state,
            Summary.Kind.MONITOR: running_state,
        }
        summaries.summary_make(job=job, build=builders[job.kind])

    jobs.job_run(Summary.objects.select_related("study").get(pk=summary_id), work)


def _enqueue_summaries(found: Sequence[Summary]) -> None:
    from analysis.summaries import summaries_enqueue

    summaries_enqueue(found)


def _enqueue(exports: Sequence[Export]) -> None:
    from analysis.export.export_jobs import exports_enqueue

    exports_enqueue(exports)


kind_register(Export, _enqueue)
kind_register(Summary, _enqueue_summaries)
