"""A gallery's features: from the original files to arrays on disk. Runs on a worker."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from django.conf import settings
from numpy.typing import NDArray

from classifiers.core.backbones.backbones import Backbone, LoadedBackbone, backbone_load
from classifiers.core.backbones.devices import device_chosen
from classifiers.core.features import Features, Grey, extract_stream
from classifiers.core.gallery.writer import GalleryWriter, Precision
from classifiers.core.images import query_crop
from classifiers.models import Gallery, Image, ImageQuerySet, Shard
from classifiers.services.gallery_options import GalleryOptions, options_of
from classifiers.services.jobs import job_note, job_phase
from classifiers.services.photos import PhotoMissing, photo_read
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

BATCH = 32
LARGEST: Final = 512  # photos of a shard: 130 to 210 MB in its file
EXTRACTING = "features"


def crop_read(image: Image, transform: str = "crop") -> NDArray[np.uint8]:
    """Read the crop that the model sees, ``(224, 224, 3)``, from the original file."""
    return np.asarray(query_crop(photo_read(image), transform))


def gallery_extract(*, gallery: Gallery) -> None:
    """Extract every gallery image; an interrupted extraction continues at its last batch.

    Other workers may do shards of it meanwhile. Up to one photo in a hundred may be unreadable: it
    is left out and named in ``gallery.skipped``. If there are more, the error of the first one is
    raised.
    """
    found = Image.objects.in_split(gallery.dataset, Image.GALLERY)
    backbone = backbone_load(gallery.backbone, device_chosen(), folder=settings.WEIGHTS_DIR)
    options = options_of(gallery.folder) or GalleryOptions()
    writer = _writer(gallery.folder, backbone.spec, found, options)
    features = _Features(backbone, options.grey)
    n_planned = writer.manifest.count + len(writer.manifest.skipped)
    first = {"n_done": writer.n_done + len(writer.manifest.skipped), "n_total": n_planned}
    job_phase(gallery, EXTRACTING, **first)
    left = writer.left.tolist()

    def skip(image_id: int, error: PhotoMissing) -> None:
        if len(writer.manifest.skipped) >= may_skip(n_planned):
            raise error
        writer.skip(image_id)
        job_note(gallery, skipped=[*gallery.skipped, [image_id, str(error)]])

    def note() -> None:
        n_done = writer.n_done + len(writer.manifest.skipped) + lead.n_ahead()
        job_phase(gallery, EXTRACTING, n_done=min(n_done, n_planned), n_total=n_planned)

    lead = Lead(
        f"gallery-{gallery.pk}",
        {image: writer.n_done + n for n, image in enumerate(left)},
        size=shard_size(n_planned, BATCH, LARGEST),
        alive=note,
        stage=lambda shard: shard_do(shard, features.produce, note),
    )
    for shard in lead.parts() if left else ():
        for batch in features.of_shard(shard, skip):
            writer.append(batch)
            note()
    writer.finish()


class _Features:
    """How photos become features: here, or from the file of another worker."""

    def __init__(self, backbone: LoadedBackbone, grey: Grey) -> None:
        self._backbone, self._grey = backbone, grey

    def _stream(self, images: Sequence[Image]) -> Iterator[tuple[Sequence[Image], Features]]:
        return extract_stream(self._backbone, images, crop_read, size=BATCH, grey=self._grey)

    def produce(self, images: Sequence[Image], on_skip: OnSkip) -> Iterator[tuple[int, Arrays]]:
        """Yield the arrays of a shard's file."""
        for batch, found in without_unreadable(images, self._stream, on_skip):
            yield len(batch), {"maps": found.maps.numpy(), "vectors": found.vectors.numpy()}

    def of_shard(
        self, shard: Shard, skip: Callable[[int, PhotoMissing], None]
    ) -> Iterator[Features]:
        """Yield the features of a shard, in its order."""
        if shard.is_head:
            images = images_of(shard.images)
            on_skip: OnSkip = lambda image, error: skip(image.pk, error)  # noqa: E731
            for _, found in without_unreadable(images, self._stream, on_skip):
                yield found
            return
        for image_id, said in shard.skipped:
            skip(image_id, PhotoMissing(said, image_id))
        for arrays in shard_read(shard.file) if shard.sha256 else ():
            yield Features(torch.from_numpy(arrays["maps"]), torch.from_numpy(arrays["vectors"]))


def gallery_producer(gallery_id: int) -> Producer:
    """Return the function that does shards of a gallery for another worker's job."""
    gallery = Gallery.objects.select_related("dataset").get(pk=gallery_id)
    backbone = backbone_load(gallery.backbone, device_chosen(), folder=settings.WEIGHTS_DIR)
    options = options_of(gallery.folder) or GalleryOptions()
    return _Features(backbone, options.grey).produce


def _writer(
    folder: Path, backbone: Backbone, images: ImageQuerySet, options: GalleryOptions
) -> GalleryWriter:
    """Begin or resume the gallery of these images without loading them as objects."""
    ids, labels, contents = [], [], hashlib.sha256()
    for pk, label, sha256 in images.values_list("pk", "category__index", "sha256").iterator():
        ids.append(pk)
        labels.append(label)
        contents.update(sha256.encode())
    precision: Precision = "float16" if options.half else "float32"
    return GalleryWriter(
        folder,
        backbone=backbone,
        image_ids=ids,
        labels=labels,
        dataset=contents.hexdigest(),
        vectors_dtype=precision,
        maps_dtype=precision,
        grey=options.grey,
    )
