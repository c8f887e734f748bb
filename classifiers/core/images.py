"""From a file to the crop that both people and the AI see; the only place where crops are made.

Pillow and NumPy only, so that importing it is fast.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from os import SEEK_END, PathLike
from typing import IO, Final

from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.Image import Resampling

from classifiers.core.inputs.colours import (
    DEEP_MODES,
    ColourRefused,
    deep_range,
    is_sixteen_bit_rgb,
    to_rgb,
    white_of,
)
from classifiers.core.inputs.reading import STANDARD, Reading

MAX_PIXELS: Final = 89_478_485  # a quarter of a GB in RGB: where Pillow itself begins to warn
# Its decoder keeps four bytes for every channel of every pixel.
FORMAT_PIXELS: Final = {"JPEG2000": 30_000_000}
MAX_BYTES: Final = 300_000_000  # as many pixels uncompressed, and some
MAX_RATIO: Final = 50
N_PARTS: Final = 8
"""A photo that uses less than one of so many parts of its range is worth a look."""
MIN_SIDE: Final = 32
CROP_SIDE: Final = 224
MATCHER_SIDE: Final = 240
RESIZE_SIDE: Final = 256

# Closed on purpose: Pillow would hand an EPS file to Ghostscript, and others to old decoders.
FORMATS: Final = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "JPEG2000", "AVIF")

# Pillow takes memory in blocks. Only blocks beyond what glibc keeps for itself (32 MB) go back to
# the system when a large photo is done; with smaller ones the next would come on top.
Image.core.set_block_size(1 << 26)  # type: ignore[attr-defined]

# Exceptions of Pillow's decoders if a file is truncated or its header is wrong.
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
    """Raised if the file is not a still photo that can be shown; says what was seen."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded photo, and a remark on a possible problem; ``remark`` may be empty."""

    image: Image.Image
    remark: str = ""


def load_rgb(path: str | PathLike[str], reading: Reading = STANDARD) -> Image.Image:
    """Decode one still photo to upright 8-bit sRGB.

    The EXIF orientation is applied, an embedded colour profile is converted from, transparency is
    composited on white, 16-bit grey is scaled (not clipped) to 8 bit. Of an MPO (a stereo JPEG,
    as some cameras write) the first picture is taken.

    Raises
    ------
    ImageRefused
        Not an image of a known format, damaged, animated, of float or unknown pixel mode, more
        than ``MAX_PIXELS`` pixels or ``MAX_BYTES`` bytes, a side shorter than ``MIN_SIDE``, one
        side over ``MAX_RATIO`` times the other, or more than the memory holds.
    OSError
        The file cannot be read at all (missing, not permitted).

    """
    return picture_read(path, reading).image


def picture_read(path: str | PathLike[str], reading: Reading = STANDARD) -> Picture:
    """Decode one still photo as ``load_rgb`` does, with a remark on a possible problem."""
    with open(path, "rb") as file:
        return picture_of(file, reading)


def picture_of(file: IO[bytes], reading: Reading = STANDARD) -> Picture:
    """Decode one still photo from an open file, as ``picture_read`` does."""
    n_bytes = file.seek(0, SEEK_END)
    file.seek(0)
    if n_bytes > MAX_BYTES:
        raise ImageRefused(
            f"The file has {n_bytes / 1e6:,.0f} MB; expected at most {MAX_BYTES / 1e6:,.0f}. "
            "Save a smaller copy."
        )
    try:
        with Image.open(file, formats=FORMATS) as image:
            return _picture(image, reading)
    except ImageRefused:
        raise
    except ColourRefused as error:
        raise ImageRefused(str(error)) from error
    except UnidentifiedImageError:
        raise ImageRefused(
            f"Not an image that can be read; expected one of {', '.join(FORMATS)}."
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageRefused(
            f"Far too many pixels; expected at most {MAX_PIXELS:,}. Save a smaller copy."
        ) from None
    except MemoryError:
        raise ImageRefused(
            "Decoding it takes more memory than there is. Save a smaller copy."
        ) from None
    except _DECODER_ERRORS as error:
        raise ImageRefused(
            f"The image data are damaged or incomplete ({error}); expected a whole file. "
            "Copy or export it again."
        ) from error


def pixels_of(path: str | PathLike[str]) -> int:
    """Return the number of pixels in a file's header, 0 if unknown.

    Only the header is read, to estimate the cost of decoding.
    """
    try:
        with open(path, "rb") as file, Image.open(file, formats=FORMATS) as image:
            return image.width * image.height
    except (OSError, MemoryError, Image.DecompressionBombError, *_DECODER_ERRORS):
        return 0


def _picture(image: Image.Image, reading: Reading) -> Picture:
    _check(image)
    is_deep_rgb = is_sixteen_bit_rgb(image)
    image.load()
    remark = _deep_remark(image, reading) if image.mode in DEEP_MODES else ""
    ImageOps.exif_transpose(image, in_place=True)
    rgb = to_rgb(image, reading, is_deep_rgb=is_deep_rgb)
    return Picture(rgb, remark or _flat_remark(rgb))


def _deep_remark(image: Image.Image, reading: Reading) -> str:
    """Say that deep grey uses little of its range, and which white would show it."""
    (low, high), white = deep_range(image), white_of(image, reading)
    if high - low >= (white + 1) / N_PARTS:
        return ""
    fitting = max(255, (1 << high.bit_length()) - 1)
    advice = (
        f"If all photos are like it, import them under a new name with {fitting} as white"
        if fitting < white
        else "Stretch it before the import if more should be seen"
    )
    return (
        f"uses the grey values {low:,} to {high:,} of 0 to {white:,}, so hardly anything can be "
        f"seen in it. {advice}."
    )


def _flat_remark(image: Image.Image) -> str:
    """Say that a photo uses under an eighth of its range in every channel."""
    ranges = image.getextrema()
    spread = max(high - low for low, high in ranges)  # type: ignore[misc]
    if spread >= 256 / N_PARTS:
        return ""
    return f"its channels vary by at most {spread} of 255, so hardly anything can be seen in it."


def _check(image: Image.Image) -> None:
    width, height = image.size
    limit = min(MAX_PIXELS, FORMAT_PIXELS.get(image.format or "", MAX_PIXELS))
    if width * height > limit:
        raise ImageRefused(
            f"{width} x {height} is {width * height:,} pixels; expected at most {limit:,}. "
            "Save a smaller copy."
        )
    short, long = sorted(image.size)
    if short < MIN_SIDE:
        raise ImageRefused(
            f"{width} x {height} pixels; expected at least {MIN_SIDE} on the shorter side."
        )
    if long > MAX_RATIO * short:
        raise ImageRefused(
            f"{width} x {height} pixels: one side is {long / short:,.0f} times the other; expected "
            f"at most {MAX_RATIO} times, because people and machine see the central square alone. "
            "Cut out the part that you mean."
        )
    # Counting the pages of a file with a wrong header could take very long.
    if getattr(image, "is_animated", False) and image.format != "MPO":
        raise ImageRefused(
            f"Several frames or pages in one {image.format} file; expected one still picture. Save "
            "the right frame as a separate file."
        )


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

    It is the crop's side at the photo's own resolution, so that no detail is lost, limited to
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
