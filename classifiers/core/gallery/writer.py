"""Writes a gallery batch by batch, so that an interrupted extraction can be continued."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from classifiers.core.backbones.backbones import Backbone
from classifiers.core.features import Features, Grey
from classifiers.core.gallery.arrays import (
    array_create,
    array_shorten,
    bytes_of,
    room_check,
    rows_write,
)
from classifiers.core.gallery.index import Gallery, check_length
from classifiers.core.gallery.manifest import (
    FORMAT_VERSION,
    MANIFEST,
    PROGRESS,
    Manifest,
    check_equal,
    json_read,
    sha256,
    write_atomically,
)
from classifiers.decision import GRID
from classifiers.files import file_sha256

Precision = Literal["float32", "float16"]

CHECKED: Final = ("vectors", "maps")


class GalleryWriter:
    """Writes a gallery batch by batch; an interrupted one continues where it stopped.

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
        self._ids, self._labels = _plan_arrays(image_ids, labels)
        self.manifest = Manifest(
            format_version=FORMAT_VERSION,
            backbone=backbone.name,
            weights_sha256=backbone.weights_sha256,
            channels=backbone.channels,
            grid=GRID,
            vectors_dtype=vectors_dtype,
            maps_dtype=maps_dtype,
            grey=grey,
            count=len(self._ids),
            dataset=dataset,
            image_ids_sha256=sha256(self._ids),
            labels_sha256=sha256(self._labels),
        )
        self.n_done = 0
        if not self._resume():
            self._create(self._ids, self._labels)
            self._record(0)

    @property
    def left(self) -> NDArray[np.int64]:
        """The ids of the images whose features are still to come, in order."""
        return self._ids[self.n_done :]

    def _resume(self) -> bool:
        for name in (MANIFEST, PROGRESS):
            if (self.path / name).is_file():
                found = json_read(self.path / name)
                n_done, skipped = found.pop("n_done", None), found.pop("skipped", [])
                self._leave_out(skipped)
                check_equal(self.path, found, self.manifest.plan)
                if skipped and name == PROGRESS:
                    self._fit()
                self.n_done = self.manifest.count if n_done is None else int(n_done)
                return True
        return False

    def skip(self, image_id: int) -> None:
        """Leave out a planned image that cannot be read; the manifest names it. This is final.

        Raises
        ------
        ValueError
            It is not among the images that are left, or it is the last one.
        """
        if image_id not in self.left or self.manifest.count == 1:
            raise ValueError(
                f"Image {image_id} of {self.manifest.count}; expected one of those to come, and "
                "another one beside it."
            )
        self._leave_out([image_id])
        # Recorded first: after a crash the files are fitted to what is recorded.
        self._record(self.n_done)
        self._fit()

    def _leave_out(self, image_ids: Sequence[int]) -> None:
        if not image_ids:
            return
        kept = ~np.isin(self._ids, image_ids)
        self._ids, self._labels = self._ids[kept], self._labels[kept]
        self.manifest = replace(
            self.manifest,
            count=len(self._ids),
            image_ids_sha256=sha256(self._ids),
            labels_sha256=sha256(self._labels),
            skipped=[*self.manifest.skipped, *image_ids],
        )

    def _fit(self) -> None:
        """Shorten the files by the images that were left out."""
        for name in self.manifest.shapes():
            array_shorten(self.path / name, self.manifest.count)
        rows_write(self.path / "image_ids.npy", 0, self._ids)
        rows_write(self.path / "labels.npy", 0, self._labels)

    @property
    def _stated(self) -> dict[str, Any]:
        """The content of both JSON files; they name left-out images only if there are any."""
        skipped = {"skipped": list(self.manifest.skipped)} if self.manifest.skipped else {}
        return self.manifest.plan | skipped

    def _create(self, ids: NDArray[np.int64], classes: NDArray[np.int64]) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        shapes = self.manifest.shapes()
        room_check(self.path, bytes_of(shapes), f"The gallery of {len(ids)} photos")
        for name, (shape, dtype) in shapes.items():
            array_create(self.path / name, shape, dtype)
        rows_write(self.path / "image_ids.npy", 0, ids)
        rows_write(self.path / "labels.npy", 0, classes)

    def _record(self, n_done: int) -> None:
        write_atomically(self.path / PROGRESS, {**self._stated, "n_done": n_done})
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
        maps = features.maps.permute(0, 2, 3, 1)  # (B, C, 7, 7) -> (B, 7, 7, C)
        for name, values in (("maps.npy", maps), ("vectors.npy", features.vectors)):
            rows_write(self.path / name, self.n_done, values.cpu().numpy())
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
            write_atomically(self.path / MANIFEST, self._stated | sums)
        (self.path / PROGRESS).unlink(missing_ok=True)
        return Gallery.open(self.path)


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
