"""Predictions of a split by several classifiers at once. Runs on a worker."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from itertools import repeat
from pathlib import Path

import numpy as np
import torch
from django.conf import settings
from django.db import transaction
from numpy.typing import NDArray
from torch import Tensor

from classifiers.core.backbones.backbones import LoadedBackbone, backbone_load
from classifiers.core.backbones.devices import device_chosen
from classifiers.core.catalogue import CLASSIFIERS
from classifiers.core.chm.matcher_features import ENCODE_AGAIN, targets_folder
from classifiers.core.chm.matchers import Matcher
from classifiers.core.chm.pair_cosines import Pairs, PairsWriter
from classifiers.core.features import extract_stream
from classifiers.core.gallery import index
from classifiers.core.gallery.checksums import arrays_verify
from classifiers.core.gallery.manifest import BUILD_AGAIN
from classifiers.core.images import matcher_crop
from classifiers.core.methods import Shortlist, classify
from classifiers.core.query import QueryFeatures, grey_of, matched_transform
from classifiers.decision import Decision
from classifiers.models import Category, Image, Neighbor, Prediction, PredictionRun
from classifiers.services.evidence import RunEvidence, evidence_collect
from classifiers.services.galleries import crop_read
from classifiers.services.jobs import job_heartbeat, job_phase
from classifiers.services.pairs import has_pairs, header_of, pairs_folder
from classifiers.services.photos import photo_read
from classifiers.services.saliency import explained_images, saliency_store

logger = logging.getLogger(__name__)

BATCH = 32
# What is read again before each job, at a GB a second or so. Larger arrays: check_gallery.
VERIFIED_BYTES = 4_000_000_000
MATCHER_BATCH = 4  # CHM-Corr takes its time: a batch is what shows progress

Batch = tuple[Sequence[Image], list[QueryFeatures]]


def runs_predict(*, runs: Sequence[PredictionRun]) -> list[PredictionRun]:
    """Predict what the runs lack and return those that are done; they share their preparation.

    The photos go through the network once for all runs. Each batch is stored in one
    transaction, so an interrupted run goes on at its last batch and no row is written twice.
    """
    gallery_row, split = runs[0].own_gallery, runs[0].split
    backbone = backbone_load(gallery_row.backbone, device_chosen(), folder=settings.WEIGHTS_DIR)
    gallery = index.Gallery.open(gallery_row.folder, backbone.spec)
    _verify(gallery.path)
    evidence = evidence_collect(runs, gallery, backbone)
    runs = [run for run in runs if run.pk in evidence]
    if not runs:
        return []
    categories = {category.index: category for category in gallery_row.dataset.categories.all()}
    everything = list(Image.objects.in_split(gallery_row.dataset, split).select_related("dataset"))
    with ExitStack() as files:
        stored = {run.pk: _stored(run, files) for run in runs}
        left = [image for image in everything if any(it.lacks(image) for it in stored.values())]
        n_done = len(everything) - len(left)
        _progress(runs, n_done, len(everything))
        for batch in _queries(runs[0], left, gallery, backbone, evidence):
            near = _shortlists(batch, gallery, runs, evidence)
            # Decided first, stored then: a transaction is a lock on SQLite, and people are waiting.
            decided = [
                (run, _decide(run, batch, gallery, evidence[run.pk], stored[run.pk], near[run.pk]))
                for run in runs
            ]
            # The files before the rows: what is predicted has its cosines, whatever happens.
            for run, found in decided:
                stored[run.pk].pairs_append(found)
            with transaction.atomic():
                for run, found in decided:
                    new = [item for item in found if item.image.pk not in stored[run.pk].predicted]
                    decisions_store(
                        run, [it.image for it in new], [it.decision for it in new], categories
                    )
                    saliency_store(run, {it.image.pk: it.decision for it in found})
            n_done += len(batch[0])
            _progress(runs, n_done, len(everything))
    return list(runs)


@dataclass(frozen=True, slots=True)
class _Decided:
    """One image's decision, and the cosines of its pairs where the classifier has such."""

    image: Image
    decision: Decision
    pairs: Pairs | None


@dataclass(frozen=True, slots=True)
class _Stored:
    """What a run has already: predictions by image, and the open file of its cosines, if any."""

    predicted: set[int]
    writer: PairsWriter | None
    explained: set[int] | None

    def lacks(self, image: Image) -> bool:
        """Whether the image has to be decided on."""
        if self.writer is not None and image.pk not in self.writer.images:
            return True
        if self.explained is not None and image.pk not in self.explained:
            return True
        return image.pk not in self.predicted

    def pairs_append(self, found: Sequence[_Decided]) -> None:
        """Append the cosines of a batch."""
        if self.writer is not None:
            self.writer.append({it.image.pk: it.pairs for it in found if it.pairs is not None})


def _stored(run: PredictionRun, files: ExitStack) -> _Stored:
    predicted = set(run.predictions.values_list("image_id", flat=True))
    if not has_pairs(run):
        return _Stored(predicted, None, explained_images(run))
    writer = PairsWriter(pairs_folder(run), header_of(run))
    return _Stored(predicted, files.enter_context(writer), explained_images(run))


def _verify(folder: Path, again: str = BUILD_AGAIN) -> None:
    """Refuse arrays that changed on the disk; log what is not compared before a run."""
    for left_out in arrays_verify(folder, most_bytes=VERIFIED_BYTES, again=again):
        logger.warning("%s. To compare it: manage.py check_gallery DATASET", left_out)


def _queries(
    run: PredictionRun,
    images: Sequence[Image],
    gallery: index.Gallery,
    backbone: LoadedBackbone,
    evidence: Mapping[int, RunEvidence],
) -> Iterator[Batch]:
    """Yield the images in batches with their features, prepared as the runs ask."""
    targets = next((item.targets for item in evidence.values() if item.targets), None)
    if targets is not None:
        _verify(targets_folder(gallery, targets.matcher, targets.field), ENCODE_AGAIN)
    transform = run.parameters["transform"]
    features = extract_stream(
        backbone,
        images,
        partial(crop_read, transform=transform),
        size=BATCH if targets is None else MATCHER_BATCH,
        grey=grey_of(gallery),
    )
    if targets is None:
        for batch, found in features:
            yield (
                batch,
                [QueryFeatures(*item) for item in zip(found.maps, found.vectors, strict=True)],
            )
        return
    matched = matched_transform(run.parameters)
    others: Iterator[Iterable[Tensor | None]] = repeat(repeat(None))
    if matched != transform:  # CHM-Corr's query map is another one then
        read = partial(crop_read, transform=matched)
        stream = extract_stream(backbone, images, read, size=MATCHER_BATCH)
        others = (found.maps for _, found in stream)
    sources = _sources(targets.matcher, images, matched)
    for (batch, found), kept, other in zip(features, sources, others, strict=False):
        parts = zip(found.maps, found.vectors, kept, other, strict=False)
        yield batch, [QueryFeatures(*part) for part in parts]


def _sources(matcher: Matcher, images: Sequence[Image], transform: str) -> Iterator[Tensor]:
    def read(image: Image) -> NDArray[np.uint8]:
        return np.asarray(matcher_crop(photo_read(image), transform))

    stream = matcher.encode_stream(images, read, "source", size=MATCHER_BATCH)
    return (kept for _, kept in stream)


def _shortlists(
    batch: Batch,
    gallery: index.Gallery,
    runs: Sequence[PredictionRun],
    evidence: Mapping[int, RunEvidence],
) -> dict[int, list[Shortlist | None]]:
    """Search the gallery once for a batch and all runs that choose from the same classes."""
    near: dict[int, list[Shortlist | None]] = {run.pk: [None] * len(batch[0]) for run in runs}
    voting = [run for run in runs if CLASSIFIERS[run.classifier].votes]
    for is_restricted in (False, True):
        group = [run for run in voting if (run.parameters["classes"] == "split") == is_restricted]
        if group:
            n = max(run.parameters.get("n_shortlist", run.parameters["n_voters"]) for run in group)
            vectors = torch.stack([query.vector for query in batch[1]])
            found = gallery.nearest(vectors, n, classes=evidence[group[0].pk].competing)
            lists = [Shortlist(*item) for item in zip(*found, strict=True)]
            near |= {run.pk: list(lists) for run in group}
    return near


def _decide(
    run: PredictionRun,
    batch: Batch,
    gallery: index.Gallery,
    evidence: RunEvidence,
    stored: _Stored,
    near: Sequence[Shortlist | None],
) -> list[_Decided]:
    """Return the run's decisions on those of a batch's images that it lacks."""
    decided = []
    for image, query, shortlist in zip(*batch, near, strict=True):
        if not stored.lacks(image):
            continue
        job_heartbeat(run)
        pairs: list[Pairs] = []
        decision = classify(
            query,
            gallery,
            run.classifier,
            head=evidence.head,
            targets=evidence.targets,
            competing=evidence.competing,
            shortlist=shortlist,
            on_pairs=pairs.append,
            **evidence.parameters_of(image, run.parameters),
        )
        decided.append(_Decided(image, decision, pairs[0] if pairs else None))
    return decided


def _progress(runs: Sequence[PredictionRun], n_done: int, n_total: int) -> None:
    for run in runs:
        job_phase(run, "predictions", n_done=n_done, n_total=n_total)


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
