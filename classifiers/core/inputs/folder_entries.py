"""The files and folders in a folder of photos, without hidden ones. Standard library only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# What systems put into a folder without being asked.
IGNORED_NAMES: Final = frozenset({"thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True)
class FolderEntries:
    """The entries of one folder in the byte order of their names, and how many are hidden."""

    shown: tuple[os.DirEntry[str], ...]
    n_hidden: int


def folder_entries(folder: str | os.PathLike[str]) -> FolderEntries:
    """List a folder. Raises ``OSError`` if it cannot be listed."""
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: os.fsencode(entry.name))
    shown = tuple(entry for entry in found if not _is_hidden(entry.name))
    return FolderEntries(shown, len(found) - len(shown))


def files_below(folder: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield the files at any depth below a folder; links to folders are not followed.

    A broken link is yielded too, so that the caller can name it. Raises ``OSError`` if a folder
    cannot be listed.
    """
    for entry in folder_entries(folder).shown:
        if entry.is_dir(follow_symlinks=False):
            yield from files_below(entry.path)
        elif not entry.is_dir():
            yield Path(entry.path)


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in IGNORED_NAMES
