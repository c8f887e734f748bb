"""Celery tasks: each takes ids, and the service that its body imports does the work.

Only a worker runs the bodies, so only workers load torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from celery import shared_task

from classifiers.models import (
    DatasetImport,
    Explanation,
    Gallery,
    PredictionImport,
    PredictionRun,
    Shard,
)
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
    """Unpack and import uploaded photos, or a folder on the server."""

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


@shared_task
def photo_explain(explanation_id: int) -> None:
    """Explain one photo."""

    def work(explanation: Explanation) -> None:
        from classifiers.services import explanation_work

        explanation_work.explanation_run(job=explanation)

    related = ("gallery__dataset", "image__dataset", "image__category")
    found = Explanation.objects.select_related(*related).filter(pk=explanation_id).first()
    if found is not None:  # deleted after its time
        jobs.job_run(found, work)


@shared_task
def shards_help(work: str) -> None:
    """Do free shards of a job that another worker leads."""
    from classifiers.services import shard_help

    shard_help.work_help(work)


def _shards_enqueue(waiting: Sequence[Shard]) -> None:
    from classifiers.services.job_queue import message_send
    from classifiers.services.shards import works_waiting

    for work in works_waiting(waiting):
        message_send(shards_help, work)


kind_register(Shard, _shards_enqueue)


def _explanations_enqueue(waiting: Sequence[Explanation]) -> None:
    from classifiers.services.job_queue import message_send

    for each in waiting:
        message_send(photo_explain, each.pk)


kind_register(Explanation, _explanations_enqueue)


def _enqueue(waiting: Sequence[Gallery | PredictionRun | DatasetImport | PredictionImport]) -> None:
    from classifiers.services.queueing import jobs_enqueue

    jobs_enqueue(waiting)


for _model in (Gallery, PredictionRun, DatasetImport, PredictionImport):
    kind_register(_model, _enqueue)
