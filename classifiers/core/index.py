"""The gallery on disk: features of the training images, memory-mapped, with a manifest.

A folder of four arrays and a JSON file, in any NumPy's reach:

    vectors.npy    (N, C) float32, unit length        labels.npy     (N,) int64 class indices
    maps.npy       (N, 7, 7, C) float32, channels     image_ids.npy  (N,) int64, the caller's ids
                   last, as the EMD product reads it  manifest.json  what it is; written last
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from classifiers.core.backbones import Backbone
from classifiers.core.features import Features
from classifiers.core.manifest import (
    FORMAT_VERSION,
    MANIFEST,
    PROGRESS,
    GalleryRefused,
    Manifest,
    check_equal,
    manifest_read,
    sha256,
    write_atomically,
)
from classifiers.decision import GRID

__all__ = ["Gallery", "GalleryRefused", "GalleryWriter", "Manifest"]

BLOCK_ROWS: Final = 4096  # rows of one product: 20 MB at 1280 channels, small beside the cache
MAX_TABLE: Final = 32_000_000  # similarities held at once: 128 MB


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
    ) -> None:
        """Begin or resume the gallery at ``path``.

        ``image_ids`` and ``labels`` (N,) are the whole plan, in the order of the features to
        come; ``dataset`` is the caller's fingerprint of the images' content.

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
            dtype="float32",
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
                found = json.loads((self.path / name).read_text())
                n_done = found.pop("n_done", self.manifest.count)
                check_equal(self.path, found, asdict(self.manifest))
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
        write_atomically(self.path / PROGRESS, {**asdict(self.manifest), "n_done": n_done})
        self.n_done = n_done

    def append(self, features: Features) -> None:
        """Write the features of the plan's next images: maps (B, C, 7, 7), vectors (B, C).

        Raises
        ------
        ValueError
            Shapes do not fit the plan, or there are more rows than images left.

        """
        m, n_new = self.manifest, len(features.vectors)
        expected = (n_new, m.channels, m.grid, m.grid), (n_new, m.channels)
        seen = tuple(features.maps.shape), tuple(features.vectors.shape)
        if seen != expected or self.n_done + n_new > m.count:
            raise ValueError(
                f"Maps {seen[0]} and vectors {seen[1]} after {self.n_done} of {m.count} rows; "
                f"expected {expected[0]} and {expected[1]}, at most {m.count - self.n_done} rows."
            )
        rows = slice(self.n_done, self.n_done + n_new)
        maps = features.maps.permute(0, 2, 3, 1)  # (B, C, 7, 7) -> (B, 7, 7, C)
        for name, values in (("maps.npy", maps), ("vectors.npy", features.vectors)):
            array = open_memmap(self.path / name, mode="r+")
            array[rows] = values.cpu().numpy()
            array.flush()
        self._record(self.n_done + n_new)

    def finish(self) -> Gallery:
        """Write the manifest and return the gallery.

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
        return Gallery.open(self.path)


@dataclass(frozen=True, slots=True)
class Gallery:
    """A finished gallery; ``vectors`` and ``maps`` stay on disk until they are read."""

    path: Path
    manifest: Manifest
    vectors: NDArray[np.float32]
    maps: NDArray[np.float32]
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
            name.removesuffix(".npy"): _array_open(path / name, shape, dtype)
            for name, (shape, dtype) in manifest.shapes().items()
        }
        sums = {f"{name}_sha256": sha256(arrays[name]) for name in ("image_ids", "labels")}
        check_equal(path, sums, {key: getattr(manifest, key) for key in sums})
        return cls(path, manifest, **arrays)

    def maps_of(self, rows: Tensor) -> Tensor:
        """Return the maps (n, C, 7, 7) of the given rows (n,), channels last in memory."""
        return torch.from_numpy(self.maps[rows.cpu().numpy()]).permute(0, 3, 1, 2)

    def nearest(self, vectors: Tensor, n: int) -> tuple[Tensor, Tensor]:
        """Return rows (Q, n) and cosines (Q, n) of the n nearest images, nearest first.

        ``vectors`` is (Q, C), unit length. Exact, equal to sorting all cosines computed in
        float64; equal cosines come in the order of the rows. Fewer than n columns where the
        gallery is smaller. Cosines are float64.

        Raises
        ------
        ValueError
            Vectors of another width or longer than 1, or n below 1.

        """
        queries = vectors.detach().float().cpu()
        if queries.ndim != 2 or queries.shape[1] != self.manifest.channels or n < 1:
            raise ValueError(
                f"Vectors {tuple(queries.shape)} and n = {n}; expected (Q, "
                f"{self.manifest.channels}) and n at least 1."
            )
        longest = float(queries.square().sum(1).max().sqrt()) if len(queries) else 0.0
        if not longest <= 1 + 1e-3:
            raise ValueError(f"A vector has length {longest:g}; expected unit vectors.")
        n = min(n, len(self))
        rows = torch.empty(len(queries), n, dtype=torch.int64)
        cosines = torch.empty(len(queries), n, dtype=torch.float64)
        step = max(1, MAX_TABLE // len(self))
        for start in range(0, len(queries), step):
            chunk = queries[start : start + step]
            for i, candidates in enumerate(self._candidates(chunk, n), start):
                rows[i], cosines[i] = self._rank(queries[i], candidates, n)
        return rows, cosines

    def _candidates(self, queries: Tensor, n: int) -> list[NDArray[np.int64]]:
        """Return for each query the rows that can be among its n nearest, ascending.

        A float32 product of unit vectors is off by at most C * eps / 2, and differently for
        equal rows at different places of a block. Whoever is within twice that of the n-th
        best is a candidate, so that the exact second look decides, ties included.
        """
        table = torch.empty(len(queries), len(self))
        for start in range(0, len(self), BLOCK_ROWS):
            block = torch.from_numpy(self.vectors[start : start + BLOCK_ROWS])
            table[:, start : start + len(block)] = queries @ block.T  # (Q, C) x (C, rows)
        margin = 2 * self.manifest.channels * torch.finfo(torch.float32).eps
        floor = table.topk(n, dim=1).values[:, -1:] - margin  # (Q, 1)
        return [np.flatnonzero(each) for each in (table >= floor).numpy()]

    def _rank(self, query: Tensor, candidates: NDArray[np.int64], n: int) -> tuple[Tensor, Tensor]:
        products = self.vectors[candidates].astype(np.float64) * query.double().numpy()
        cosines = products.sum(axis=1)  # (candidates, C) -> (candidates,), each row by itself
        order = np.argsort(-cosines, kind="stable")[:n]
        return torch.from_numpy(candidates[order]), torch.from_numpy(cosines[order])


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


def _array_open(path: Path, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    if not path.is_file():
        raise GalleryRefused(f"{path} is missing; extract the gallery again.")
    # Copy on write: nothing can reach the file, and torch takes the array without a copy.
    array = open_memmap(path, mode="c")
    if array.shape != shape or array.dtype != np.dtype(dtype):
        raise GalleryRefused(
            f"{path} has shape {array.shape} and type {array.dtype}; its manifest says {shape} "
            f"and {dtype}. Extract the gallery again."
        )
    return array
