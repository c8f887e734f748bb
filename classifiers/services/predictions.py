"""Predictions of a split by several classifiers at once. Runs on a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial

import torch
from django.db import transaction

from classifiers.core import index
from classifiers.core.backbones import backbone_load
from classifiers.core.catalogue import CLASSIFIERS
from classifiers.core.features import extract
from classifiers.core.head import LinearHead, head_train
from classifiers.core.methods import QueryFeatures, classify
from classifiers.decision import Decision
from classifiers.models import Category, Image, Neighbor, Prediction, PredictionRun
from classifiers.services.galleries import crops_read
from classifiers.services.jobs import job_heartbeat, job_progress


def runs_predict(*, runs: Sequence[PredictionRun]) -> None:
    """Predict every image that one of the runs lacks; all runs share gallery and split.

    The photos go through the network once for all runs. Each batch is stored in one
    transaction, so an interrupted run goes on at its last batch and no row is written twice.
    """
    gallery_row, split = runs[0].gallery, runs[0].split
    backbone = backbone_load(gallery_row.backbone)
    gallery = index.Gallery.open(gallery_row.folder, backbone.spec)
    categories = {each.index: each for each in gallery_row.dataset.categories.all()}
    heads = {run.pk: _head(run, gallery, 1 + max(categories)) for run in runs}
    done = {run.pk: set(run.predictions.values_list("image_id", flat=True)) for run in runs}
    everything = list(Image.objects.in_split(gallery_row.dataset, split).select_related("dataset"))
    left = [image for image in everything if any(image.pk not in ids for ids in done.values())]
    _progress(runs, len(everything) - len(left), len(everything))
    n_done = len(everything) - len(left)
    for images, crops in crops_read(left):
        features = extract(backbone, crops)
        queries = [
            QueryFeatures(*each) for each in zip(features.maps, features.vectors, strict=True)
        ]
        # Decided first, stored then: a transaction is a lock on SQLite, and people are waiting.
        decided = [(run, *_decide(run, images, queries, gallery, heads, done)) for run in runs]
        with transaction.atomic():
            for run, lacking, decisions in decided:
                decisions_store(run, lacking, decisions, categories)
        n_done += len(images)
        _progress(runs, n_done, len(everything))


def _decide(
    run: PredictionRun,
    images: Sequence[Image],
    queries: Sequence[QueryFeatures],
    gallery: index.Gallery,
    heads: Mapping[int, LinearHead | None],
    done: Mapping[int, set[int]],
) -> tuple[list[Image], list[Decision]]:
    """Return those of a batch's images that the run lacks, and its decisions on them."""
    lacking = [
        (image, query)
        for image, query in zip(images, queries, strict=True)
        if image.pk not in done[run.pk]
    ]
    decisions = []
    for _, query in lacking:
        job_heartbeat(run)
        decisions.append(
            classify(query, gallery, run.classifier, head=heads[run.pk], **run.parameters)
        )
    return [image for image, _ in lacking], decisions


def _progress(runs: Sequence[PredictionRun], n_done: int, n_total: int) -> None:
    for run in runs:
        job_progress(run, n_done=n_done, n_total=n_total)


def _head(run: PredictionRun, gallery: index.Gallery, n_classes: int) -> LinearHead | None:
    """Train the head of a classifier that has one; the same gallery gives the same head."""
    if CLASSIFIERS[run.classifier].votes:
        return None
    vectors, labels = torch.from_numpy(gallery.vectors), torch.from_numpy(gallery.labels)
    alive = partial(job_heartbeat, run)
    return head_train(vectors, labels, n_classes, on_step=alive, **run.parameters)


def decisions_store(
    run: PredictionRun,
    images: Sequence[Image],
    decisions: Sequence[Decision],
    categories: Mapping[int, Category],
) -> None:
    """Append predictions and their neighbours; ``categories`` are by index."""
    predictions = Prediction.objects.bulk_create(
        Prediction(
            run=run,
            image=image,
            category=categories[decision.label],
            confidence=decision.confidence,
            n_votes=decision.n_votes,
            n_voters=decision.n_voters,
        )
        for image, decision in zip(images, decisions, strict=True)
    )
    Neighbor.objects.bulk_create(
        Neighbor(
            prediction=prediction,
            rank=neighbor.rank,
            image_id=neighbor.image,
            score=neighbor.score,
            similarity=neighbor.similarity,
            matches=[asdict(match) for match in neighbor.matches],
        )
        for prediction, decision in zip(predictions, decisions, strict=True)
        for neighbor in decision.neighbors
    )
