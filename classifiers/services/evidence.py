"""What classifiers look at beside the query: heads, targets, masks. Runs on a worker."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from django.conf import settings
from numpy.typing import NDArray

from classifiers.core import index
from classifiers.core.backbones import LoadedBackbone, imagenet_wnids, own_head
from classifiers.core.catalogue import CLASSIFIERS, Parameters
from classifiers.core.head import LinearHead, head_train
from classifiers.core.images import matcher_crop
from classifiers.core.masks import MaskRefused, mask_find, masks_read, text_of_mask
from classifiers.core.matchers import matcher_load
from classifiers.core.queries import targets_field
from classifiers.core.targets import Targets, TargetsWriter
from classifiers.models import Category, Image, PredictionRun
from classifiers.services.galleries import photo_read
from classifiers.services.jobs import job_heartbeat, job_progress
from classifiers.services.masks import masks_path

TARGETS_BATCH = 32


class EvidenceMissing(RuntimeError):
    """A run asks for something that is not there; the message says what to do."""


@dataclass(frozen=True)
class RunEvidence:
    """What one run needs: ``masks`` by image source, ``competing`` class indices."""

    head: LinearHead | None
    targets: Targets | None
    masks: Mapping[str, NDArray[np.bool_]] | None
    competing: Collection[int] | None

    def parameters_of(self, image: Image, parameters: Parameters) -> Parameters:
        """Return a run's parameters for one image: with its own mask, if the run has such."""
        if self.masks is None:
            return parameters
        mask = mask_find(self.masks, image.source.split("/", 1)[1])
        return {**parameters, "masks": "", "mask": text_of_mask(mask)}


def evidence_collect(
    runs: Sequence[PredictionRun], gallery: index.Gallery, backbone: LoadedBackbone
) -> dict[int, RunEvidence]:
    """Return each run's evidence, made where it is not there yet; all runs share a matcher."""
    targets = targets_ready(runs, gallery)
    categories = list(runs[0].gallery.dataset.categories.order_by("index"))
    split = Image.objects.filter(dataset=runs[0].gallery.dataset, split=runs[0].split)
    in_split = set(split.values_list("category__index", flat=True))
    return {
        run.pk: RunEvidence(
            head=_head(run, gallery, backbone, categories),
            targets=targets if CLASSIFIERS[run.classifier].needs_matcher else None,
            masks=_masks(run),
            competing=in_split if run.parameters["classes"] == "split" else None,
        )
        for run in runs
    }


def targets_ready(runs: Sequence[PredictionRun], gallery: index.Gallery) -> Targets | None:
    """Encode the gallery for the runs' matcher where that is not done; it can be interrupted.

    While it goes on, the runs' progress counts gallery photos.
    """
    asking = [run for run in runs if CLASSIFIERS[run.classifier].needs_matcher]
    if not asking:
        return None
    parameters = asking[0].parameters
    matcher = matcher_load(parameters["matcher"], folder=settings.WEIGHTS_DIR)
    field = targets_field(parameters)
    writer = TargetsWriter(gallery, matcher, field)
    found = Image.objects.in_split(runs[0].gallery.dataset, Image.GALLERY)
    images = list(found.select_related("dataset"))
    left = images[writer.n_done or 0 :]

    def read(image: Image) -> NDArray[np.uint8]:
        return np.asarray(matcher_crop(photo_read(image), field))

    for _, kept in matcher.encode_stream(left, read, "target", size=TARGETS_BATCH):
        writer.append(kept)
        for run in runs:
            job_progress(run, n_done=writer.n_done or 0, n_total=len(images))
    return writer.finish()


def _head(
    run: PredictionRun,
    gallery: index.Gallery,
    backbone: LoadedBackbone,
    categories: Sequence[Category],
) -> LinearHead | None:
    """Train the head of a classifier that has one, or take the backbone's own."""
    if CLASSIFIERS[run.classifier].votes:
        return None
    if run.parameters["own_head"]:
        return _own_head(backbone, categories)
    vectors, labels = torch.from_numpy(gallery.vectors).float(), torch.from_numpy(gallery.labels)
    options = {name: run.parameters[name] for name in ("seed", "weight_decay")}
    alive = partial(job_heartbeat, run)
    return head_train(vectors, labels, 1 + categories[-1].index, on_step=alive, **options)


def _own_head(backbone: LoadedBackbone, categories: Sequence[Category]) -> LinearHead:
    """Return the backbone's ImageNet head, restricted to the dataset's classes."""
    found = own_head(backbone)
    if found is None:
        raise EvidenceMissing(
            f"{backbone.spec.name} has no head of its own; expected own_head=false, or a backbone "
            "with ImageNet's classes."
        )
    places = {wnid: place for place, wnid in enumerate(imagenet_wnids())}
    strangers = [each.name for each in categories if each.name not in places]
    if strangers:
        raise EvidenceMissing(
            f"{len(strangers)} categories are none of ImageNet's, the first {strangers[0]!r}; "
            "expected folders named by WordNet id (n01440764), or own_head=false."
        )
    rows = [places[each.name] for each in categories]
    return LinearHead(found[0][rows].double(), found[1][rows].double())


def _masks(run: PredictionRun) -> Mapping[str, NDArray[np.bool_]] | None:
    sha256 = run.parameters.get("masks")
    if not sha256:
        return None
    try:
        return masks_read(masks_path(sha256))
    except MaskRefused as error:
        raise EvidenceMissing(f"{error} Run predict again with --masks FILE.") from error
