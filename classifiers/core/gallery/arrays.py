"""Large arrays on disk: created with their room reserved, written row by row, shortened.

No write goes through a memory map: a full disk would end the process with SIGBUS there. Here it is
an ``OSError`` at the creation, before any work is done.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

# A disk that is full to the last byte stops the database and the logs too.
SPARE: Final = 50_000_000
NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

Shapes = Mapping[str, tuple[tuple[int, ...], str]]


class RoomMissing(RuntimeError):
    """The disk has no room for what a job writes; the message says how much is needed."""


def bytes_of(shapes: Shapes) -> int:
    """Return how many bytes arrays of these shapes and types take, without their headers."""
    return sum(prod(shape) * np.dtype(dtype).itemsize for shape, dtype in shapes.values())


def size_text(n_bytes: float) -> str:
    """Return a size in words: ``3.2 GB``."""
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if n_bytes >= size:
            return f"{n_bytes / size:.1f} {unit}"
    return f"{n_bytes / 1e3:.0f} kB"


def free_bytes(folder: Path) -> int:
    """Return how much room the disk of a folder has, which need not exist yet."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def room_check(folder: Path, n_bytes: int, what: str) -> None:
    """Refuse work that needs more room than the disk has; small files need no look.

    Raises
    ------
    RoomMissing
        The disk has less than ``n_bytes`` and a reserve of 50 MB.

    """
    free = free_bytes(folder)
    if n_bytes + SPARE > free and n_bytes > 0:
        raise _missing(folder, n_bytes, free, what)


def _missing(folder: Path, n_bytes: int, free: int, what: str) -> RoomMissing:
    return RoomMissing(
        f"{what} needs {size_text(n_bytes)} in {folder}; found {size_text(free)} free, of which "
        f"{size_text(SPARE)} are kept for the database and the logs. Make room there or move "
        "DATA_DIR to a larger disk, then request it again: finished parts are kept."
    )


@contextmanager
def in_words(folder: Path, n_bytes: int, what: str) -> Iterator[None]:
    """Turn the error of a full disk, or of a limit on files, into one that says what is needed."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise _missing(folder, n_bytes, free_bytes(folder), what) from error


def array_create(path: Path, shape: tuple[int, ...], dtype: str) -> None:
    """Make an array of zeros whose room on the disk is reserved.

    Raises
    ------
    RoomMissing
        The disk has not enough room.

    """
    kind = np.dtype(dtype)
    header = {"descr": npy.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
    n_bytes = prod(shape) * kind.itemsize
    with in_words(path.parent, n_bytes, path.name), path.open("wb") as file:
        npy.write_array_header_1_0(file, header)
        file.flush()
        if n_bytes:
            os.posix_fallocate(file.fileno(), file.tell(), n_bytes)
        os.fsync(file.fileno())


def rows_write(path: Path, first: int, rows: NDArray[Any]) -> None:
    """Write rows (n, ...) into an array, from row ``first`` on, and wait for the disk.

    Raises
    ------
    RoomMissing
        The disk is full (where the file system does not keep what it reserved).

    """
    with in_words(path.parent, rows.nbytes, path.name), path.open("r+b") as file:
        shape, dtype = _header(file)
        if rows.shape[1:] != shape[1:] or first + len(rows) > shape[0]:
            raise ValueError(
                f"Rows {rows.shape} from row {first} on; expected (n, {shape[1:]}) within {shape}."
            )
        row_bytes = prod(shape[1:]) * dtype.itemsize
        file.seek(file.tell() + first * row_bytes)
        file.write(np.ascontiguousarray(rows, dtype=dtype).data)
        file.flush()
        os.fsync(file.fileno())


def array_shorten(path: Path, n_rows: int) -> None:
    """Cut an array to its first ``n_rows``; one that is as long already stays as it is."""
    with path.open("r+b") as file:
        shape, dtype = _header(file)
        if shape[0] == n_rows:
            return
        begin = file.tell()
        file.truncate(begin + n_rows * prod(shape[1:]) * dtype.itemsize)
        file.seek(0)
        descr = npy.dtype_to_descr(dtype)
        header = {"descr": descr, "fortran_order": False, "shape": (n_rows, *shape[1:])}
        npy.write_array_header_1_0(file, header)
        if file.tell() != begin:
            raise ValueError(f"The header of {path} has another length; expected {begin} bytes.")
        os.fsync(file.fileno())


def _header(file: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Read a header; the file is then at the first row."""
    npy.read_magic(file)
    shape, _, dtype = npy.read_array_header_1_0(file)
    return shape, dtype
