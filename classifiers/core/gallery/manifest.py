"""The manifest of a gallery, a small JSON file: reading, comparing and writing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from classifiers.files import file_write

FORMAT_VERSION: Final = 2
MANIFEST, PROGRESS = "manifest.json", "progress.json"
BUILD_AGAIN: Final = (
    "run manage.py build_gallery DATASET --backbone NAME (without the site: gallery_from_folder)"
)


class GalleryRefused(ValueError):
    """Raised if the folder is not the requested gallery; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The identity of a gallery: two extractions with equal manifests give equal galleries."""

    format_version: int
    backbone: str
    weights_sha256: str
    channels: int
    grid: int
    vectors_dtype: str
    maps_dtype: str
    grey: str
    count: int
    dataset: str
    image_ids_sha256: str
    labels_sha256: str
    # Of the whole files, set when the gallery is finished. Empty: finished before these existed.
    vectors_sha256: str = ""
    maps_sha256: str = ""
    # Ids of planned images that could not be read; no row and no count includes them.
    skipped: Sequence[int] = ()

    @property
    def plan(self) -> dict[str, Any]:
        """All that is known before the features are: what a resumed extraction must agree with."""
        known_last = ("vectors_sha256", "maps_sha256", "skipped")
        return {name: value for name, value in asdict(self).items() if name not in known_last}

    def shapes(self) -> dict[str, tuple[tuple[int, ...], str]]:
        """Return shape and type of each array by file name."""
        n, c, grid = self.count, self.channels, self.grid
        return {
            "vectors.npy": ((n, c), self.vectors_dtype),
            "maps.npy": ((n, grid, grid, c), self.maps_dtype),
            "labels.npy": ((n,), "int64"),
            "image_ids.npy": ((n,), "int64"),
        }


def manifest_read(path: Path) -> Manifest:
    """Read the manifest of a finished gallery; refuse a folder without one."""
    if not (path / MANIFEST).is_file():
        seen = "an unfinished extraction" if (path / PROGRESS).is_file() else "no gallery"
        raise GalleryRefused(
            f"{path} holds {seen}; expected {MANIFEST}, which is written last. To extract it, or "
            f"to continue where that stopped, {BUILD_AGAIN}."
        )
    found = json_read(path / MANIFEST)
    check_equal(
        path, {"format_version": found.get("format_version")}, {"format_version": FORMAT_VERSION}
    )
    return Manifest(**found)


def json_read(path: Path) -> dict[str, Any]:
    """Read a manifest or a progress file; fields that format 1 lacks get their defaults."""
    found: dict[str, Any] = json.loads(path.read_text())
    if found.get("format_version") == 1:
        dtype = found.pop("dtype")
        found |= {"vectors_dtype": dtype, "maps_dtype": dtype, "grey": "backbone"}
        found["format_version"] = FORMAT_VERSION
    return found


def check_equal(
    path: Path, found: dict[str, Any], expected: dict[str, Any], again: str = BUILD_AGAIN
) -> None:
    """Refuse the folder unless ``found`` has all entries of ``expected``."""
    for key, value in expected.items():
        if found.get(key) != value:
            raise GalleryRefused(
                f"{path} has {key} {found.get(key)!r}; expected {value!r}. Extract into another "
                f"folder; or delete this one and {again}."
            )


def sha256(array: NDArray[np.int64]) -> str:
    """Return the checksum of integers, the same on every machine."""
    return hashlib.sha256(np.ascontiguousarray(array, dtype="<i8").tobytes()).hexdigest()


def write_atomically(path: Path, data: dict[str, Any]) -> None:
    """Write JSON so that after a crash the file is the old one or the new one, on the disk."""
    file_write(path, json.dumps(data, indent=2).encode(), is_synced=True)


def array_open(
    path: Path, shape: tuple[int, ...], dtype: str, again: str = BUILD_AGAIN
) -> NDArray[Any]:
    """Map an array for reading; refuse one of another shape or type.

    A private writable mapping would be charged as memory, all of it at once, so a gallery larger
    than the machine's memory would not open.
    """
    if not path.is_file():
        raise GalleryRefused(f"{path} is missing. Delete {path.parent} and {again}.")
    array = open_memmap(path, mode="r")
    if array.shape != shape or array.dtype != np.dtype(dtype):
        raise GalleryRefused(
            f"{path} has shape {array.shape} and type {array.dtype}; its manifest says {shape} "
            f"and {dtype}. Delete {path.parent} and {again}."
        )
    return array
