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
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from classifiers.core.backbones import BACKBONES, backbone_load
from classifiers.core.features import Grey, extract_stream
from classifiers.core.images import (
    ImageRefused,
    crop_square,
    display_side,
    load_rgb,
    matcher_crop,
    query_crop,
    squash,
)
from classifiers.core.index import Gallery, GalleryWriter
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
from classifiers.core.manifest import manifest_read
from classifiers.core.matchers import Matcher
from classifiers.core.targets import Targets, TargetsWriter

__all__ = [
    "FolderRefused",
    "ImageFolderGallery",
    "crop_read",
    "gallery_from_folder",
    "gallery_open",
    "targets_from_folder",
]

SAVED_AT_ONCE: Final = 32  # photos, as an interruption loses them

OnProgress = Callable[[str, int, int], None]
"""Called with what is done ("checked", "extracted", "encoded"), how many files, and of how many."""


@dataclass(frozen=True, slots=True)
class ImageFolderGallery:
    """A gallery with the photos it was made of.

    ``files`` by image id, ``categories`` (folder names) by class index, and ``refused``: what
    lay in the folder but cannot be used, with the reasons.
    """

    gallery: Gallery
    files: tuple[Path, ...]
    categories: tuple[str, ...]
    refused: tuple[tuple[Path, str], ...]

    def crop_of(self, image: int) -> Image.Image:
        """Return the crop of the image with this id, as people see it."""
        return crop_read(self.files[image])


def gallery_from_folder(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str],
    backbone: str = "efficientnet-lite0",
    on_progress: OnProgress | None = None,
    *,
    grey: Grey = "backbone",
) -> ImageFolderGallery:
    """Extract the features of ``FOLDER/<category>/<file>`` into a gallery at ``out``.

    Files that are no readable photo are left out and listed. Interrupted at any point, the same
    call goes on where it stopped; on a finished gallery of the same files it only opens it.
    ``grey`` is how grey photos are normalised (``features.extract``).

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
    good = [each for each in seen if not each.refused]
    if not good:
        raise FolderRefused(_nothing_message(root, seen))
    categories = _categories(good)
    network = backbone_load(backbone)
    writer = GalleryWriter(
        target,
        backbone=network.spec,
        image_ids=np.arange(len(good)),
        labels=[categories[each.category] for each in good],
        dataset=hashlib.sha256("".join(each.sha256 for each in good).encode()).hexdigest(),
        grey=grey,
    )
    files_write(target / FILES, root, seen)  # only now: the folder accepts these photos
    left = [root / each.path for each in good[writer.n_done :]]
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

    """
    gallery = Gallery.open(path, BACKBONES.get(manifest_read(Path(path)).backbone))
    root, seen = files_read(Path(path) / FILES)
    good = [each for each in seen if not each.refused]
    if len(good) != len(gallery):
        raise FolderRefused(
            f"{Path(path) / FILES} names {len(good)} photos; expected the {len(gallery)} of the "
            "gallery beside it. Make the gallery with gallery_from_folder."
        )
    return ImageFolderGallery(
        gallery=gallery,
        files=tuple(root / each.path for each in good),
        categories=tuple(_categories(good)),
        refused=tuple((root / each.path, each.refused) for each in seen if each.refused),
    )


def targets_from_folder(
    found: ImageFolderGallery,
    matcher: Matcher,
    field: str = "crop",
    on_progress: OnProgress | None = None,
) -> Targets:
    """Write what CHM-Corr's matcher keeps of each photo beside the gallery; resumable, once.

    Raises
    ------
    FolderRefused
        A photo is gone or damaged.

    """
    progress = on_progress or _nobody_looks
    writer = TargetsWriter(found.gallery, matcher, field)
    left = found.files[writer.n_done or 0 :]
    read = partial(_read, lambda photo: matcher_crop(photo, field))
    for _, kept in matcher.encode_stream(left, read, "target", size=SAVED_AT_ONCE):
        writer.append(kept)
        progress("encoded", writer.n_done or 0, len(found.files))
    return writer.finish()


def crop_read(path: str | os.PathLike[str], transform: str = "crop") -> Image.Image:
    """Read the square of any photo as people see it: what the machine sees, sharper.

    ``transform`` is the query's: "squash" shows the whole photo, its proportions ignored.

    Raises
    ------
    ImageRefused, OSError
        As ``images.load_rgb``.

    """
    photo = load_rgb(path)
    if transform == "squash":
        return squash(photo, display_side(photo))
    return crop_square(photo, display_side(photo), Image.Resampling.LANCZOS)


def _nobody_looks(stage: str, n_done: int, n_total: int) -> None:
    """Look at no progress."""


def _categories(files: Sequence[SeenFile]) -> dict[str, int]:
    """Return the class index of each category; the files come in order."""
    names = dict.fromkeys(each.category for each in files)
    return {name: index for index, name in enumerate(names)}


def _nothing_message(root: Path, seen: Sequence[SeenFile]) -> str:
    first = "".join(f" ({each.path}: {each.refused})" for each in seen[:1])
    return (
        f"{root} holds {len(seen)} files{first}, none a photo that can be used; expected {LAYOUT}. "
        "Is it the right folder?"
    )


def _read(cut: Callable[[Image.Image], Image.Image], path: Path) -> NDArray[np.uint8]:
    """Return the crop (S, S, 3) of a photo that could be read before."""
    try:
        return np.asarray(cut(load_rgb(path)))
    except (ImageRefused, OSError) as error:
        raise FolderRefused(
            f"{path} could be read when it was checked, and now cannot ({error}). Leave the "
            "photos alone meanwhile; the same call goes on where it stopped."
        ) from error


_backbone_crop = partial(_read, query_crop)
