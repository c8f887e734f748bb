"""What classifiers use besides the query: heads, targets, masks. Runs on a worker."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO

import numpy as np
import torch
from django.conf import settings
from django.db.models import QuerySet
from numpy.typing import NDArray
from torch import Tensor

from classifiers.core.backbones.backbones import LoadedBackbone, imagenet_wnids, own_head
from classifiers.core.backbones.devices import device_chosen
from classifiers.core.catalogue import CLASSIFIERS, Parameters
from classifiers.core.chm.masks import MaskRefused, mask_find, masks_read, text_of_mask
from classifiers.core.chm.matcher_features import Targets, TargetsWriter
from classifiers.core.chm.matchers import Matcher, matcher_load
from classifiers.core.gallery import index
from classifiers.core.head import LinearHead, head_train
from classifiers.core.images import matcher_crop
from classifiers.core.query import targets_field
from classifiers.files import file_write
from classifiers.models import Category, Image, PredictionRun, Shard, work_folder
from classifiers.services.jobs import job_fail, job_heartbeat, job_phase
from classifiers.services.masks import masks_path
from classifiers.services.photos import PhotoMissing, photo_read
from classifiers.services.shard_files import Arrays, shard_read
from classifiers.services.shard_work import OnSkip, Producer, images_of, shard_do
from classifiers.services.shards import Lead, shard_size

ENCODING = "gallery photos for the matcher"
TARGETS_BATCH = 32
LARGEST = 512  # photos of a shard


class EvidenceMissing(RuntimeError):
    """Something that a run needs is missing; the message says what to do."""


@dataclass(frozen=True)
class RunEvidence:
    """The data of one run: ``masks`` by image source, ``competing`` class indices."""

    head: LinearHead | None
    targets: Targets | None
    masks: Mapping[str, NDArray[np.bool_]] | None
    competing: Collection[int] | None

    def parameters_of(self, image: Image, parameters: Parameters) -> Parameters:
        """Return the parameters of a run for one image, with its mask if the run has masks."""
        if self.masks is None:
            return parameters
        mask = mask_find(self.masks, image.source)
        return {**parameters, "masks": "", "mask": text_of_mask(mask)}


def evidence_collect(
    runs: Sequence[PredictionRun], gallery: index.Gallery, backbone: LoadedBackbone
) -> dict[int, RunEvidence]:
    """Return the evidence of each run, and make what is missing. All runs share a matcher.

    A run whose evidence cannot be made fails alone. It is not in the result.
    """
    targets = targets_ready(runs, gallery)
    return _collected(runs, targets, lambda run: _head(run, gallery, backbone), job_fail)


def evidence_open(
    runs: Sequence[PredictionRun], gallery: index.Gallery, backbone: LoadedBackbone, work: str
) -> dict[int, RunEvidence]:
    """Return the evidence that the leading worker prepared; nothing is made or trained here."""
    asking = [run for run in runs if CLASSIFIERS[run.classifier].needs_matcher]
    targets = None
    if asking:
        name = asking[0].parameters["matcher"]
        matcher = matcher_load(name, device_chosen(), folder=settings.WEIGHTS_DIR)
        targets = Targets.open(gallery, matcher, targets_field(asking[0].parameters))

    def refuse(run: PredictionRun, error: Exception) -> None:
        raise error

    return _collected(runs, targets, lambda run: _head_kept(run, backbone, work), refuse)


def _collected(
    runs: Sequence[PredictionRun],
    targets: Targets | None,
    head: Callable[[PredictionRun], LinearHead | None],
    refuse: Callable[[PredictionRun, Exception], None],
) -> dict[int, RunEvidence]:
    split = Image.objects.filter(dataset=runs[0].dataset, split=runs[0].split)
    in_split = set(split.values_list("category__index", flat=True))
    found = {}
    for run in runs:
        try:
            found[run.pk] = RunEvidence(
                head=head(run),
                targets=_targets(run, targets),
                masks=_masks(run, split),
                competing=in_split if run.parameters["classes"] == "split" else None,
            )
        except (EvidenceMissing, MaskRefused) as error:
            refuse(run, error)
    return found


def targets_ready(runs: Sequence[PredictionRun], gallery: index.Gallery) -> Targets | None:
    """Encode the gallery for the matcher of the runs, or continue an interrupted encoding.

    Meanwhile the runs are in a separate phase, which counts gallery photos.
    """
    asking = [run for run in runs if CLASSIFIERS[run.classifier].needs_matcher]
    if not asking:
        return None
    parameters = asking[0].parameters
    matcher = matcher_load(parameters["matcher"], device_chosen(), folder=settings.WEIGHTS_DIR)
    field = targets_field(parameters)
    with TargetsWriter(gallery, matcher, field, on_wait=partial(_alive, runs)) as writer:
        if not writer.is_done:
            _gallery_encode(writer, runs)
        return writer.finish()


def _gallery_encode(writer: TargetsWriter, runs: Sequence[PredictionRun]) -> None:
    """Encode the gallery's photos; other workers may do shards of it."""
    ids = writer.gallery.image_ids.tolist()
    encoder = _Encoder(writer.matcher, writer.field)

    def note() -> None:
        n_done = min(len(ids), writer.n_done + lead.n_ahead())
        for run in runs:
            job_phase(run, ENCODING, n_done=n_done, n_total=len(ids))

    lead = Lead(
        f"targets-{runs[0].own_gallery.pk}-{writer.path.name}",
        {image: n for n, image in enumerate(ids) if n >= writer.n_done},
        size=shard_size(len(ids), TARGETS_BATCH, LARGEST),
        alive=note,
        stage=lambda shard: shard_do(shard, encoder.produce, note),
    )
    note()
    for shard in lead.parts():
        for kept in encoder.of_shard(shard):
            writer.append(kept)
            note()


class _Encoder:
    """How gallery photos are encoded: here, or from the file of another worker."""

    def __init__(self, matcher: Matcher, field: str) -> None:
        self._matcher, self._field = matcher, field

    def _stream(self, images: Sequence[Image]) -> Iterator[tuple[Sequence[Image], Tensor]]:
        def read(image: Image) -> NDArray[np.uint8]:
            return np.asarray(matcher_crop(photo_read(image), self._field))

        return self._matcher.encode_stream(images, read, "target", size=TARGETS_BATCH)

    def produce(self, images: Sequence[Image], _: OnSkip) -> Iterator[tuple[int, Arrays]]:
        """Yield the arrays of the file of a shard.

        No photo is left out: a gallery needs all targets.
        """
        for batch, kept in self._stream(images):
            yield len(batch), {"kept": kept.cpu().numpy()}

    def of_shard(self, shard: Shard) -> Iterator[Tensor]:
        """Yield the encodings of a shard, in its order."""
        if shard.is_head:
            yield from (kept for _, kept in self._stream(images_of(shard.images)))
            return
        for image_id, said in shard.skipped:
            raise PhotoMissing(f"Gallery photo {image_id}: {said}", image_id)
        yield from (torch.from_numpy(arrays["kept"]) for arrays in shard_read(shard.file))


def targets_producer(name: str) -> Producer:
    """Return the function that does shards of targets for another worker's job ``work``."""
    gallery_id, _, folder = name.partition("-")
    matcher_name, field, sha256 = folder.rsplit("-", 2)
    matcher = matcher_load(matcher_name, device_chosen(), folder=settings.WEIGHTS_DIR)
    if not matcher.sha256.startswith(sha256):
        raise EvidenceMissing(
            f"{matcher_name} has weights of sha256 {matcher.sha256[:8]}… here; the targets of "
            f"gallery {gallery_id} are made with {sha256}…. Register the same file on all machines."
        )
    return _Encoder(matcher, field).produce


def _alive(runs: Sequence[PredictionRun]) -> None:
    for run in runs:
        job_heartbeat(run)


def _targets(run: PredictionRun, targets: Targets | None) -> Targets | None:
    """Return the targets if the run needs them. A run keeps the weights that it began with."""
    if targets is None or not CLASSIFIERS[run.classifier].needs_matcher:
        return None
    wanted, seen = run.parameters["matcher_sha256"], targets.matcher.sha256
    if wanted not in ("", seen):
        raise EvidenceMissing(
            f"{targets.matcher.name} has weights of sha256 {seen} now; this run began with "
            f"{wanted}. Register those again, or request the prediction again: it will be another "
            "run."
        )
    return targets


def _head(
    run: PredictionRun, gallery: index.Gallery, backbone: LoadedBackbone
) -> LinearHead | None:
    """Train the head of a classifier, or use the head of the backbone."""
    if CLASSIFIERS[run.classifier].votes:
        return None
    categories = list(run.dataset.categories.order_by("index"))
    if run.parameters["own_head"]:
        return _own_head(backbone, categories)
    vectors, labels = gallery.vectors_all(), torch.from_numpy(gallery.labels)
    options = {name: run.parameters[name] for name in ("seed", "weight_decay")}
    alive = partial(job_heartbeat, run)
    on_device = vectors.to(device_chosen())
    head = head_train(on_device, labels, 1 + categories[-1].index, on_step=alive, **options)
    return replace(head, weight=head.weight.cpu(), bias=head.bias.cpu())


def heads_keep(work: str, evidence: Mapping[int, RunEvidence]) -> None:
    """Store trained heads for all workers: other machines would train slightly different ones."""
    for key, item in evidence.items():
        if item.head is None or item.head.is_own:
            continue
        arrays = {"weight": item.head.weight.numpy(), "bias": item.head.bias.numpy()}
        content = BytesIO()
        np.savez(content, seed=item.head.seed, weight_decay=item.head.weight_decay, **arrays)  # type: ignore[arg-type]
        work_folder(work).mkdir(parents=True, exist_ok=True)
        file_write(work_folder(work) / f"head-{key}.npz", content.getvalue())


def _head_kept(run: PredictionRun, backbone: LoadedBackbone, work: str) -> LinearHead | None:
    """Return the head that the leading worker trained."""
    if CLASSIFIERS[run.classifier].votes:
        return None
    if run.parameters["own_head"]:
        return _own_head(backbone, list(run.dataset.categories.order_by("index")))
    with np.load(work_folder(work) / f"head-{run.pk}.npz") as found:
        return LinearHead(
            torch.from_numpy(found["weight"]),
            torch.from_numpy(found["bias"]),
            int(found["seed"]),
            float(found["weight_decay"]),
        )


def _own_head(backbone: LoadedBackbone, categories: Sequence[Category]) -> LinearHead:
    """Return the backbone's ImageNet head, restricted to the dataset's classes."""
    found = own_head(backbone)
    if found is None:
        raise EvidenceMissing(
            f"{backbone.spec.name} has no own head; expected own_head=false, or a backbone with "
            "ImageNet's classes."
        )
    places = {wnid: place for place, wnid in enumerate(imagenet_wnids())}
    strangers = [category.name for category in categories if category.name not in places]
    if strangers:
        raise EvidenceMissing(
            f"{len(strangers)} categories are none of ImageNet's, the first {strangers[0]!r}; "
            "expected folders named by WordNet id (n01440764), or own_head=false."
        )
    rows = [places[category.name] for category in categories]
    return LinearHead(found[0][rows].double(), found[1][rows].double())


def _masks(run: PredictionRun, split: QuerySet[Image]) -> Mapping[str, NDArray[np.bool_]] | None:
    """Return the masks of the run by image; each image must have one."""
    sha256 = run.parameters.get("masks")
    if not sha256:
        return None
    try:
        masks = masks_read(masks_path(sha256))
    except MaskRefused as error:
        raise EvidenceMissing(f"{error} Run predict again with --masks FILE.") from error
    for source in split.values_list("source", flat=True):
        mask_find(masks, source)
    return masks
