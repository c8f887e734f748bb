"""The cosines of every shortlisted pair of a run, in a file that a web process maps. NumPy only.

A re-ranking for another mask (``classifiers.core.interactive``) needs nothing else. A folder has
``pairs.json`` (the run of the records), ``pairs.bin`` (one record a query image, all of one size)
and ``images.bin`` (the query images' ids, in the order of the records). Records are only appended;
each carries the CRC-32 of its own bytes, which every read compares.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from classifiers.decision import GRID
from classifiers.files import file_write

N_CELLS: Final = GRID * GRID
FORMAT_VERSION: Final = 1
HEADER, RECORDS, IMAGES = "pairs.json", "pairs.bin", "images.bin"
ID: Final = np.dtype("<i8")


class PairsRefused(ValueError):
    """A file of cosines that is missing, of another run, or changed; the message says which."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """One query and its shortlist of n gallery images, nearest first by kNN.

    ``images`` (n,) int64, the gallery's ids; ``labels`` (n,) int32, class indices; ``cosines``
    (n, 49) float16, of each query cell, row-major, with its partner; ``cells`` (n, 49) uint8, the
    partners' cells.
    """

    images: NDArray[np.int64]
    labels: NDArray[np.int32]
    cosines: NDArray[np.float16]
    cells: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a folder of records: the identity of the run, and the longest shortlist."""

    run: str
    n_shortlist: int
    format_version: int = FORMAT_VERSION

    @property
    def record(self) -> np.dtype[Any]:
        """The layout of one record; places after a short shortlist are zero."""
        n = self.n_shortlist
        return np.dtype(
            [
                ("n", "<i4"),
                ("images", ID, (n,)),
                ("labels", "<i4", (n,)),
                ("cosines", "<f2", (n, N_CELLS)),
                ("cells", "u1", (n, N_CELLS)),
                ("crc", "<u4"),
            ]
        )


def record_of(pairs: Pairs, header: Header) -> NDArray[Any]:
    """Return one record, with its checksum.

    Raises
    ------
    ValueError
        Shapes that do not fit, or cosines that are not finite.

    """
    n = len(pairs.images)
    shapes = (pairs.labels.shape, pairs.cosines.shape, pairs.cells.shape)
    if shapes != ((n,), (n, N_CELLS), (n, N_CELLS)) or not 1 <= n <= header.n_shortlist:
        raise ValueError(
            f"Images ({n},), labels, cosines and cells {shapes}; expected (n,), (n,), "
            f"(n, {N_CELLS}) twice, with n from 1 to {header.n_shortlist}."
        )
    if not np.isfinite(pairs.cosines).all():
        raise ValueError("Some cosines are NaN or infinite; expected numbers from -1 to 1.")
    record = np.zeros(1, dtype=header.record)
    record["n"] = n
    for name in ("images", "labels", "cosines", "cells"):
        record[name][0, :n] = getattr(pairs, name)
    record["crc"] = _crc(record)
    return record


def _crc(record: NDArray[Any]) -> int:
    return zlib.crc32(record.tobytes()[:-4])


def _n_whole(folder: Path, header: Header) -> int:
    """Return how many records are complete in both files; a crash leaves part of one."""
    sizes = [(folder / name).stat().st_size for name in (RECORDS, IMAGES)]
    return min(sizes[0] // header.record.itemsize, sizes[1] // ID.itemsize)


class PairsWriter:
    """Appends records; after an interruption, writing continues after the last complete one.

    Use it in a ``with`` statement. One process writes at a time: the caller owns the run's job.
    """

    def __init__(self, folder: Path, header: Header) -> None:
        """Begin or resume. Raises ``PairsRefused`` for a folder of another run."""
        self.folder, self.header = folder, header
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / HEADER).is_file():
            _check_header(folder, header)
        else:
            for name in (RECORDS, IMAGES):
                (folder / name).write_bytes(b"")
            file_write(folder / HEADER, json.dumps(asdict(header)).encode(), is_synced=True)
        n = _n_whole(folder, header)
        self._records = _opened(folder / RECORDS, n * header.record.itemsize)
        self._images = _opened(folder / IMAGES, n * ID.itemsize)
        self.images = set(np.fromfile(folder / IMAGES, dtype=ID).tolist())

    def append(self, found: Mapping[int, Pairs]) -> None:
        """Append records by query image, and wait until they are on the disk.

        An image that has a record keeps it: the same photo and run give the same cosines.
        """
        new = {image: pairs for image, pairs in found.items() if image not in self.images}
        if not new:
            return
        for file, content in (
            (self._records, b"".join(record_of(x, self.header).tobytes() for x in new.values())),
            (self._images, np.array(list(new), dtype=ID).tobytes()),
        ):
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        self.images |= new.keys()

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close the files."""
        self._records.close()
        self._images.close()


def _opened(path: Path, size: int) -> Any:
    """Open a file for appending after its first ``size`` bytes."""
    file = path.open("r+b")
    file.truncate(size)
    file.seek(size)
    return file


def _check_header(folder: Path, header: Header) -> None:
    try:
        found = json.loads((folder / HEADER).read_text())
    except (OSError, ValueError) as error:
        raise PairsRefused(
            f"{folder} holds no readable {HEADER} ({error}); expected the cosines of {header.run}. "
            "Ask for the predictions again."
        ) from error
    if found != asdict(header):
        raise PairsRefused(
            f"{folder} holds cosines of {found}; expected {asdict(header)}. Delete the folder and "
            "ask for the predictions again."
        )


class PairsFile:
    """A run's records, mapped read-only; reading one touches a few pages of the file."""

    def __init__(self, folder: Path, header: Header) -> None:
        """Open. Raises ``PairsRefused`` for a folder that is missing or of another run."""
        _check_header(folder, header)
        self.folder, self.header = folder, header
        self._n = _n_whole(folder, header)

    @cached_property
    def places(self) -> Mapping[int, int]:
        """The record's number by the query image's id."""
        ids = np.fromfile(self.folder / IMAGES, dtype=ID, count=self._n)
        return {image: place for place, image in enumerate(ids.tolist())}

    @cached_property
    def _records(self) -> NDArray[Any]:
        return np.memmap(
            self.folder / RECORDS, dtype=self.header.record, mode="r", shape=(self._n,)
        )

    def of(self, image: int) -> Pairs:
        """Return the pairs of one query image, copied from the file.

        Raises
        ------
        KeyError
            The image has no record.
        PairsRefused
            Its bytes changed since they were written.

        """
        place = self.places[image]
        record = np.array(self._records[place : place + 1])
        if int(record["crc"][0]) != _crc(record):
            raise PairsRefused(
                f"Record {place} of {self.folder / RECORDS} does not have its checksum: the file "
                "changed on the disk. Delete the folder and ask for the predictions again."
            )
        return pairs_of_record(record[0])


def pairs_of_record(one: Any) -> Pairs:
    """Return the pairs of one record, an element of an array of ``Header.record``."""
    n = int(one["n"])
    return Pairs(one["images"][:n], one["labels"][:n], one["cosines"][:n], one["cells"][:n])


def pairs_of(
    images: ArrayLike, labels: ArrayLike, cosines: NDArray[Any], cells: NDArray[Any]
) -> Pairs:
    """Return pairs in the types of the file; cosines are rounded to float16."""
    return Pairs(
        np.asarray(images, dtype=np.int64),
        np.asarray(labels, dtype=np.int32),
        np.asarray(cosines).astype(np.float16),
        np.asarray(cells).astype(np.uint8),
    )
