"""Hashes that show that two files have the same picture. Pillow and NumPy only."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from PIL.Image import Resampling

HASH_SIDE: Final = 8
N_HASH_BITS: Final = HASH_SIDE**2
STRIP: Final = 1 << 20  # pixels hashed at once
CHUNK: Final = 1 << 22  # pairs of hashes compared at once: 32 MB


def pixels_sha256(image: Image.Image) -> str:
    """Return the SHA-256 of an RGB image's size and pixels, independent of the file format."""
    digest = hashlib.sha256(f"{image.width}x{image.height}:".encode())
    n_rows = max(1, STRIP // image.width)  # so that a large photo is not in memory twice
    for top in range(0, image.height, n_rows):
        box = (0, top, image.width, min(image.height, top + n_rows))
        digest.update(image.crop(box).tobytes())
    return digest.hexdigest()


def difference_hash(image: Image.Image) -> int:
    """Return 64 bits that survive resizing and compression.

    The image becomes grey and 9 x 8 pixels; each bit, row by row, says whether a pixel is brighter
    than its left neighbour (Krawetz, "Kind of like that", 2013).
    """
    small = image.convert("L").resize((HASH_SIDE + 1, HASH_SIDE), Resampling.BOX)
    grey = np.asarray(small)  # (8, 9)
    bits = np.packbits(grey[:, 1:] > grey[:, :-1])  # (8, 8) -> (8,) bytes
    return int.from_bytes(bits.tobytes(), "big")


def nearest_hashes(
    queries: ArrayLike, gallery: ArrayLike
) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
    """Return, for each query, the gallery hash that differs in fewest bits.

    ``queries`` (Q,) and ``gallery`` (G,), G at least 1, hold 64-bit hashes. The result is the
    first such place in the gallery (Q,) and the number of bits that differ (Q,). Raises
    ``ValueError`` for an empty gallery.
    """
    asked, known = (np.asarray(item, dtype=np.uint64) for item in (queries, gallery))
    if known.size == 0:
        raise ValueError("No gallery hashes; expected at least one.")
    places = np.zeros(asked.size, dtype=np.intp)
    bits = np.zeros(asked.size, dtype=np.uint8)
    step = max(1, CHUNK // known.size)
    for start in range(0, asked.size, step):
        part = slice(start, start + step)
        differing = np.bitwise_count(asked[part, None] ^ known)  # (step, G)
        places[part] = differing.argmin(1)
        bits[part] = differing.min(1)
    return places, bits
