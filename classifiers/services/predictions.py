"""Predictions of a split by several classifiers at once. Runs on a worker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial

from django.conf import settings
from django.db import transaction

from classifiers.core.backbones.backbones import backbone_load
from classifiers.core.backbones.devices import device_chosen
from classifiers.core.chm.pair_cosines import PairsWriter
from classifiers.core.gallery import index
from classifiers.decision import Decision
from classifiers.models import Category, Image, Neighbor, Prediction, PredictionRun, Shard
from classifiers.services.deciding import Decided, Decider, Found, found_arrays, found_of, verify
from classifiers.services.evidence import evidence_collect, evidence_open, heads_keep
from classifiers.services.jobs import job_heartbeat, job_note, job_phase
from classifiers.services.pairs import has_pairs, header_of, pairs_folder
from classifiers.services.photos import PhotoMissing
from classifiers.services.saliency import explained_images, saliency_store
from classifiers.services.shard_files import Arrays, shard_read
from classifiers.services.shard_work import (
    OnSkip,
    Producer,
    images_of,
    may_skip,
    shard_do,
    without_unreadable,
)
from classifiers.services.shards import Lead, shard_size

LARGEST = 256  # photos of a shard


def runs_predict(*, runs: Sequence[PredictionRun]) -> list[PredictionRun]:
    """Predict what the runs lack, and return the runs that are done. They share their preparation.

    The photos go through the network once for all runs. Each batch is stored in one transaction, so
    an interrupted run continues at its last batch and no row is written twice. Other workers may do
    shards of the photos meanwhile. Up to one photo in a hundred may be unreadable: it is left out
    and named in ``run.skipped``. If there are more, the error of the first one is raised.
    """
    gallery_row, split = runs[0].own_gallery, runs[0].split
    backbone = backbone_load(gallery_row.backbone, device_chosen(), folder=settings.WEIGHTS_DIR)
    gallery = index.Gallery.open(gallery_row.folder, backbone.spec)
    verify(gallery.path)
    evidence = evidence_collect(runs, gallery, backbone)
    runs = [run for run in runs if run.pk in evidence]
    if not runs:
        return []
    work = work_of(runs)
    heads_keep(work, evidence)
    everything = Image.objects.in_split(gallery_row.dataset, split).values_list("pk", flat=True)
    with ExitStack() as files:
        decider = Decider(runs, gallery, backbone, evidence, job_heartbeat)
        pass_ = _Pass(decider, list(everything), files)
        lead = Lead(
            work,
            pass_.left,
            size=shard_size(len(pass_.left), decider.batch_size, LARGEST),
            alive=lambda: pass_.note(lead.n_ahead()),
            stage=lambda shard: shard_do(shard, partial(_produce, decider), lead.alive),
        )
        lead.alive()
        for shard in lead.parts():
            for n, found in pass_.of_shard(shard):
                pass_.store(n, found)
                lead.alive()
    return list(runs)


def work_of(runs: Sequence[PredictionRun]) -> str:
    """Return the name of the runs' common work, for their shards."""
    return "-".join(["runs", *(str(key) for key in sorted(run.pk for run in runs))])


def runs_producer(run_ids: Sequence[int]) -> Producer:
    """Return the function that does shards of runs for another worker's job."""
    found = PredictionRun.objects.select_related("gallery__dataset").filter(pk__in=run_ids)
    runs = list(found.order_by("pk"))
    row = runs[0].own_gallery
    backbone = backbone_load(row.backbone, device_chosen(), folder=settings.WEIGHTS_DIR)
    gallery = index.Gallery.open(row.folder, backbone.spec)
    evidence = evidence_open(runs, gallery, backbone, work_of(runs))
    decider = Decider(runs, gallery, backbone, evidence, lambda _: None)
    return partial(_produce, decider)


def _produce(
    decider: Decider, images: Sequence[Image], on_skip: OnSkip
) -> Iterator[tuple[int, Arrays]]:
    """Yield the arrays of a shard's file: every run's decisions on all of its photos."""
    stream = partial(decider.stream, lacks=lambda run, image: True)
    for batch, found in without_unreadable(images, stream, on_skip):
        yield len(batch), found_arrays(decider.runs, found)


class _Pass:
    """One pass over a split for some runs: their stored rows, and how more rows are stored."""

    def __init__(self, decider: Decider, everything: Sequence[int], files: ExitStack) -> None:
        self._decider, self._runs = decider, decider.runs
        categories = self._runs[0].dataset.categories.all()
        self._categories = {category.index: category for category in categories}
        self._stored = {run.pk: _stored(run, files) for run in self._runs}
        self._n_total = len(everything)
        # Photos that some run lacks, and their places in the split.
        self.left = {
            image: place
            for place, image in enumerate(everything)
            if any(item.lacks(image) for item in self._stored.values())
        }
        self._n_done = self._n_total - len(self.left)
        self._skipped: list[list[object]] = []
        for run in self._runs:
            if run.skipped:
                job_note(run, skipped=[])  # they are tried again

    def note(self, n_ahead: int) -> None:
        """Store the progress of all runs; this is also their heartbeat."""
        n_done = min(self._n_total, self._n_done + n_ahead)
        for run in self._runs:
            job_phase(run, "predictions", n_done=n_done, n_total=self._n_total)

    def of_shard(self, shard: Shard) -> Iterator[tuple[int, Found]]:
        """Yield the decisions on a shard's photos, made here or by another worker."""
        if shard.is_head:
            stream = partial(self._decider.stream, lacks=self._lacks)
            images = images_of(shard.images)
            for batch, found in without_unreadable(images, stream, self._skip_image):
                yield len(batch), found
            return
        for image_id, said in shard.skipped:
            self._skip(image_id, PhotoMissing(said, image_id))
        for arrays in shard_read(shard.file) if shard.sha256 else ():
            found = found_of(self._runs, arrays)
            yield max(map(len, found.values())), found

    def _lacks(self, run: PredictionRun, image: Image) -> bool:
        return self._stored[run.pk].lacks(image.pk)

    def _skip_image(self, image: Image, error: PhotoMissing) -> None:
        self._skip(image.pk, error)

    def _skip(self, image_id: int, error: PhotoMissing) -> None:
        self._skipped.append([image_id, str(error)])
        if len(self._skipped) > may_skip(self._n_total):
            raise error
        self._n_done += 1
        for run in self._runs:
            job_note(run, skipped=self._skipped)

    def store(self, n_photos: int, found: Found) -> None:
        """Store the decisions of a batch; decisions that are stored already do not change."""
        # The files are written before the rows, so that every stored prediction has its cosines.
        for run in self._runs:
            self._stored[run.pk].pairs_append(found[run.pk])
        with transaction.atomic():
            for run in self._runs:
                new = [it for it in found[run.pk] if it.image not in self._stored[run.pk].predicted]
                images = [item.image for item in new]
                decisions_store(run, images, [item.decision for item in new], self._categories)
                saliency_store(run, {item.image: item.decision for item in found[run.pk]})
        self._n_done += n_photos


@dataclass(frozen=True, slots=True)
class _Stored:
    """The stored part of a run: predictions by image, and the open file of its cosines, if any."""

    predicted: set[int]
    writer: PairsWriter | None
    explained: set[int] | None

    def lacks(self, image: int) -> bool:
        """Whether the image has to be decided on."""
        if self.writer is not None and image not in self.writer.images:
            return True
        if self.explained is not None and image not in self.explained:
            return True
        return image not in self.predicted

    def pairs_append(self, found: Sequence[Decided]) -> None:
        """Append the cosines of a batch."""
        if self.writer is not None:
            self.writer.append({it.image: it.pairs for it in found if it.pairs is not None})


def _stored(run: PredictionRun, files: ExitStack) -> _Stored:
    predicted = set(run.predictions.values_list("image_id", flat=True))
    if not has_pairs(run):
        return _Stored(predicted, None, explained_images(run))
    writer = PairsWriter(pairs_folder(run), header_of(run))
    return _Stored(predicted, files.enter_context(writer), explained_images(run))


def decisions_store(
    run: PredictionRun,
    images: Sequence[int],
    decisions: Sequence[Decision],
    categories: Mapping[int, Category],
) -> None:
    """Append predictions of images, by key, and their neighbours; ``categories`` are by index."""
    predictions = Prediction.objects.bulk_create(
        Prediction(
            run=run,
            image_id=image,
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
