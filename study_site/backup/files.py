"""The files of a site that a backup holds, and their checked copies."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

from classifiers.files import file_sha256

# Folders that a site makes again by itself; the database is copied separately.
MADE_AGAIN: Final = ("broker", "cache", "log", "metrics", "static")
# Settings that may put a folder outside ``DATA_DIR``.
SETTINGS: Final = {
    "crops": "CROP_DIR",
    "galleries": "GALLERY_DIR",
    "panels": "PANEL_DIR",
    "uploads": "UPLOAD_DIR",
    "weights": "WEIGHTS_DIR",
}
UNFINISHED: Final = (".part", ".partial", ".tmp", ".lock")
BLOCK: Final = 1 << 20


class BackupRefused(Exception):
    """A backup or a restore cannot be done; the text says why and what to do."""


@dataclass(frozen=True)
class Copied:
    """Size in bytes and SHA-256 of one file."""

    size: int
    sha256: str


def folders() -> dict[str, Path]:
    """Return the site's folders by their names in a backup; some may not exist yet."""
    data = Path(settings.DATA_DIR)
    named = {name: Path(getattr(settings, setting)) for name, setting in SETTINGS.items()}
    placed = {path.resolve() for path in named.values()}
    others = {
        path.name: path
        for path in sorted(data.iterdir())
        if path.is_dir()
        and not path.name.startswith(".")
        and path.name not in named
        and path.name not in MADE_AGAIN
        and path.resolve() not in placed
    }
    return named | others


def files_of(folder: Path) -> Iterator[Path]:
    """Yield the complete files below a folder, in the order of their names."""
    for place, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if not name.startswith(".unfinished-"))
        for name in sorted(names):
            path = Path(place, name)
            if not name.endswith(UNFINISHED) and not path.is_symlink():
                yield path


def copy(source: Path, target: Path) -> Copied:
    """Copy a file with its time of change and return what was copied.

    A copy that is already there, of the same size and time, is read instead of written again. The
    copy gets its name only when it is on the disk.
    """
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _is_alike(source, target):
        unfinished = target.with_name(f".{target.name}.part")
        with source.open("rb") as read, unfinished.open("wb") as written:
            shutil.copyfileobj(read, written, BLOCK)
            written.flush()
            os.fsync(written.fileno())
        shutil.copystat(source, unfinished)
        unfinished.replace(target)
    return described(target)


def _is_alike(source: Path, target: Path) -> bool:
    if not target.is_file():
        return False
    seen, wanted = target.stat(), source.stat()
    return (seen.st_size, seen.st_mtime_ns) == (wanted.st_size, wanted.st_mtime_ns)


def described(path: Path) -> Copied:
    """Return the size and checksum of a file."""
    return Copied(path.stat().st_size, file_sha256(path))
