"""The files of panels: drawn maps and pictures, each named by the SHA-256 of its bytes.

A file never changes, and the same picture is stored once. Needs no torch.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from classifiers.core.evidence.pictures import ending_of
from classifiers.files import file_sha256, file_write

NAME: Final = re.compile(r"[0-9a-f]{64}\.(png|jpg)")


def panel_path(name: str) -> Path:
    """Return the path of a panel's file. Raises ``ValueError`` for an impossible name."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no panel's file; expected 64 hexadecimal digits and .png.")
    return Path(settings.PANEL_DIR) / name[:2] / name


def panel_name(content: bytes) -> str:
    """Return the name of a re-encoded file."""
    return hashlib.sha256(content).hexdigest() + ending_of(content)


def panel_store(content: bytes) -> str:
    """Store one re-encoded file unless it is there, and return its name."""
    name = panel_name(content)
    path = panel_path(name)
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        file_write(path, content)
    return name


def panel_problem(name: str) -> str:
    """Say why a stored file cannot be shown as it was; empty if it can."""
    path = panel_path(name)
    if not path.is_file():
        return "is gone"
    return "" if file_sha256(path) == name.partition(".")[0] else "has other bytes"


class Staged:
    """Files that wait outside the store until everything is checked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, content: bytes) -> str:
        """Keep one re-encoded file for later and return its name."""
        name = panel_name(content)
        if not panel_path(name).is_file():
            (self.folder / name).write_bytes(content)
        return name

    def store(self) -> None:
        """Move all files to their places."""
        for file in self.folder.iterdir():
            path = panel_path(file.name)
            path.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, path)


@contextmanager
def panels_staged() -> Iterator[Staged]:
    """Give a place for files of which all or none are stored."""
    folder = Path(settings.PANEL_DIR) / f".unfinished-{secrets.token_hex(8)}"
    folder.mkdir(parents=True)
    try:
        yield Staged(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def files_of(panels: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names of the files that stored panels show, in their order."""
    return [panel["file"] for panel in panels if "file" in panel]


def photos_of(panels: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the SHA-256 of the photos that stored panels show, in their order."""
    return [image["image"] for panel in panels for image in panel.get("images", ())]
