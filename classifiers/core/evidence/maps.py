"""Heat maps: read as numbers, drawn in colours that colour-blind eyes order as others do.

The colours are cividis (Nuñez, Anderton & Renslow, PLoS ONE 13(7), 2018, e0199239): lightness rises
evenly with the value. NumPy and Pillow only.
"""

from __future__ import annotations

import base64
from io import BytesIO
from typing import Any, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray
from PIL import Image

SIDE: Final = 224
"""Pixels along one side of a drawn map, as of the crop that the network sees."""
LEAST_SIDE, MOST_SIDE = 2, 4096
_GREY: Final = ("1", "L", "I", "I;16", "I;16B", "I;16L", "I;16N")
_MAGIC: Final = b"\x93NUMPY"

CIVIDIS: Final = base64.b64decode(
    "ACJNACNPACNQACRSACVUACZVACZXACdZAChbAChcACleACpgACpiACtkACxmACxnAC1pAC5rAC9tAC9vADBwADBwADFw"
    "ADFwBDJwCDNwCzNwDjRwETVvFDZvFjZvGDdvGjhvHDhuHTluHzpuITtuIjtuJDxuJT1tJz1tKD5tKj9tKz9tLEBtLkFs"
    "L0JsMEJsMUNsMkRsNERsNUVsNkZsN0ZsOEdsOUhsOkhrO0lrPUprPktrP0trQExrQU1rQk1rQ05rRE9rRU9rRlBrR1Fr"
    "SFFrSVJrSlNrS1RsTFRsTVVsTlZsTlZsT1dsUFhsUVhsUllsU1psVFpsVVttVlxtV11tWF1tWV5tWV9tWl9tW2BuXGFu"
    "XWFuXmJuX2NuYGRuYWRvYWVvYmZvY2ZvZGdvZWhwZmlwZ2lwaGpwaGtxaWtxamxxa21xbG1ybW5ybm9ybnBzb3BzcHFz"
    "cXJzcnN0c3N0dHR1dHV1dXV1dnZ2d3d2eHh2eXh3eXl3enp3e3t3fHt4fXx4fn14f314gH54gX94goB4g4B4hIF4hYJ4"
    "hYN4hoN4h4R4iIV4iYZ4ioZ4i4d4jIh4jYl4jol4j4p3kIt3kYx3kox3k413lI53lY93lo93l5B2mJF2mZJ2mpN2m5N2"
    "nJR2nZV1npZ1n5Z1oJd1oZh0opl0o5p0pJp0pZtzppxzp51zqJ5zqZ5yqp9yq6ByrKFxraJxrqJxr6NwsKRwsaVwsqZv"
    "s6ZvtKdvtahutqlut6ptuKttuattuqxsu61svK5rva9rvrBqv7BqwbFpwrJpw7NoxLRoxbVnxrVnx7ZmyLdlybhlyrlk"
    "y7pkzLtjzbxizrxiz71h0L5g0r9g08Bf1MFe1cJe1sNd18Nc2MRb2cVa2sZa28dZ3MhY3slX38pW4MtV4cxU4sxT481S"
    "5M5R5c9Q5tBP6NFO6dJN6tNM69RL7NVK7dZI7tdH79hG8dlE8tpD89pC9NtA9dw/9t09+N47+d86+uA4++E2/eI0/eMz"
    "/eU0/eY2/ec3"
)
"""256 colours of three bytes, of the least value first."""


class MapRefused(ValueError):
    """A file is no heat map; the message says what was seen and what was expected."""


def map_read(content: bytes) -> NDArray[np.float64]:
    """Return the numbers (H, W) of a 2-D ``.npy`` array or a greyscale PNG.

    Raises ``MapRefused`` for other shapes and types, sides outside 2 to 4096, numbers that are not
    finite, and damaged files.
    """
    values = _of_npy(content) if content.startswith(_MAGIC) else _of_png(content)
    found = np.asarray(values, dtype=np.float64)
    if not np.isfinite(found).all():
        n = int((~np.isfinite(found)).sum())
        raise MapRefused(f"{n:,} of {found.size:,} numbers are NaN or infinite; expected none")
    return found


def _of_npy(content: bytes) -> NDArray[Any]:
    """Read an array whose header is checked first: a claimed size takes no memory."""
    file = BytesIO(content)
    try:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(file)
    except (ValueError, TypeError, SyntaxError, EOFError, OverflowError, RecursionError) as error:
        raise MapRefused(f"no .npy file that can be read ({error})") from error
    if dtype.kind not in "fiub" or dtype.hasobject:
        raise MapRefused(f"an array of {dtype}; expected floating-point or whole numbers")
    if len(shape) != 2:
        raise MapRefused(
            f"an array of shape {shape}; expected two dimensions (height, width): sum over the "
            "channels and take one image"
        )
    _check_sides(shape[1], shape[0])
    n_bytes = len(content) - file.tell()
    if n_bytes != shape[0] * shape[1] * dtype.itemsize:
        raise MapRefused(f"an array of shape {shape} in {n_bytes:,} bytes; expected a whole file")
    file.seek(0)
    found: NDArray[Any] = np.load(file, allow_pickle=False)
    return found


def _of_png(content: bytes) -> NDArray[Any]:
    try:
        with Image.open(BytesIO(content), formats=["PNG"]) as image:
            if image.mode not in _GREY:
                raise MapRefused(f"a PNG of mode {image.mode}; expected greyscale or a .npy array")
            _check_sides(*image.size)
            return np.asarray(image)
    except (OSError, SyntaxError, ValueError, MemoryError, Image.DecompressionBombError) as error:
        if isinstance(error, MapRefused):
            raise
        raise MapRefused(
            f"no greyscale PNG or .npy array that can be read ({str(error)[:100]})"
        ) from error


def _check_sides(width: int, height: int) -> None:
    if not (LEAST_SIDE <= width <= MOST_SIDE and LEAST_SIDE <= height <= MOST_SIDE):
        raise MapRefused(
            f"{width} x {height} places; expected {LEAST_SIDE} to {MOST_SIDE} on each side"
        )


def map_draw(values: NDArray[np.float64]) -> bytes:
    """Return a map (H, W) as a PNG of ``SIDE`` x ``SIDE`` pixels with cividis as its palette.

    The least value is dark blue and the largest yellow, in equal steps; a map of one value is in
    the middle. Between the given places values are interpolated linearly.
    """
    low, high = float(values.min()), float(values.max())
    half = high / 2 - low / 2  # halves: the difference of the largest floats is no float
    unit = (values / 2 - low / 2) / half if half > 0 else np.full(values.shape, 0.5)
    grid = Image.fromarray(unit.astype(np.float32))
    drawn = np.asarray(grid.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    image = Image.fromarray(np.clip(np.rint(drawn * 255), 0, 255).astype(np.uint8))
    image.putpalette(CIVIDIS)
    stream = BytesIO()
    image.save(stream, "PNG", optimize=True)
    return stream.getvalue()


__all__ = ["CIVIDIS", "SIDE", "MapRefused", "map_draw", "map_read"]
