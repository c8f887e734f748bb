"""Whole photos for people, in two sizes: one for a trial's page, a large one to look closely.

They are made from the original file when they are first asked for, and kept beside the crops. An
original that changed since its import is refused, so people always see what was imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from PIL import Image as Pixels

from classifiers.core.images import MAX_PIXELS
from classifiers.core.inputs.pixel_gate import PixelGate
from classifiers.core.whole import whole_square
from classifiers.models import Image
from classifiers.services.crops import MAX_BYTES, SIDES, crop_write, encode, is_on_disk
from classifiers.services.photos import PhotoMissing, photo_read
from classifiers.tokens import whole_path

PAGE, LARGE = "whole", "large"
# What is tried, the largest side first, if a photo has too many bytes. On a page a whole photo has
# the budget of a crop; the large one is loaded only by a person who enlarges it.
SIZES: Final[dict[str, tuple[tuple[int, ...], int]]] = {
    PAGE: ((800, 640, *SIDES), MAX_BYTES),
    LARGE: ((1600, 1280, 1024, 800), 600_000),
}
_GATE = PixelGate(MAX_PIXELS)


def whole_encode(photo: Pixels.Image, size: str) -> bytes:
    """Return a whole photo as a square JPEG without metadata; grey stays grey.

    Its side is the photo's longer one, at least 448 pixels, and at most what ``SIZES`` allows.
    """
    sides, max_bytes = SIZES[size]
    own = min(max(*photo.size, SIDES[0]), sides[0])
    return encode(
        lambda side: whole_square(photo, side),
        (own, *(side for side in sides if side < own)),
        max_bytes,
    )


def whole_file(image: Image, size: str = PAGE) -> Path:
    """Return the file of a whole photo, and make it if it is missing.

    Raises ``PhotoMissing`` if the original is missing or changed, ``KeyError`` for an unknown size.
    """
    path = whole_path(image.token, size)
    if not is_on_disk(path):
        with _GATE.hold(image.width * image.height):
            crop_write(path, whole_encode(photo_read(image), size))
    return path


def can_be_shown(image: Image) -> bool:
    """Whether a whole photo or its original is there."""
    made = all(is_on_disk(whole_path(image.token, size)) for size in SIZES)
    return made or image.path.is_file()


def wholes_make(
    images: Iterable[Image], on_done: Callable[[], object] = lambda: None
) -> list[tuple[str, str]]:
    """Make all sizes of photos before people see them; return [path, reason] of what failed."""
    failed = []
    for image in images:
        try:
            for size in SIZES:
                whole_file(image, size)
        except PhotoMissing as error:
            failed.append((image.source, str(error)))
        on_done()
    return failed
