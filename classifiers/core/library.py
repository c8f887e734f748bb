"""From a folder of labelled photos to a gallery and back to its photos, without a database.

    FOLDER/<category>/<file>

Order is torchvision's ``ImageFolder`` order, byte by byte: categories by folder name, files by
name. Image ids count from 0 in that order, over the files that can be read; a category's index
is its rank among those that have such a file.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from classifiers.core.backbones.backbones import BACKBONES, Backbone, backbone_load, backbone_spec
from classifiers.core.chm.matcher_features import Targets, TargetsWriter
from classifiers.core.chm.matchers import Matcher
from classifiers.core.features import Grey, extract_stream
from classifiers.core.gallery.index import Gallery
from classifiers.core.gallery.manifest import manifest_read
from classifiers.core.gallery.writer import GalleryWriter
from classifiers.core.images import (
    ImageRefused,
    central_square,
    crop_square,
    display_side,
    load_rgb,
    matcher_crop,
    query_crop,
    squash,
)
from classifiers.core.inputs.reading import STANDARD, Reading
from classifiers.core.library_files import (
    CHECKED,
    FILES,
    LAYOUT,
    FolderRefused,
    SeenFile,
    files_check,
    files_read,
    files_write,
)

__all__ = [
    "FolderRefused",
    "ImageFolderGallery",
    "crop_read",
    "gallery_from_folder",
    "gallery_open",
    "spec_of",
    "targets_encode",
    "targets_from_folder",
]

T = TypeVar("T")

SAVED_AT_ONCE: Final = 32  # photos, as an interruption loses them

OnProgress = Callable[[str, int, int], None]
"""Called with what is done ("checked", "extracted", "encoded"), how many files, and of how many."""


@dataclass(frozen=True, slots=True)
class ImageFolderGallery:
    """A gallery with the photos it was made of.

    ``files`` by image id, ``categories`` (folder names) by class index, and ``refused``: the
    unusable files of the folder, with the reasons.
    """

    gallery: Gallery
    files: tuple[Path, ...]
    categories: tuple[str, ...]
    refused: tuple[tuple[Path, str], ...]

    def crop_of(self, image: int, transform: str = "crop") -> Image.Image:
        """Return the square of the image with this id, as people see it (``crop_read``)."""
        return crop_read(self.files[image], transform)


def gallery_from_folder(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str],
    backbone: str = "efficientnet-lite0",
    on_progress: OnProgress | None = None,
    *,
    grey: Grey = "backbone",
) -> ImageFolderGallery:
    """Extract the features of ``FOLDER/<category>/<file>`` into a gallery at ``out``.

    Files that are no readable photo are left out and listed. After an interruption, the same call
    continues where it stopped. It only opens a finished gallery of the same files. ``grey`` is how
    grey photos are normalised (``features.extract``).

    Raises
    ------
    FolderRefused
        No folder, no readable photo in a category folder, or a photo changed meanwhile.
    GalleryRefused
        ``out`` holds a gallery of other photos or of another backbone.
    ValueError
        Unknown backbone.
    """
    progress = on_progress or _nobody_looks
    root, target = Path(folder).absolute(), Path(out)
    seen = files_check(root, target, partial(progress, "checked"))
    good = [item for item in seen if not item.refused]
    if not good:
        raise FolderRefused(_nothing_message(root, seen))
    categories = _categories(good)
    network = backbone_load(backbone)
    writer = GalleryWriter(
        target,
        backbone=network.spec,
        image_ids=np.arange(len(good)),
        labels=[categories[item.category] for item in good],
        dataset=hashlib.sha256("".join(item.sha256 for item in good).encode()).hexdigest(),
        grey=grey,
    )
    files_write(target / FILES, root, seen)  # only now: the folder accepts these photos
    left = [root / item.path for item in good[writer.n_done :]]
    for _, features in extract_stream(network, left, _backbone_crop, size=SAVED_AT_ONCE, grey=grey):
        writer.append(features)
        progress("extracted", writer.n_done, len(good))
    writer.finish()
    (target / CHECKED).unlink()
    return gallery_open(target)


def gallery_open(path: str | os.PathLike[str]) -> ImageFolderGallery:
    """Open the gallery that ``gallery_from_folder`` wrote.

    Raises
    ------
    FolderRefused
        It does not say which photos it was made of.
    GalleryRefused
        It is no finished gallery, or one of other weights than the backbone's.
    FileNotFoundError
        The backbone's weights are the user's and not registered; the message says what to run.

    """
    gallery = Gallery.open(path, spec_of(manifest_read(Path(path)).backbone))
    root, seen = files_read(Path(path) / FILES)
    good = [item for item in seen if not item.refused]
    if len(good) != len(gallery):
        raise FolderRefused(
            f"{Path(path) / FILES} names {len(good)} photos; expected the {len(gallery)} of the "
            "gallery beside it. Make the gallery with gallery_from_folder."
        )
    return ImageFolderGallery(
        gallery=gallery,
        files=tuple(root / item.path for item in good),
        categories=tuple(_categories(good)),
        refused=tuple((root / item.path, item.refused) for item in seen if item.refused),
    )


def targets_from_folder(
    found: ImageFolderGallery,
    matcher: Matcher,
    field: str = "crop",
    on_progress: OnProgress | None = None,
) -> Targets:
    """Write the encoding of each photo by CHM-Corr's matcher into the gallery, or continue it.

    Raises
    ------
    FolderRefused
        A photo is missing or damaged.
    """
    return targets_encode(found.gallery, found.files, _load, matcher, field, on_progress)


def targets_encode(
    gallery: Gallery,
    photos: Sequence[T],
    load: Callable[[T], Image.Image],
    matcher: Matcher,
    field: str = "crop",
    on_progress: OnProgress | None = None,
) -> Targets:
    """Write the encodings of a gallery's photos by a matcher, or continue to write them.

    ``photos`` are in the gallery's order; ``load`` gives one of them in RGB and is called from
    several threads. Its errors are not caught.
    """
    progress = on_progress or _nobody_looks

    def read(photo: T) -> NDArray[np.uint8]:
        return np.asarray(matcher_crop(load(photo), field))  # (240, 240, 3)

    with TargetsWriter(gallery, matcher, field) as writer:
        left = photos[writer.n_done :]
        for _, kept in matcher.encode_stream(left, read, "target", size=SAVED_AT_ONCE):
            writer.append(kept)
            progress("encoded", writer.n_done, len(photos))
        return writer.finish()


def spec_of(name: str) -> Backbone | None:
    """Return the checksum that a gallery's weights must have; None for an unknown backbone.

    Raises
    ------
    FileNotFoundError
        As ``backbones.backbone_spec``.
    """
    return backbone_spec(name) if name in BACKBONES else None


def crop_read(
    path: str | os.PathLike[str], transform: str = "crop", reading: Reading = STANDARD
) -> Image.Image:
    """Read the square of any photo as people see it: the square of the model, but sharper.

    ``transform`` as in ``images.query_crop``: "squash" shows the whole photo, its proportions
    ignored; "paper" the whole central square, whose cells CHM-Corr's are with ``paper=True``.

    Raises
    ------
    ImageRefused, OSError
        As ``images.load_rgb``.
    """
    return square_of(load_rgb(path, reading), transform)


def square_of(photo: Image.Image, transform: str = "crop") -> Image.Image:
    """Return the square of a decoded photo as people see it; transforms as in ``crop_read``."""
    if transform == "squash":
        return squash(photo, display_side(photo))
    if transform == "paper":
        return central_square(photo, display_side(photo))
    return crop_square(photo, display_side(photo), Image.Resampling.LANCZOS)


def _nobody_looks(stage: str, n_done: int, n_total: int) -> None:
    """Look at no progress."""


def _categories(files: Sequence[SeenFile]) -> dict[str, int]:
    """Return the class index of each category; the files come in order."""
    names = dict.fromkeys(file.category for file in files)
    return {name: index for index, name in enumerate(names)}


def _nothing_message(root: Path, seen: Sequence[SeenFile]) -> str:
    first = "".join(f" ({item.path}: {item.refused})" for item in seen[:1])
    return (
        f"{root} has {len(seen)} files{first}, but no usable photo; expected {LAYOUT}. Is it the "
        "right folder?"
    )


def _load(path: Path) -> Image.Image:
    """Return a photo that could be read before."""
    try:
        return load_rgb(path)
    except (ImageRefused, OSError) as error:
        raise FolderRefused(
            f"{path} could be read when it was checked, and now cannot ({error}). Do not change "
            "the photos meanwhile; the same call continues where it stopped."
        ) from error


def _backbone_crop(path: Path) -> NDArray[np.uint8]:
    """Return the backbone's crop (224, 224, 3)."""
    return np.asarray(query_crop(_load(path)))
