"""The file of a shard: a zip archive of arrays, batch by batch, written in one step."""

from __future__ import annotations

import os
import secrets
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from classifiers.core.gallery.arrays import in_words

Arrays = Mapping[str, NDArray[Any]]


class ShardFile:
    """Writes the arrays of one batch after another."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive, self._n = archive, 0

    def add(self, arrays: Arrays) -> None:
        """Write the arrays of the next batch."""
        for name, values in arrays.items():
            info = zipfile.ZipInfo(f"{self._n:05d}/{name}")
            with self._archive.open(info, "w", force_zip64=True) as member:
                npy.write_array(member, np.ascontiguousarray(values), allow_pickle=False)
        self._n += 1


@contextmanager
def shard_writing(path: Path) -> Iterator[ShardFile]:
    """Write a shard's file; it takes its name once it is complete and on the disk.

    Raises
    ------
    RoomMissing
        The disk is full.

    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with in_words(path.parent, 0, "A part of the work"):
            with temporary.open("xb") as file:
                with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                    yield ShardFile(archive)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def shard_read(path: Path) -> Iterator[dict[str, NDArray[Any]]]:
    """Yield the arrays of each batch, by name."""
    with zipfile.ZipFile(path) as archive:
        batches: dict[str, list[str]] = {}
        for name in archive.namelist():
            batches.setdefault(name.partition("/")[0], []).append(name)
        for names in batches.values():
            found = {}
            for name in names:
                with archive.open(name) as member:
                    found[name.partition("/")[2]] = npy.read_array(member, allow_pickle=False)
            yield found
