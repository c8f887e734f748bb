"""Celery tasks: each takes ids, and the service that its body imports does the work.

Only a worker runs the bodies, so only workers load torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from celery import shared_task

from classifiers.models import DatasetImport, Gallery, PredictionImport, PredictionRun
from classifiers.services import jobs
from classifiers.services.job_queue import kind_register


@shared_task
def gallery_build(gallery_id: int) -> None:
    """Extract the features of a gallery."""

    def work(gallery: Gallery) -> None:
        from classifiers.services import galleries

        galleries.gallery_extract(gallery=gallery)

    jobs.job_run(Gallery.objects.select_related("dataset").get(pk=gallery_id), work)


@shared_task
def photos_import(import_id: int) -> None:
    """Unpack and import the photos that somebody brought in."""

    def work(job: DatasetImport) -> None:
        from classifiers.services import uploads

        uploads.import_run(job=job)

    jobs.job_run(DatasetImport.objects.get(pk=import_id), work)


@shared_task
def predictions_import(import_id: int) -> None:
    """Import the uploaded predictions of an outside AI."""

    def work(job: PredictionImport) -> None:
        from classifiers.services import prediction_uploads

        prediction_uploads.upload_run(job=job)

    jobs.job_run(PredictionImport.objects.select_related("dataset").get(pk=import_id), work)


@shared_task
def predict(run_ids: list[int]) -> None:
    """Predict a split with one or more classifiers in one pass over the photos."""

    def work(runs: list[PredictionRun]) -> Iterable[PredictionRun]:
        from classifiers.services import predictions

        return predictions.runs_predict(runs=runs)

    related = ("gallery__dataset",)
    found = PredictionRun.objects.select_related(*related).filter(pk__in=run_ids).order_by("pk")
    jobs.jobs_run(found, work)


def _enqueue(waiting: Sequence[Gallery | PredictionRun | DatasetImport | PredictionImport]) -> None:
    from classifiers.services.queueing import jobs_enqueue

    jobs_enqueue(waiting)


for _model in (Gallery, PredictionRun, DatasetImport, PredictionImport):
    kind_register(_model, _enqueue)
