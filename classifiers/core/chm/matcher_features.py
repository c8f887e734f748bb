"""The encodings of a gallery's images by a matcher, stored inside the gallery's folder.

A folder inside the gallery's, one for each matcher, its weights, and field of view:

    targets.npy    (N, 3, 225, D) float32, in the gallery's order
    manifest.json  what it is; written last

A lock file next to the folder is released by the operating system when its process ends.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self
from weakref import finalize

import torch
from numpy.typing import NDArray
from torch import Tensor

from classifiers.core.chm.matchers import Matcher
from classifiers.core.chm.pairs import SIDE_IN
from classifiers.core.gallery.arrays import array_create, bytes_of, room_check, rows_write
from classifiers.core.gallery.index import Gallery
from classifiers.core.gallery.manifest import (
    MANIFEST,
    PROGRESS,
    GalleryRefused,
    array_open,
    check_equal,
    write_atomically,
)
from classifiers.files import file_sha256

FORMAT_VERSION: Final = 1
FILE: Final = "targets.npy"
POSITIONS: Final = (3, SIDE_IN**2)
ENCODE_AGAIN: Final = (
    "run manage.py predict with the classifier (without the site: targets_from_folder)"
)
LOOK_EVERY_S: Final = 0.5
CHECKSUM: Final = "targets_sha256"  # key of the manifest; older targets do not have it


@dataclass(frozen=True, slots=True)
class TargetsManifest:
    """The identity of targets: equal manifests, equal targets. ``field`` is "crop" or "paper"."""

    format_version: int
    matcher: str
    weights_sha256: str
    field: str
    kept: int
    count: int
    dataset: str
    image_ids_sha256: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return (self.count, *POSITIONS, self.kept)


def targets_folder(gallery: Gallery, matcher: Matcher, field: str = "crop") -> Path:
    """Return the folder of a matcher's targets of a gallery; it depends on the weights."""
    return gallery.path / f"{matcher.name}-{field}-{matcher.sha256[:8]}"


def _manifest(gallery: Gallery, matcher: Matcher, field: str) -> TargetsManifest:
    return TargetsManifest(
        format_version=FORMAT_VERSION,
        matcher=matcher.name,
        weights_sha256=matcher.sha256,
        field=field,
        kept=matcher.kept,
        count=len(gallery),
        dataset=gallery.manifest.dataset,
        image_ids_sha256=gallery.manifest.image_ids_sha256,
    )


def _nobody_waits() -> None:
    """Do nothing while another writer is writing."""


class TargetsWriter:
    """Writes a gallery's targets in its order; an interrupted run continues at ``n_done``.

    One process writes at a time. A second writer waits until the first one is finished, closed or
    collected, or its process has ended, and continues from there. Use a ``with`` statement:
    otherwise an error's traceback, which a notebook stores, keeps the writer and its lock.
    """

    def __init__(
        self,
        gallery: Gallery,
        matcher: Matcher,
        field: str = "crop",
        *,
        on_wait: Callable[[], object] = _nobody_waits,
    ) -> None:
        """Begin or resume. ``on_wait`` is called about twice a second during a wait; it may raise.

        Finished targets need no lock, so their folder may be read-only.
        """
        self.gallery, self.matcher, self.field = gallery, matcher, field
        self.path = targets_folder(gallery, matcher, field)
        self.manifest = _manifest(gallery, matcher, field)
        self.n_done = self._found(MANIFEST) or 0
        self._lock: finalize[[int], TargetsWriter] | None = None
        if not self.is_done:
            handle = _locked(gallery.path / f"{self.path.name}.lock", on_wait)
            self._lock = finalize(self, _unlock, handle)
            self._begin()

    def _begin(self) -> None:
        n_done = self._found(MANIFEST)  # again: another writer may have finished during the wait
        if n_done is not None:
            self.n_done = n_done
            self.close()
            return
        n_done = self._found(PROGRESS)
        if n_done is not None:
            self.n_done = n_done
            return
        self.path.mkdir(exist_ok=True)
        for name in (MANIFEST, FILE):  # unlinked, not truncated: another process may have it mapped
            (self.path / name).unlink(missing_ok=True)
        shape, dtype = self.manifest.shape, "<f4"
        what = f"The matcher's copy of {shape[0]} gallery photos"
        room_check(self.path, bytes_of({FILE: (shape, dtype)}), what)
        array_create(self.path / FILE, shape, dtype)
        self._record(0)

    def _found(self, name: str) -> int | None:
        """Return how many rows of these targets are done according to a file."""
        if not (self.path / name).is_file():
            return None
        found = json.loads((self.path / name).read_text())
        found.pop(CHECKSUM, None)
        n_done = int(found.pop("n_done", self.manifest.count))
        return n_done if found == asdict(self.manifest) else None

    @property
    def is_done(self) -> bool:
        """Whether every row is written, and only ``finish`` is left to call."""
        return self.n_done == self.manifest.count

    def close(self) -> None:
        """Release the lock for the next writer. The appended rows are kept."""
        if self._lock is not None:
            self._lock()

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close."""
        self.close()

    def _record(self, n_done: int) -> None:
        write_atomically(self.path / PROGRESS, {**asdict(self.manifest), "n_done": n_done})
        self.n_done = n_done

    def append(self, kept: Tensor) -> None:
        """Write the next images' (B, 3, 225, D).

        Raises
        ------
        ValueError
            Another shape, or more rows than images left; or the writer is closed.

        """
        done, expected = self.n_done, self.manifest.shape
        if tuple(kept.shape[1:]) != expected[1:] or done + len(kept) > expected[0]:
            raise ValueError(
                f"Targets {tuple(kept.shape)} after {done} of {expected[0]} rows; expected "
                f"(B, {', '.join(map(str, expected[1:]))}), at most {expected[0] - done} rows."
            )
        if self._lock is None or not self._lock.alive:
            raise ValueError(
                "This writer is closed; make another one, which continues where this one stopped."
            )
        rows_write(self.path / FILE, done, kept.cpu().numpy())
        self._record(done + len(kept))

    def finish(self) -> Targets:
        """Write the manifest and return the targets.

        Raises
        ------
        ValueError
            Rows are missing.

        """
        if not self.is_done:
            raise ValueError(
                f"{self.n_done} of {self.manifest.count} rows are written; append the rest first."
            )
        if not (self.path / MANIFEST).is_file():
            checksum = {CHECKSUM: file_sha256(self.path / FILE)}
            write_atomically(self.path / MANIFEST, asdict(self.manifest) | checksum)
            (self.path / PROGRESS).unlink(missing_ok=True)
        self.close()
        return Targets.open(self.gallery, self.matcher, self.field)


@dataclass(frozen=True, slots=True)
class Targets:
    """A matcher and its encodings of a gallery's images; ``kept`` is read from disk when used."""

    matcher: Matcher
    field: str
    kept: NDArray[Any]

    @classmethod
    def open(cls, gallery: Gallery, matcher: Matcher, field: str = "crop") -> Targets:
        """Open the targets of a gallery.

        Raises
        ------
        GalleryRefused
            Missing, unfinished, or of other weights or images.

        """
        path = targets_folder(gallery, matcher, field)
        if not (path / MANIFEST).is_file():
            raise GalleryRefused(
                f"{path} has no finished targets; expected {MANIFEST}, which is written last. To "
                f"encode the gallery's images, or to continue that, {ENCODE_AGAIN}."
            )
        expected = _manifest(gallery, matcher, field)
        found = json.loads((path / MANIFEST).read_text())
        check_equal(path, found, asdict(expected), ENCODE_AGAIN)
        array = array_open(path / FILE, expected.shape, "float32", ENCODE_AGAIN)
        return cls(matcher, field, array)

    def of(self, rows: Tensor) -> Tensor:
        """Return the encodings (n, 3, 225, D) of the given gallery rows (n,)."""
        return torch.from_numpy(self.kept[rows.cpu().numpy()]).to(self.matcher.device)


def _locked(path: Path, on_wait: Callable[[], object]) -> int:
    """Wait for the lock file and return the handle that holds it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        while not _is_locked(handle):
            on_wait()
            time.sleep(LOOK_EVERY_S)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _is_locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _unlock(handle: int) -> None:
    fcntl.flock(handle, fcntl.LOCK_UN)  # at once, also if a child process has the handle too
    os.close(handle)
