"""A gallery's features: from the original files to arrays on disk. Runs on a worker."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from classifiers.core.backbones import backbone_load
from classifiers.core.features import extract
from classifiers.core.images import CROP_SIDE, crop_square, load_rgb
from classifiers.core.index import GalleryWriter
from classifiers.models import Gallery, Image
from classifiers.services.jobs import job_progress

BATCH = 32


class PhotoMissing(RuntimeError):
    """An original file is gone or changed since its import."""


def crop_read(image: Image) -> NDArray[np.uint8]:
    """Read the crop that the machine sees, ``(224, 224, 3)``, from the original file."""
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
    return np.asarray(crop_square(load_rgb(image.path), CROP_SIDE))


def crops_read(images: Sequence[Image]) -> Iterator[tuple[Sequence[Image], NDArray[np.uint8]]]:
    """Yield the images in batches with their crops ``(B, 224, 224, 3)``.

    Decoding runs one batch ahead in threads, so that the network never waits for a disk.
    """
    batches = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
    with ThreadPoolExecutor(max_workers=2) as pool:
        ahead = [pool.submit(crop_read, image) for image in batches[0]] if batches else []
        for position, batch in enumerate(batches):
            crops = np.stack([future.result() for future in ahead])  # (B, 224, 224, 3)
            following = batches[position + 1] if position + 1 < len(batches) else []
            ahead = [pool.submit(crop_read, image) for image in following]
            yield batch, crops


def fingerprint(images: Sequence[Image]) -> str:
    """Return the hash of the images' contents, in order."""
    return hashlib.sha256("".join(image.sha256 for image in images).encode()).hexdigest()


def gallery_extract(*, gallery: Gallery) -> None:
    """Extract every gallery image; an interrupted extraction goes on at its last batch."""
    found = Image.objects.in_split(gallery.dataset, Image.GALLERY)
    images = list(found.select_related("category", "dataset"))
    backbone = backbone_load(gallery.backbone)
    writer = GalleryWriter(
        gallery.folder,
        backbone=backbone.spec,
        image_ids=[image.pk for image in images],
        labels=[image.category.index for image in images],
        dataset=fingerprint(images),
    )
    job_progress(gallery, n_done=writer.n_done, n_total=len(images))
    for _, crops in crops_read(images[writer.n_done :]):
        writer.append(extract(backbone, crops))
        job_progress(gallery, n_done=writer.n_done, n_total=len(images))
    writer.finish()
