"""The gallery on disk: features of the training images, memory-mapped, with a manifest.

A folder of four arrays and a JSON file, in any NumPy's reach:

    vectors.npy    (N, C), of unit length             labels.npy     (N,) int64 class indices
    maps.npy       (N, 7, 7, C), channels last, as    image_ids.npy  (N,) int64, the caller's ids
                   the EMD product reads it           manifest.json  what it is; written last

Vectors and maps are float32 or, at half the size, float16. The manifest holds their checksums.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from classifiers.core.backbones.backbones import Backbone
from classifiers.core.features import Features, Grey
from classifiers.core.gallery.manifest import (
    FORMAT_VERSION,
    MANIFEST,
    PROGRESS,
    GalleryRefused,
    Manifest,
    array_open,
    check_equal,
    json_read,
    manifest_read,
    sha256,
    write_atomically,
)
from classifiers.core.gallery.search import nearest, readable
from classifiers.decision import GRID
from classifiers.files import file_sha256

__all__ = ["Gallery", "GalleryRefused", "GalleryWriter", "Manifest"]

Precision = Literal["float32", "float16"]

CHECKED: Final = ("vectors", "maps")
UNIT_LENGTH: Final = 1 + 1e-3  # what rounding to float16 may add is half of this


class GalleryWriter:
    """Writes a gallery batch by batch; an interrupted one goes on where it stopped.

    Rows count as done once they are on the disk. ``n_done`` is the row to continue at; the
    manifest is written last and at once, so a folder without one is not a gallery.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        backbone: Backbone,
        image_ids: ArrayLike,
        labels: ArrayLike,
        dataset: str,
        vectors_dtype: Precision = "float32",
        maps_dtype: Precision = "float32",
        grey: Grey = "backbone",
    ) -> None:
        """Begin or resume the gallery at ``path``.

        ``image_ids`` and ``labels`` (N,) are the whole plan, in the order of the features to
        come; ``dataset`` is the caller's fingerprint of the images' content; ``grey`` is how
        the features were extracted. float16 halves the file and moves a cosine by some 1e-5.

        Raises
        ------
        GalleryRefused
            The folder holds, finished or not, a gallery of another plan.
        ValueError
            Ids and labels do not fit, or an id occurs twice.

        """
        self.path = Path(path)
        ids, classes = _plan_arrays(image_ids, labels)
        self.manifest = Manifest(
            format_version=FORMAT_VERSION,
            backbone=backbone.name,
            weights_sha256=backbone.weights_sha256,
            channels=backbone.channels,
            grid=GRID,
            vectors_dtype=vectors_dtype,
            maps_dtype=maps_dtype,
            grey=grey,
            count=len(ids),
            dataset=dataset,
            image_ids_sha256=sha256(ids),
            labels_sha256=sha256(classes),
        )
        self.n_done = 0
        if not self._resume():
            self._create(ids, classes)
            self._record(0)

    def _resume(self) -> bool:
        for name in (MANIFEST, PROGRESS):
            if (self.path / name).is_file():
                found = json_read(self.path / name)
                n_done = found.pop("n_done", self.manifest.count)
                check_equal(self.path, found, self.manifest.plan)
                self.n_done = int(n_done)
                return True
        return False

    def _create(self, ids: NDArray[np.int64], classes: NDArray[np.int64]) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        for name, (shape, dtype) in self.manifest.shapes().items():
            array = open_memmap(self.path / name, mode="w+", dtype=np.dtype(dtype), shape=shape)
            if name == "image_ids.npy":
                array[:] = ids
            if name == "labels.npy":
                array[:] = classes
            array.flush()

    def _record(self, n_done: int) -> None:
        write_atomically(self.path / PROGRESS, {**self.manifest.plan, "n_done": n_done})
        self.n_done = n_done

    def append(self, features: Features) -> None:
        """Write the features of the plan's next images: maps (B, C, 7, 7), vectors (B, C).

        Raises
        ------
        ValueError
            Shapes do not fit the plan, there are more rows than images left, or a vector is
            longer than 1 or not a number.

        """
        m, n_new = self.manifest, len(features.vectors)
        expected = (n_new, m.channels, m.grid, m.grid), (n_new, m.channels)
        seen = tuple(features.maps.shape), tuple(features.vectors.shape)
        if seen != expected or self.n_done + n_new > m.count:
            raise ValueError(
                f"Maps {seen[0]} and vectors {seen[1]} after {self.n_done} of {m.count} rows; "
                f"expected {expected[0]} and {expected[1]}, at most {m.count - self.n_done} rows."
            )
        check_length(features.vectors)
        rows = slice(self.n_done, self.n_done + n_new)
        maps = features.maps.permute(0, 2, 3, 1)  # (B, C, 7, 7) -> (B, 7, 7, C)
        for name, values in (("maps.npy", maps), ("vectors.npy", features.vectors)):
            array = open_memmap(self.path / name, mode="r+")
            array[rows] = values.cpu().numpy()
            array.flush()
        self._record(self.n_done + n_new)

    def finish(self) -> Gallery:
        """Write the manifest with the arrays' checksums and return the gallery.

        Raises
        ------
        ValueError
            Rows are missing.

        """
        if self.n_done != self.manifest.count:
            raise ValueError(
                f"{self.n_done} of {self.manifest.count} rows are written; append the rest first."
            )
        # A finished gallery keeps the checksums of the day on which it was finished, or none.
        if not (self.path / MANIFEST).is_file():
            sums = {f"{name}_sha256": file_sha256(self.path / f"{name}.npy") for name in CHECKED}
            write_atomically(self.path / MANIFEST, self.manifest.plan | sums)
        (self.path / PROGRESS).unlink(missing_ok=True)
        return Gallery.open(self.path)


@dataclass(frozen=True, slots=True)
class Gallery:
    """A finished gallery; ``vectors`` and ``maps`` stay on disk until they are read.

    The arrays are mapped for reading: copy what torch shall have (``vectors_all``, ``maps_of``).
    """

    path: Path
    manifest: Manifest
    vectors: NDArray[Any]
    maps: NDArray[Any]
    labels: NDArray[np.int64]
    image_ids: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of images."""
        return self.manifest.count

    @classmethod
    def open(cls, path: str | os.PathLike[str], backbone: Backbone | None = None) -> Gallery:
        """Open a gallery and check all that its manifest says, but not each float.

        Raises
        ------
        GalleryRefused
            Unfinished, of another format or backbone, or arrays that do not fit the manifest.

        """
        path = Path(path)
        manifest = manifest_read(path)
        if backbone is not None:
            expected = {"backbone": backbone.name, "weights_sha256": backbone.weights_sha256}
            check_equal(path, {key: getattr(manifest, key) for key in expected}, expected)
        arrays = {
            name.removesuffix(".npy"): array_open(path / name, shape, dtype)
            for name, (shape, dtype) in manifest.shapes().items()
        }
        for name in ("image_ids", "labels"):
            arrays[name] = np.array(arrays[name])  # a few bytes for each image, in memory
        sums = {f"{name}_sha256": sha256(arrays[name]) for name in ("image_ids", "labels")}
        check_equal(path, sums, {key: getattr(manifest, key) for key in sums})
        return cls(path, manifest, **arrays)

    def maps_of(self, rows: Tensor) -> Tensor:
        """Return the maps (n, C, 7, 7), float32, of rows (n,), channels last in memory."""
        maps = torch.from_numpy(self.maps[rows.cpu().numpy()]).float()
        return maps.permute(0, 3, 1, 2)  # (n, 7, 7, C) -> (n, C, 7, 7), a view

    def vectors_all(self) -> Tensor:
        """Return a copy of all vectors (N, C), float32, in memory."""
        return readable(self.vectors).to(torch.float32, copy=True)

    def nearest(
        self, vectors: Tensor, n: int, *, classes: Collection[int] | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return rows (Q, n) and cosines (Q, n) of the n nearest images, nearest first.

        ``vectors`` is (Q, C), unit length; ``classes`` are the class indices whose images
        compete, all if None. Exact, equal to sorting all cosines computed in float64; equal
        cosines come in the order of the rows. Fewer than n columns where fewer images compete.
        Cosines are float64. Memory does not grow with the gallery.

        Raises
        ------
        ValueError
            Vectors of another width or longer than 1, n below 1, or no image of the classes.

        """
        queries = vectors.detach().float().cpu()
        if queries.ndim != 2 or queries.shape[1] != self.manifest.channels or n < 1:
            raise ValueError(
                f"Vectors {tuple(queries.shape)} and n = {n}; expected (Q, "
                f"{self.manifest.channels}) and n at least 1."
            )
        check_length(queries)
        allowed = None if classes is None else self._allowed(classes)
        n_competing = len(self) if allowed is None else int(allowed.sum())
        return nearest(self.vectors, queries, min(n, n_competing), allowed)

    def _allowed(self, classes: Collection[int]) -> NDArray[np.bool_]:
        allowed = np.isin(self.labels, np.asarray(list(classes), dtype=np.int64))
        if not allowed.any():
            raise ValueError(
                f"No image of the classes {sorted(classes)[:5]}; expected some of the gallery's, "
                f"{np.unique(self.labels)[:5].tolist()} and so on."
            )
        return allowed


def check_length(vectors: Tensor) -> None:
    """Refuse vectors (n, C) longer than 1 or with values that are not numbers."""
    longest = float(vectors.float().square().sum(1).max().sqrt()) if len(vectors) else 0.0
    if not longest <= UNIT_LENGTH:
        raise ValueError(f"A vector has length {longest:g}; expected unit vectors.")


def _plan_arrays(
    image_ids: ArrayLike, labels: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    ids, classes = np.asarray(image_ids, dtype=np.int64), np.asarray(labels, dtype=np.int64)
    if ids.ndim != 1 or ids.shape != classes.shape or len(ids) == 0:
        raise ValueError(
            f"Ids {ids.shape} and labels {classes.shape}; expected two of shape (N,), N at least 1."
        )
    if len(np.unique(ids)) < len(ids):
        raise ValueError("An image id occurs twice; expected each image once.")
    return ids, classes
