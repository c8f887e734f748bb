"""The crop that people and the AI see, as a file without other information."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image as Pixels
from PIL import ImageChops, ImageFile

from classifiers.core.images import crop_square, display_side
from classifiers.files import file_write

JPEG_QUALITY = 90
# A first trial with its six photos has to load fast: 400 kB in all. Its page, styles, scripts and
# the headers take up to 95 kB; `tests/browser/test_network.py` counts them.
MAX_BYTES = 50_000
# What is tried, in this order, if a photo is larger: its own side first, then fewer pixels.
SIDES = (448, 336, 224)
QUALITIES = (JPEG_QUALITY, 80, 70)
# A progressive JPEG is written from one buffer; Pillow's guess, a byte a pixel, is too small for
# noise. This is enough for the largest picture at any content.
ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, 4 * 1600 * 1600)


def crop_encode(image: Pixels.Image) -> bytes:
    """Return the image's square crop as a JPEG without metadata; grey stays grey.

    It has at most ``MAX_BYTES``, except for photos that are mostly noise.
    """
    side = display_side(image)
    sides = (side, *(smaller for smaller in SIDES if smaller < side))
    # Sharper for eyes than the machine's bilinear; the field of view is the same.
    return encode(lambda item: crop_square(image, item, Pixels.Resampling.LANCZOS), sides)


def encode(
    draw: Callable[[int], Pixels.Image], sides: Sequence[int], max_bytes: int = MAX_BYTES
) -> bytes:
    """Return the first JPEG of at most ``max_bytes``, else the smallest.

    ``draw`` makes the picture with a side in pixels. ``sides`` are tried from the largest to the
    smallest, each in all qualities.
    """
    for side in sides:
        picture = _bare(draw(side))
        for quality in QUALITIES:
            jpeg = _jpeg(picture, quality)
            if len(jpeg) <= max_bytes:
                return jpeg
    return jpeg


def _bare(picture: Pixels.Image) -> Pixels.Image:
    if is_grey(picture):
        picture = picture.getchannel(0)
    # Pillow copies a JPEG's comment from here, and a camera may have put a name into it.
    picture.info = {}
    return picture


def _jpeg(picture: Pixels.Image, quality: int) -> bytes:
    stream = BytesIO()
    picture.save(stream, "JPEG", quality=quality, progressive=True, subsampling="4:4:4")
    return stream.getvalue()


def is_grey(image: Pixels.Image) -> bool:
    """Whether the three channels of an RGB image are equal everywhere."""
    red, green, blue = image.split()
    return not (
        ImageChops.difference(red, green).getbbox() or ImageChops.difference(green, blue).getbbox()
    )


def crop_write(path: Path, jpeg: bytes) -> None:
    """Write the file atomically: ``path`` is a complete crop or does not exist."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file_write(path, jpeg)


def is_on_disk(path: Path) -> bool:
    """Whether the crop is there. A power cut can leave an empty file, which does not count."""
    return path.is_file() and path.stat().st_size > 0
