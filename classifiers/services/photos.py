"""Original files, which must be as they were when imported. Needs no torch."""

from __future__ import annotations

import hashlib

import PIL.Image

from classifiers.core.images import ImageRefused, load_rgb
from classifiers.models import Image


class PhotoMissing(RuntimeError):
    """An original file is missing, changed since its import, or no longer accepted."""

    def __init__(self, message: str, image_id: int | None = None) -> None:
        super().__init__(message)
        self.image_id = image_id


def photo_read(image: Image) -> PIL.Image.Image:
    """Read an original file, upright RGB; refuse one that changed since its import."""
    try:
        data = image.path.read_bytes()
    except OSError as error:
        raise PhotoMissing(
            f"{image.path} cannot be read ({error.strerror}). If the folder moved, run "
            f"import_dataset {image.dataset} again with its new place.",
            image.pk,
        ) from error
    if hashlib.sha256(data).hexdigest() != image.sha256:
        raise PhotoMissing(
            f"{image.path} has other bytes than when it was imported. Put the old file back, "
            "or import the new one under another name.",
            image.pk,
        )
    try:
        return load_rgb(image.path, image.dataset.reading)
    except ImageRefused as error:
        said = f"{image.path} cannot be used any more: {error}"
        raise PhotoMissing(said, image.pk) from error
