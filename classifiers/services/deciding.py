"""Decisions of several runs on the same photos, in batches. Runs on a worker."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classifiers.core.backbones.backbones import LoadedBackbone
from classifiers.core.catalogue import CLASSIFIERS
from classifiers.core.chm.matcher_features import ENCODE_AGAIN, targets_folder
from classifiers.core.chm.matchers import Matcher
from classifiers.core.chm.pair_cosines import Pairs, pairs_of_record, record_of
from classifiers.core.features import extract_stream
from classifiers.core.gallery import index
from classifiers.core.gallery.checksums import arrays_verify
from classifiers.core.gallery.manifest import BUILD_AGAIN
from classifiers.core.images import matcher_crop
from classifiers.core.methods import Shortlist, classify
from classifiers.core.query import QueryFeatures, grey_of, matched_transform
from classifiers.decision import Decision
from classifiers.models import Image, PredictionRun
from classifiers.services.evidence import RunEvidence
from classifiers.services.galleries import crop_read
from classifiers.services.pairs import has_pairs, header_of
from classifiers.services.photos import photo_read
from classifiers.services.shard_files import Arrays

logger = logging.getLogger(__name__)

BATCH = 32
# These bytes are read again before each job, about a GB in a second. Larger arrays: check_gallery.
VERIFIED_BYTES = 4_000_000_000
MATCHER_BATCH = 4  # CHM-Corr is slow, and progress is shown after each batch

Batch = tuple[Sequence[Image], list[QueryFeatures]]
Lacks = Callable[[PredictionRun, Image], bool]


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision on one image, and the cosines of its pairs if the classifier has them."""

    image: int
    decision: Decision
    pairs: Pairs | None


Found = dict[int, list[Decided]]
"""The decisions on the images of a batch, by the key of the run."""


def verify(folder: Path, again: str = BUILD_AGAIN) -> None:
    """Refuse arrays that changed on the disk, and log which arrays are not checked."""
    for left_out in arrays_verify(folder, most_bytes=VERIFIED_BYTES, again=again):
        logger.warning("%s. To check it: manage.py check_gallery DATASET", left_out)


@dataclass(frozen=True)
class Decider:
    """The data that all runs of one pass over the photos need.

    ``alive`` is called before each decision.
    """

    runs: Sequence[PredictionRun]
    gallery: index.Gallery
    backbone: LoadedBackbone
    evidence: Mapping[int, RunEvidence]
    alive: Callable[[PredictionRun], None]

    @property
    def batch_size(self) -> int:
        """How many photos a batch has."""
        has_targets = any(item.targets for item in self.evidence.values())
        return MATCHER_BATCH if has_targets else BATCH

    def stream(
        self, images: Sequence[Image], lacks: Lacks
    ) -> Iterator[tuple[Sequence[Image], Found]]:
        """Yield batches of images, with the decisions that each run still lacks."""
        queries = _queries(self.runs[0], images, self.gallery, self.backbone, self.evidence)
        for batch in queries:
            near = _shortlists(batch, self.gallery, self.runs, self.evidence)
            yield (
                batch[0],
                {run.pk: self._decide(run, batch, lacks, near[run.pk]) for run in self.runs},
            )

    def _decide(
        self,
        run: PredictionRun,
        batch: Batch,
        lacks: Lacks,
        near: Sequence[Shortlist | None],
    ) -> list[Decided]:
        evidence, decided = self.evidence[run.pk], []
        for image, query, shortlist in zip(*batch, near, strict=True):
            if not lacks(run, image):
                continue
            self.alive(run)
            pairs: list[Pairs] = []
            decision = classify(
                query,
                self.gallery,
                run.classifier,
                head=evidence.head,
                targets=evidence.targets,
                competing=evidence.competing,
                shortlist=shortlist,
                on_pairs=pairs.append,
                **evidence.parameters_of(image, run.parameters),
            )
            decided.append(Decided(image.pk, decision, pairs[0] if pairs else None))
        return decided


def found_arrays(runs: Sequence[PredictionRun], found: Found) -> Arrays:
    """Return a batch's decisions as arrays for a shard's file."""
    said = {
        str(key): [[item.image, item.decision.to_json()] for item in items]
        for key, items in found.items()
    }
    arrays = {"decisions": np.frombuffer(json.dumps(said).encode(), dtype=np.uint8)}
    for run in runs:
        if has_pairs(run):
            header = header_of(run)
            records = [record_of(item.pairs, header) for item in found[run.pk] if item.pairs]
            if len(records) != len(found[run.pk]):
                raise ValueError(f"{run} has decisions without cosines of their pairs.")
            arrays[f"pairs-{run.pk}"] = np.concatenate([each.view(np.uint8) for each in records])
    return arrays


def found_of(runs: Sequence[PredictionRun], arrays: Mapping[str, NDArray[Any]]) -> Found:
    """Return the decisions that ``found_arrays`` wrote."""
    said = json.loads(arrays["decisions"].tobytes())
    found: Found = {}
    for run in runs:
        items = [(image, Decision.from_json(data)) for image, data in said[str(run.pk)]]
        pairs: Iterable[Pairs | None] = repeat(None)
        if has_pairs(run):
            records = arrays[f"pairs-{run.pk}"].view(header_of(run).record)
            pairs = (pairs_of_record(each) for each in records)
        found[run.pk] = [Decided(*item, kept) for item, kept in zip(items, pairs, strict=False)]
    return found


def _queries(
    run: PredictionRun,
    images: Sequence[Image],
    gallery: index.Gallery,
    backbone: LoadedBackbone,
    evidence: Mapping[int, RunEvidence],
) -> Iterator[Batch]:
    """Yield the images in batches with their features, prepared as the runs require."""
    targets = next((item.targets for item in evidence.values() if item.targets), None)
    if targets is not None:
        verify(targets_folder(gallery, targets.matcher, targets.field), ENCODE_AGAIN)
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
    if matched != transform:  # then CHM-Corr has a different query map
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
    """Search the gallery once for a batch and for all runs with the same competing classes."""
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
