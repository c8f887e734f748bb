"""A gallery's features: from the original files to arrays on disk. Runs on a worker."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from classifiers.core.backbones.backbones import Backbone, backbone_load
from classifiers.core.backbones.devices import device_chosen
from classifiers.core.features import extract_stream
from classifiers.core.gallery.writer import GalleryWriter, Precision
from classifiers.core.images import query_crop
from classifiers.models import Gallery, Image, ImageQuerySet
from classifiers.services.gallery_options import GalleryOptions, options_of
from classifiers.services.jobs import job_phase
from classifiers.services.photos import photo_read

BATCH = 32
EXTRACTING = "features"


def crop_read(image: Image, transform: str = "crop") -> NDArray[np.uint8]:
    """Read the crop that the machine sees, ``(224, 224, 3)``, from the original file."""
    return np.asarray(query_crop(photo_read(image), transform))


def gallery_extract(*, gallery: Gallery) -> None:
    """Extract every gallery image; an interrupted extraction goes on at its last batch."""
    found = Image.objects.in_split(gallery.dataset, Image.GALLERY)
    backbone = backbone_load(gallery.backbone, device_chosen(), folder=settings.WEIGHTS_DIR)
    options = options_of(gallery.folder) or GalleryOptions()
    writer = _writer(gallery.folder, backbone.spec, found, options)
    n_total = writer.manifest.count
    job_phase(gallery, EXTRACTING, n_done=writer.n_done, n_total=n_total)
    left = list(found.select_related("dataset")[writer.n_done :])
    for _, features in extract_stream(backbone, left, crop_read, size=BATCH, grey=options.grey):
        writer.append(features)
        job_phase(gallery, EXTRACTING, n_done=writer.n_done, n_total=n_total)
    writer.finish()


def _writer(
    folder: Path, backbone: Backbone, images: ImageQuerySet, options: GalleryOptions
) -> GalleryWriter:
    """Begin or resume the gallery of these images, none of which is loaded as an object."""
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
