"""Masks for CHM-Corr+: the 7 x 7 cells of a query that count, chosen by a person.

NumPy only. As text a mask is 49 digits 0 or 1, row by row.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from classifiers.core.inputs.strict_files import json_read
from classifiers.decision import GRID


class MaskRefused(ValueError):
    """Raised for an invalid mask; the message says where, what was seen and what was expected."""


def mask_of_text(text: str) -> NDArray[np.bool_]:
    """Return the mask (7, 7) of 49 digits."""
    return np.array([item == "1" for item in text]).reshape(GRID, GRID)  # (49,) -> (7, 7)


def text_of_mask(mask: ArrayLike) -> str:
    """Return the 49 digits of a mask (7, 7)."""
    return "".join("1" if item else "0" for item in np.asarray(mask).flatten())


def mask_of_points(points: ArrayLike, width: int, height: int) -> NDArray[np.bool_]:
    """Return the mask of the cells of the shown crop that contain points of a photo.

    ``points`` (P, 2) are x and y in the photo's pixels; points outside the crop are ignored. The
    crop is that of ``images.crop_square``: the central 224 of 256.
    """
    at = np.asarray(points, dtype=float).reshape(-1, 2)
    side = min(width, height) * 224 / 256  # of the crop, in the photo's pixels
    corner = np.array([(width - side) / 2, (height - side) / 2])
    cells = np.floor((at - corner) / side * GRID).astype(int)  # (P, 2): column, row
    inside = ((cells >= 0) & (cells < GRID)).all(axis=1)
    mask = np.zeros((GRID, GRID), dtype=bool)
    mask[cells[inside, 1], cells[inside, 0]] = True
    return mask


def masks_read(path: Path) -> dict[str, NDArray[np.bool_]]:
    """Read masks by image from JSON: ``{"class_folder/file.jpg": [[0, 1, ...], ...], ...}``.

    A mask is seven rows of seven zeros and ones (or true and false), or a text of 49 digits.

    Raises
    ------
    MaskRefused
        Not such a file; the message names the entry.

    """
    try:
        found = json_read(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MaskRefused(f"{path} cannot be read as JSON ({error}).") from error
    if not isinstance(found, Mapping) or not found:
        raise MaskRefused(
            f"{path} holds {type(found).__name__}; expected an object of masks by image, "
            '{"class_folder/file.jpg": [[0, 1, ...], ...]}.'
        )
    if bare := [name for name in found if "/" not in name]:
        raise MaskRefused(
            f"{path} has an entry {bare[0]!r}, a bare file name, which photos of several "
            f"categories may have; expected class_folder/{bare[0]}. Name every entry so."
        )
    return {name: _checked(name, each) for name, each in found.items()}


def _checked(name: str, value: Any) -> NDArray[np.bool_]:
    rows = list(value) if isinstance(value, str) else value
    try:
        cells = np.asarray(rows, dtype=float)
    except (TypeError, ValueError):
        cells = np.empty(0)
    if cells.size != GRID * GRID or not np.isin(cells, (0, 1)).all():
        raise MaskRefused(
            f"The mask of {name} is {str(value)[:60]}; expected {GRID} rows of {GRID} zeros and "
            f"ones, or {GRID * GRID} digits."
        )
    return cells.reshape(GRID, GRID).astype(bool)


def mask_find(masks: Mapping[str, NDArray[np.bool_]], source: str) -> NDArray[np.bool_]:
    """Return the mask of an image: by its path below the dataset's root, or by category/file.

    A bare file name is not enough, because every category may have a "1.jpg".

    Raises
    ------
    MaskRefused
        There is none.

    """
    short = "/".join(source.split("/")[-2:])
    for name in (source, short):
        if "/" in name and name in masks:
            return masks[name]
    raise MaskRefused(
        f"No mask for {source}; expected an entry named so, or {short} (class folder and file; a "
        f"bare file name is not enough). The first of {len(masks)} entries is {next(iter(masks))}."
    )
