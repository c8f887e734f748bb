"""Doorbells: ids in; the service, imported in the body, does the work. Torch loads here only.

A task owns nothing but failure: whatever goes wrong is stored on the job, in words.
"""

from __future__ import annotations

import logging

from celery import shared_task

from classifiers.models import DatasetImport, Gallery, PredictionRun
from classifiers.services import jobs

logger = logging.getLogger(__name__)


@shared_task
def gallery_build(gallery_id: int) -> None:
    """Extract the features of a gallery."""
    gallery = Gallery.objects.select_related("dataset").get(pk=gallery_id)
    if not jobs.job_claim(gallery):
        return
    try:
        from classifiers.services import galleries

        galleries.gallery_extract(gallery=gallery)
        jobs.job_finish(gallery)
    except jobs.JobLost as error:
        logger.warning("%s", error)
    except Exception as error:
        logger.exception("Gallery %s failed", gallery)
        jobs.job_fail(gallery, error)


@shared_task
def photos_import(import_id: int) -> None:
    """Unpack and import the photos that somebody brought in."""
    job = DatasetImport.objects.get(pk=import_id)
    if not jobs.job_claim(job):
        return
    try:
        from classifiers.services import uploads

        uploads.import_run(job=job)
        jobs.job_finish(job)
    except jobs.JobLost as error:
        logger.warning("%s", error)
    except Exception as error:
        logger.exception("%s failed", job)
        jobs.job_fail(job, error)


@shared_task
def predict(run_ids: list[int]) -> None:
    """Predict a split with one or more classifiers in one pass over the photos."""
    related = ("gallery__dataset",)
    found = PredictionRun.objects.select_related(*related).filter(pk__in=run_ids).order_by("pk")
    runs = [run for run in found if jobs.job_claim(run)]
    if not runs:
        return
    try:
        from classifiers.services import predictions

        for run in predictions.runs_predict(runs=runs):
            jobs.job_finish(run)
    except jobs.JobLost as error:
        logger.warning("%s", error)
    except Exception as error:
        logger.exception("Runs %s failed", run_ids)
        for run in runs:
            if not run.is_finished:
                jobs.job_fail(run, error)
