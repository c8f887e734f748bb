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
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classifiers.core.backbones.backbones import Backbone
from classifiers.core.gallery.manifest import (
    GalleryRefused,
    Manifest,
    array_open,
    check_equal,
    manifest_read,
    sha256,
)
from classifiers.core.gallery.search import nearest, readable

__all__ = ["Gallery", "GalleryRefused", "Manifest"]

UNIT_LENGTH: Final = 1 + 1e-3  # what rounding to float16 may add is half of this


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
