"""Doorbells: an id in; the service, imported in the body, does the work.

A task owns nothing but failure: whatever goes wrong is stored on the job, in words.
"""

from __future__ import annotations

import logging

from celery import shared_task

from analysis.models import Export
from classifiers.services import jobs

logger = logging.getLogger(__name__)


@shared_task
def export_build(export_id: int) -> None:
    """Write an export's ZIP file."""
    export = Export.objects.select_related("study").get(pk=export_id)
    if not jobs.job_claim(export):
        return
    try:
        from analysis import export_jobs

        export_jobs.export_make(export=export)
        jobs.job_finish(export)
    except jobs.JobLost as error:
        logger.warning("%s", error)
    except Exception as error:
        logger.exception("%s failed", export)
        jobs.job_fail(export, error)
