"""What a matcher keeps of a gallery's images, beside the gallery on disk.

A folder inside the gallery's, one for each matcher and field of view:

    targets.npy    (N, 3, 225, D) float32, in the gallery's order
    manifest.json  what it is; written last
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from torch import Tensor

from classifiers.core.chm_pairs import SIDE_IN
from classifiers.core.index import Gallery
from classifiers.core.manifest import (
    MANIFEST,
    PROGRESS,
    GalleryRefused,
    check_equal,
    write_atomically,
)
from classifiers.core.matchers import Matcher

FORMAT_VERSION: Final = 1
FILE: Final = "targets.npy"
POSITIONS: Final = (3, SIDE_IN**2)


@dataclass(frozen=True, slots=True)
class TargetsManifest:
    """What targets are; equal manifests, equal targets. ``field`` is "crop" or "paper"."""

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


def targets_folder(gallery: Gallery, matcher: str, field: str = "crop") -> Path:
    """Return where a matcher's targets of a gallery lie."""
    return gallery.path / f"{matcher}-{field}"


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


class TargetsWriter:
    """Writes a gallery's targets in its order; an interrupted writing goes on at ``n_done``."""

    def __init__(self, gallery: Gallery, matcher: Matcher, field: str = "crop") -> None:
        """Begin or resume. Targets of other weights in the same place are begun anew."""
        self.gallery, self.matcher, self.field = gallery, matcher, field
        self.path = targets_folder(gallery, matcher.name, field)
        self.manifest = _manifest(gallery, matcher, field)
        self.n_done = self._found()
        if self.n_done is None:
            self.path.mkdir(exist_ok=True)
            (self.path / MANIFEST).unlink(missing_ok=True)
            array = open_memmap(
                self.path / FILE, mode="w+", dtype=np.dtype("<f4"), shape=self.manifest.shape
            )
            array.flush()
            self._record(0)

    n_done: int | None

    def _found(self) -> int | None:
        for name in (MANIFEST, PROGRESS):
            if (self.path / name).is_file():
                found = json.loads((self.path / name).read_text())
                n_done = int(found.pop("n_done", self.manifest.count))
                return n_done if found == asdict(self.manifest) else None
        return None

    def _record(self, n_done: int) -> None:
        write_atomically(self.path / PROGRESS, {**asdict(self.manifest), "n_done": n_done})
        self.n_done = n_done

    def append(self, kept: Tensor) -> None:
        """Write the next images' (B, 3, 225, D).

        Raises
        ------
        ValueError
            Another shape, or more rows than images left.

        """
        done, expected = self.n_done or 0, self.manifest.shape
        if tuple(kept.shape[1:]) != expected[1:] or done + len(kept) > expected[0]:
            raise ValueError(
                f"Targets {tuple(kept.shape)} after {done} of {expected[0]} rows; expected "
                f"(B, {', '.join(map(str, expected[1:]))}), at most {expected[0] - done} rows."
            )
        array = open_memmap(self.path / FILE, mode="r+")
        array[done : done + len(kept)] = kept.cpu().numpy()
        array.flush()
        self._record(done + len(kept))

    def finish(self) -> Targets:
        """Write the manifest and return the targets.

        Raises
        ------
        ValueError
            Rows are missing.

        """
        if self.n_done != self.manifest.count:
            raise ValueError(
                f"{self.n_done} of {self.manifest.count} rows are written; append the rest first."
            )
        write_atomically(self.path / MANIFEST, asdict(self.manifest))
        (self.path / PROGRESS).unlink(missing_ok=True)
        return Targets.open(self.gallery, self.matcher, self.field)


@dataclass(frozen=True, slots=True)
class Targets:
    """A matcher and what it keeps of a gallery's images; ``kept`` stays on disk until read."""

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
        path = targets_folder(gallery, matcher.name, field)
        if not (path / MANIFEST).is_file():
            raise GalleryRefused(
                f"{path} holds no finished targets; expected {MANIFEST}, which is written last. "
                "Encode the gallery's images with TargetsWriter, or run the prediction (again)."
            )
        expected = _manifest(gallery, matcher, field)
        check_equal(path, json.loads((path / MANIFEST).read_text()), asdict(expected))
        array = open_memmap(path / FILE, mode="c")
        if array.shape != expected.shape or array.dtype != np.float32:
            raise GalleryRefused(
                f"{path / FILE} has shape {array.shape} and type {array.dtype}; expected "
                f"{expected.shape} and float32. Delete {path} and encode the images again."
            )
        return cls(matcher, field, array)

    def of(self, rows: Tensor) -> Tensor:
        """Return what is kept (n, 3, 225, D) of the given gallery rows (n,)."""
        return torch.from_numpy(self.kept[rows.cpu().numpy()]).to(self.matcher.device)
