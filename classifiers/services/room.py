"""The disk and the memory that a job needs, checked before it starts. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

from classifiers.core.catalogue import CHANNELS, CLASSIFIERS, KEPT
from classifiers.core.gallery.arrays import free_bytes, room_check, size_text
from classifiers.core.gallery.manifest import MANIFEST, PROGRESS
from classifiers.decision import GRID
from classifiers.models import Gallery, Image, PredictionRun
from classifiers.services.gallery_options import options_of
from classifiers.services.pairs import has_pairs, header_of

# The most that a worker with one torch thread held: 605 MB with a gallery, kNN and EMD-Corr.
WORKER_MEMORY: Final = 700_000_000
POSITIONS: Final = 3 * 225  # of a matcher's encoding of a photo


@dataclass(frozen=True, slots=True)
class Room:
    """The disk that a job still needs in a folder, and the memory of each worker, in bytes."""

    what: str
    disk: int
    memory: int
    folder: Path

    def __str__(self) -> str:
        return (
            f"{self.what} needs {size_text(self.disk)} of disk in {self.folder} "
            f"({size_text(free_bytes(self.folder))} free) and about {size_text(self.memory)} of "
            "memory in each worker."
        )

    def check(self) -> None:
        """Raise ``RoomMissing`` if the disk is too small."""
        room_check(self.folder, self.disk, self.what)


def gallery_room(gallery: Gallery) -> Room:
    """Return what a gallery needs; a gallery that is begun has already reserved its disk."""
    options = options_of(gallery.folder)
    begun = any((gallery.folder / name).is_file() for name in (MANIFEST, PROGRESS))
    n_photos = gallery.dataset.images.filter(split=Image.GALLERY).count()
    number = 2 if options is not None and options.half else 4
    one = CHANNELS.get(gallery.backbone, 0) * (GRID * GRID + 1) * number + 16
    folder = Path(settings.GALLERY_DIR)
    what = f"The gallery of {n_photos} photos"
    return Room(what, 0 if begun else n_photos * one, WORKER_MEMORY, folder)


def runs_room(runs: Sequence[PredictionRun]) -> Room:
    """Return what predictions need in files: a matcher's copy of the gallery, stored cosines."""
    gallery = runs[0].own_gallery
    n_gallery = gallery.dataset.images.filter(split=Image.GALLERY).count()
    disk, matchers = 0, set[tuple[str, bool]]()
    for run in runs:
        if has_pairs(run):
            n_left = run.dataset.images.filter(split=run.split).count() - run.predictions.count()
            disk += max(0, n_left) * header_of(run).record.itemsize
        if CLASSIFIERS[run.classifier].needs_matcher:
            matchers.add((run.parameters["matcher"], bool(run.parameters["paper"])))
    for matcher, is_paper in matchers:
        field = "paper" if is_paper else "crop"
        if not any(gallery.folder.glob(f"{matcher}-{field}-*/targets.npy")):
            disk += n_gallery * POSITIONS * KEPT.get(matcher, 256) * 4
    what = "The work of " + ", ".join(run.classifier for run in runs)
    return Room(what, disk, WORKER_MEMORY, Path(settings.GALLERY_DIR))
