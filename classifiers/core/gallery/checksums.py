"""Checksums of a gallery's large arrays, so that a changed byte on the disk is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from classifiers.core.gallery.manifest import BUILD_AGAIN, MANIFEST, GalleryRefused
from classifiers.files import file_sha256

# These are compared whenever a gallery is opened, by the checksums of their integers.
ALWAYS_COMPARED: Final = ("image_ids", "labels")


def arrays_verify(
    folder: Path, *, most_bytes: int | None = None, again: str = BUILD_AGAIN
) -> list[str]:
    """Compare the arrays of a finished folder with its manifest; return what was not compared.

    ``folder`` is a gallery's, or that of a matcher's targets. Files larger than ``most_bytes``, and
    files of earlier versions without a checksum, are not compared.

    Raises
    ------
    GalleryRefused
        A file changed since it was finished.
    """
    sums = json.loads((folder / MANIFEST).read_text())
    left_out = []
    for path in sorted(folder.glob("*.npy")):
        if path.stem in ALWAYS_COMPARED:
            continue
        size, expected = path.stat().st_size, sums.get(f"{path.stem}_sha256")
        if not expected:
            left_out.append(f"{path} has no checksum, because an earlier version wrote it")
        elif most_bytes is not None and size > most_bytes:
            left_out.append(f"{path} has {size:,} bytes, above the {most_bytes:,} that are read")
        elif (seen := file_sha256(path)) != expected:
            raise GalleryRefused(
                f"{path} has SHA-256 {seen}; its manifest says {expected}. The file changed on "
                f"the disk, so neighbours could be wrong. Delete {folder} and {again}."
            )
    return left_out


def gallery_verify(folder: Path) -> list[str]:
    """Compare all arrays of a gallery and of the targets inside it, as ``arrays_verify`` does."""
    below = sorted(path.parent for path in folder.glob(f"*/{MANIFEST}"))
    return [said for item in (folder, *below) for said in arrays_verify(item)]
