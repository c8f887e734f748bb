"""A gallery's features: from the original files to arrays on disk. Runs on a worker."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import PIL.Image
from django.conf import settings
from numpy.typing import NDArray

from classifiers.core.backbones import backbone_load
from classifiers.core.features import extract_stream
from classifiers.core.images import load_rgb, query_crop
from classifiers.core.index import GalleryWriter
from classifiers.models import Gallery, Image
from classifiers.services.jobs import job_progress

BATCH = 32


class PhotoMissing(RuntimeError):
    """An original file is gone or changed since its import."""


def crop_read(image: Image, transform: str = "crop") -> NDArray[np.uint8]:
    """Read the crop that the machine sees, ``(224, 224, 3)``, from the original file."""
    return np.asarray(query_crop(photo_read(image), transform))


def photo_read(image: Image) -> PIL.Image.Image:
    """Read an original file, upright RGB; refuse one that changed since its import."""
    try:
        data = image.path.read_bytes()
    except OSError as error:
        raise PhotoMissing(
            f"{image.path} cannot be read ({error.strerror}). If the folder moved, run "
            f"import_dataset {image.dataset} again with its new place."
        ) from error
    if hashlib.sha256(data).hexdigest() != image.sha256:
        raise PhotoMissing(
            f"{image.path} has other bytes than when it was imported. Put the old file back, "
            "or import the new one under another name."
        )
    return load_rgb(image.path)


def fingerprint(images: Sequence[Image]) -> str:
    """Return the hash of the images' contents, in order."""
    return hashlib.sha256("".join(image.sha256 for image in images).encode()).hexdigest()


def gallery_extract(*, gallery: Gallery) -> None:
    """Extract every gallery image; an interrupted extraction goes on at its last batch."""
    found = Image.objects.in_split(gallery.dataset, Image.GALLERY)
    images = list(found.select_related("category", "dataset"))
    backbone = backbone_load(gallery.backbone, folder=settings.WEIGHTS_DIR)
    writer = GalleryWriter(
        gallery.folder,
        backbone=backbone.spec,
        image_ids=[image.pk for image in images],
        labels=[image.category.index for image in images],
        dataset=fingerprint(images),
    )
    job_progress(gallery, n_done=writer.n_done, n_total=len(images))
    for _, features in extract_stream(backbone, images[writer.n_done :], crop_read, size=BATCH):
        writer.append(features)
        job_progress(gallery, n_done=writer.n_done, n_total=len(images))
    writer.finish()
