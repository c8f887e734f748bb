"""From a file to the crop: the one place where a photo becomes what people and machine see.

Pillow and NumPy only, so that importing it never costs what importing torch costs.
"""

from __future__ import annotations

import struct
import zlib
from os import PathLike
from typing import Final

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.Image import Resampling

MAX_PIXELS: Final = 89_478_485  # a quarter of a GB in RGB: where Pillow itself begins to warn
MIN_SIDE: Final = 32
CROP_SIDE: Final = 224
MATCHER_SIDE: Final = 240
RESIZE_SIDE: Final = 256

# Closed on purpose: Pillow would hand an EPS file to Ghostscript, and others to old decoders.
FORMATS: Final = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "JPEG2000", "AVIF")

_PLAIN_MODES: Final = frozenset({"1", "L", "RGB", "RGBX", "CMYK", "YCbCr"})
_ALPHA_MODES: Final = frozenset({"LA", "La", "PA", "P", "RGBA", "RGBa"})
_DEEP_MODES: Final = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})

# What Pillow's decoders let through when a file is cut short or lies about itself.
_DECODER_ERRORS: Final = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    LookupError,
    OverflowError,
    struct.error,
    zlib.error,
)


class ImageRefused(ValueError):
    """The file is not one still photo that we can show; the message says what was seen."""


def load_rgb(path: str | PathLike[str]) -> Image.Image:
    """Decode one still photo to upright 8-bit RGB.

    The EXIF orientation is applied, transparency is composited on white, 16-bit grey is scaled
    (not clipped) to 8 bit. Of an MPO (a stereo JPEG, as some cameras write) the first picture
    is taken.

    Raises
    ------
    ImageRefused
        Not an image of a known format, damaged, animated, of float or unknown pixel mode, more
        than ``MAX_PIXELS`` pixels, or a side shorter than ``MIN_SIDE``.
    OSError
        The file cannot be read at all (missing, not permitted).

    """
    with open(path, "rb") as file:
        try:
            with Image.open(file, formats=FORMATS) as image:
                _check(image)
                image.load()
                return _to_rgb(ImageOps.exif_transpose(image))
        except ImageRefused:
            raise
        except UnidentifiedImageError:
            raise ImageRefused(
                f"Not an image that can be read; expected one of {', '.join(FORMATS)}."
            ) from None
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise ImageRefused(
                f"Far too many pixels; expected at most {MAX_PIXELS:,}. Save a smaller copy."
            ) from None
        except _DECODER_ERRORS as error:
            raise ImageRefused(
                f"The image data are damaged or incomplete ({error}); expected a whole file. "
                "Copy or export it again."
            ) from error


def _check(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImageRefused(
            f"{width} x {height} is {width * height:,} pixels; expected at most {MAX_PIXELS:,}. "
            "Save a smaller copy."
        )
    if min(width, height) < MIN_SIDE:
        raise ImageRefused(
            f"{width} x {height} pixels; expected at least {MIN_SIDE} on the shorter side."
        )
    n_frames = getattr(image, "n_frames", 1)
    if n_frames > 1 and image.format != "MPO":
        raise ImageRefused(
            f"{n_frames} frames or pages in one {image.format} file; expected one still picture. "
            "Save the frame you mean as a file of its own."
        )


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in _DEEP_MODES:
        return _deep_grey_to_rgb(image)
    if image.mode in _ALPHA_MODES or (image.mode in _PLAIN_MODES and image.has_transparency_data):
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    if image.mode in _PLAIN_MODES:
        return image.convert("RGB")
    raise ImageRefused(
        f"Pixel mode {image.mode}; expected grey, palette, RGB or CMYK with 8 bits a channel, or "
        "16-bit grey. Export it as PNG."
    )


def _deep_grey_to_rgb(image: Image.Image) -> Image.Image:
    values = np.asarray(image).astype(np.int64)
    if values.min() < 0 or values.max() > 65535:
        raise ImageRefused(
            f"Grey values from {values.min()} to {values.max()}; expected 16 bits (0 to 65535). "
            "Export it as 8-bit PNG."
        )
    grey = (values * 255 + 32767) // 65535  # rounds to nearest: 65535 -> 255, 257 -> 1
    return Image.fromarray(grey.astype(np.uint8)).convert("RGB")


def crop_square(
    image: Image.Image, side: int, resample: Resampling = Resampling.BILINEAR
) -> Image.Image:
    """Return the central square, ``side`` x ``side`` pixels, that people and machine see.

    The shorter side is resized to ``side * 256 / 224`` (the longer in proportion, rounded
    down), then the centre is cut out: the usual ImageNet evaluation crop at any resolution, so
    that crops of different size show the same field of view. For ``side`` 224 it equals
    torchvision's ``Resize(256)`` and ``CenterCrop(224)`` byte for byte.
    """
    width, height = image.size
    short = round(side * RESIZE_SIDE / CROP_SIDE)
    long = int(short * max(width, height) / min(width, height))
    width, height = (short, long) if width <= height else (long, short)
    left, top = round((width - side) / 2), round((height - side) / 2)
    resized = image.resize((width, height), resample)
    return resized.crop((left, top, left + side, top + side))


def display_side(image: Image.Image, low: int = 448, high: int = 640) -> int:
    """Return the side in pixels at which to store the crop for people.

    It is the crop's side at the photo's own resolution, so that nothing is thrown away, kept
    between ``low`` (so that small photos fill the page) and ``high`` (so that it loads fast).
    """
    return min(max(round(min(image.size) * CROP_SIDE / RESIZE_SIDE), low), high)


def squash(image: Image.Image, side: int) -> Image.Image:
    """Return the whole image as ``side`` x ``side`` pixels, its proportions ignored.

    How the queries of adversarial sets are prepared in Nguyen, Taesiri & Nguyen, NeurIPS 2022: a
    crop would cut into what was attacked. It equals torchvision's ``Resize((side, side))`` byte
    for byte.
    """
    return image.resize((side, side), Resampling.BILINEAR)


def central_square(image: Image.Image, side: int) -> Image.Image:
    """Return the whole central square, ``side`` x ``side`` pixels.

    The shorter side is resized to ``side``, the longer in proportion, and its ends are cut off:
    what CHMNet saw in Nguyen, Taesiri & Nguyen, NeurIPS 2022, a little more than ``crop_square``.
    """
    width, height = image.size
    long = int(side * max(width, height) / min(width, height))
    width, height = (side, long) if width <= height else (long, side)
    left, top = round((width - side) / 2), round((height - side) / 2)
    resized = image.resize((width, height), Resampling.BILINEAR)
    return resized.crop((left, top, left + side, top + side))


def query_crop(image: Image.Image, transform: str = "crop") -> Image.Image:
    """Return the 224 pixels of a query that the backbone sees.

    "crop" is what a gallery image gets, "squash" ignores the proportions, "paper" is the whole
    central square at 240 pixels resized to 224, the CHM-Corr query of the published code.
    """
    if transform == "squash":
        return squash(image, CROP_SIDE)
    if transform == "paper":
        small = central_square(image, MATCHER_SIDE)
        return small.resize((CROP_SIDE, CROP_SIDE), Resampling.BILINEAR)
    return crop_square(image, CROP_SIDE)


def matcher_crop(image: Image.Image, transform: str = "crop") -> Image.Image:
    """Return the 240 pixels that a matcher sees; transforms as in ``query_crop``.

    "crop" shows the same field of view as the backbone's crop, so that cells of one are cells
    of the other; "paper" the whole central square.
    """
    if transform == "squash":
        return squash(image, MATCHER_SIDE)
    cut = central_square if transform == "paper" else crop_square
    return cut(image, MATCHER_SIDE)
