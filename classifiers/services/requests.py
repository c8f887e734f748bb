"""Ask a worker for work. Needs no torch: a row is made ready and the doorbell is rung."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.db import transaction

from classifiers import tasks
from classifiers.core.catalogue import parameters_resolved
from classifiers.models import Dataset, Gallery, Image, Job, PredictionRun
from classifiers.services.jobs import job_requeue


class RequestRefused(ValueError):
    """Work that cannot be asked for yet; the message says what comes first."""


@transaction.atomic
def gallery_request(*, dataset: Dataset, backbone: str) -> Gallery:
    """Have the dataset's gallery split extracted, unless that is done or under way."""
    if not dataset.images.filter(split=Image.GALLERY).exists():
        splits = sorted(set(dataset.images.values_list("split", flat=True)))
        raise RequestRefused(
            f"Dataset {dataset} has no images in split '{Image.GALLERY}'; its splits: "
            f"{', '.join(splits) or 'none'}. Import ROOT/{Image.GALLERY}/<category>/<file>, or "
            "use import_dataset --query-share to draw the splits."
        )
    gallery, _ = Gallery.objects.get_or_create(dataset=dataset, backbone=backbone)
    job_requeue(gallery)
    if gallery.status != Job.Status.DONE:
        transaction.on_commit(partial(tasks.gallery_build.delay, gallery.pk))
    return gallery


@transaction.atomic
def runs_request(
    *,
    gallery: Gallery,
    classifiers: Sequence[str],
    split: str = Image.QUERY,
    parameters: Mapping[str, Any] | None = None,
) -> list[PredictionRun]:
    """Have a split predicted by several classifiers in one pass, where that is not done yet."""
    if gallery.status != Job.Status.DONE:
        raise RequestRefused(
            f"Gallery {gallery} is {gallery.status}. Run: manage.py build_gallery {gallery.dataset}"
        )
    if not gallery.dataset.images.filter(split=split).exists():
        raise RequestRefused(f"Dataset {gallery.dataset} has no images in split {split!r}.")
    runs = []
    for classifier in classifiers:
        resolved = parameters_resolved(classifier, parameters or {})
        text = json.dumps(resolved, sort_keys=True)
        run, _ = PredictionRun.objects.get_or_create(
            gallery=gallery,
            classifier=classifier,
            split=split,
            parameters_sha256=hashlib.sha256(text.encode()).hexdigest(),
            defaults={"parameters": resolved},
        )
        job_requeue(run)
        runs.append(run)
    open_ids = [run.pk for run in runs if run.status != Job.Status.DONE]
    if open_ids:
        transaction.on_commit(partial(tasks.predict.delay, open_ids))
    return runs
