"""From the numbers in a file to 8-bit sRGB: colour profiles, deep grey, transparency.

Pillow and NumPy only. Several conversions in a row are done strip by strip, so that a large photo
is not in memory several times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from classifiers.core.inputs.reading import DEEPEST, Reading

STRIP: Final = 1 << 20
"""Pixels that are converted at once."""

PLAIN_MODES: Final = frozenset({"1", "L", "RGB", "RGBX", "CMYK", "YCbCr"})
ALPHA_MODES: Final = frozenset({"LA", "La", "PA", "P", "RGBA", "RGBa"})
DEEP_MODES: Final = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})

_SPACES: Final = {"RGB": "RGB ", "RGBA": "RGB ", "L": "GRAY", "CMYK": "CMYK"}
_MAX_STEPS: Final = 2
"""Steps of 255 by which a profile may differ from sRGB and still be called sRGB."""

_PHOTOMETRIC, _BITS = 262, 258  # TIFF tags
_MIN_IS_WHITE: Final = 0

Values = NDArray[np.int64]


class ColourRefused(ValueError):
    """The pixels are of a kind that cannot be shown; the message says what was seen."""


def is_sixteen_bit_rgb(image: Image.Image) -> bool:
    """Whether a file that is not loaded yet keeps 16 bits a channel, of which Pillow takes 8."""
    tiles = getattr(image, "tile", ())
    return image.mode == "RGB" and any("16" in str(tile[3]) for tile in tiles)


def to_rgb(image: Image.Image, reading: Reading, *, is_deep_rgb: bool = False) -> Image.Image:
    """Return a loaded image as 8-bit sRGB without transparency.

    An sRGB photo comes back as it is. Raises ``ColourRefused`` for other pixel modes.
    """
    if image.mode in DEEP_MODES:
        return _by_strips(image, partial(_grey_strip, _Depth.of(image, reading)))
    if image.mode not in PLAIN_MODES | ALPHA_MODES:
        raise ColourRefused(
            f"Pixel mode {image.mode}; expected grey, palette, RGB or CMYK with 8 bits a channel, "
            "or 16-bit grey. Export it as PNG."
        )
    clear = image.info.get("transparency")
    if is_deep_rgb and isinstance(clear, tuple) and not reading.is_plain:
        image.info["transparency"] = tuple(item >> 8 for item in clear)
    profile = b"" if reading.is_plain else image.info.get("icc_profile") or b""
    has_alpha = image.mode in ALPHA_MODES or image.has_transparency_data
    if not has_alpha and _transform(profile, image.mode) is None:
        return image if image.mode == "RGB" else image.convert("RGB")
    return _by_strips(image, partial(_colour_strip, profile, has_alpha))


def _by_strips(image: Image.Image, convert: Callable[[Image.Image], Image.Image]) -> Image.Image:
    out = Image.new("RGB", image.size)
    n_rows = max(1, STRIP // image.width)
    for top in range(0, image.height, n_rows):
        box = (0, top, image.width, min(image.height, top + n_rows))
        out.paste(convert(image.crop(box)), (0, top))
    return out


def _colour_strip(profile: bytes, has_alpha: bool, strip: Image.Image) -> Image.Image:
    if has_alpha:
        strip = strip.convert("RGBA")
    if (transform := _transform(profile, strip.mode)) is not None:
        strip = transform(strip)
    if has_alpha:
        strip = Image.alpha_composite(Image.new("RGBA", strip.size, "white"), strip)
    return strip.convert("RGB")


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> Callable[[Image.Image], Image.Image] | None:
    """Return the function that turns pixels of a mode into sRGB; None if they are sRGB already.

    A profile that cannot be read, or is of another kind of colours, counts as none.
    """
    if not profile or mode not in _SPACES:
        return None
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.NOCACHE
    if mode == "RGBA":
        flags |= ImageCms.Flags.COPY_ALPHA
    target = "RGBA" if mode == "RGBA" else "RGB"
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if source.profile.xcolor_space != _SPACES[mode]:
            return None
        made = ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            mode,
            target,
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    convert = partial(_converted, made)
    return None if mode != "CMYK" and _is_identity(convert, mode) else convert


def _converted(transform: ImageCms.ImageCmsTransform, image: Image.Image) -> Image.Image:
    found = ImageCms.applyTransform(image, transform)
    if found is None or image.mode != "L":
        return found or image
    # Rounding may tint a grey photo; its three channels stay equal.
    return Image.merge("RGB", [found.getchannel(1)] * 3)


def _is_identity(convert: Callable[[Image.Image], Image.Image], mode: str) -> bool:
    """Whether colours in the whole cube do not change, except for rounding."""
    levels = np.linspace(0, 255, 17).round().astype(np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(17, -1, 3)
    if mode == "L":
        cube = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)  # (1, 256, 3)
    seen = Image.fromarray(np.ascontiguousarray(cube))
    made = convert(seen.convert(mode)).convert("RGB")
    steps = np.abs(np.asarray(made).astype(int) - cube.astype(int))
    return int(steps.max()) <= _MAX_STEPS


@dataclass(frozen=True, slots=True)
class _Depth:
    """Convert 16-bit grey to 8-bit grey."""

    white: int
    is_inverted: bool
    clear: int | None

    @classmethod
    def of(cls, image: Image.Image, reading: Reading) -> _Depth:
        low, high = deep_range(image)
        if low < 0 or high > DEEPEST:
            raise ColourRefused(
                f"Grey values from {low} to {high}; expected 16 bits (0 to {DEEPEST}). "
                "Export it as 8-bit PNG."
            )
        if reading.is_plain:
            return cls(DEEPEST, False, None)
        clear = image.info.get("transparency")
        return cls(
            white_of(image, reading),
            _tag(image, _PHOTOMETRIC) == _MIN_IS_WHITE,
            clear if isinstance(clear, int) else None,
        )


def white_of(image: Image.Image, reading: Reading) -> int:
    """Return the value that becomes white: the dataset's, or what a TIFF's bits allow."""
    bits = _tag(image, _BITS)
    return min(reading.white, (1 << bits) - 1) if bits else reading.white


def _tag(image: Image.Image, number: int) -> int | None:
    """Return a whole number among a TIFF's tags; None for another file."""
    value = getattr(image, "tag_v2", {}).get(number)
    value = value[0] if isinstance(value, tuple) and value else value
    return value if isinstance(value, int) else None


def deep_range(image: Image.Image) -> tuple[int, int]:
    """Return the least and the largest value of a deep grey image."""
    n_rows = max(1, STRIP // image.width)
    lows, highs = [], []
    for top in range(0, image.height, n_rows):
        box = (0, top, image.width, min(image.height, top + n_rows))
        values = np.asarray(image.crop(box))
        lows.append(int(values.min()))
        highs.append(int(values.max()))
    return min(lows), max(highs)


def _grey_strip(depth: _Depth, strip: Image.Image) -> Image.Image:
    values = np.asarray(strip).astype(np.int64)
    shown: Values = np.minimum(values, depth.white)
    if depth.is_inverted:
        shown = depth.white - shown
    grey = (shown * 255 + depth.white // 2) // depth.white  # to nearest: 65535 -> 255, 257 -> 1
    if depth.clear is not None:
        grey[values == depth.clear] = 255
    return Image.fromarray(grey.astype(np.uint8)).convert("RGB")
