"""A folder of labelled photos, read as data: which files, which labels, which split.

Standard library only: no database, no pictures. ``datasets.py`` stores what is found here.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from classifiers.core.inputs.folder_entries import folder_entries
from classifiers.core.inputs.strict_files import CsvRefused, csv_rows

LAYOUT = "ROOT/<split>/<category>/<file>"
EXPECTED = f"{LAYOUT}, for instance ROOT/gallery/Painted_Bunting/0001.jpg"
CATEGORIES_FILE = "categories.csv"
COLUMNS = ("folder", "label", "definition")
EMPTY = "a folder without photos"
DEPTH = 3
MAX_DEPTH = 50
MAX_SPLIT, MAX_CATEGORY, MAX_SOURCE = 50, 200, 1000
"""Longest names that the database keeps (``Image.split``, ``Category.name``, ``Image.source``)."""


class DatasetRefused(ValueError):
    """The import as a whole is refused; the message says what was seen, expected, and to do."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One path below the root that was not imported, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One file at the right depth. ``source`` is its path below the root, with slashes."""

    source: str
    split: str
    category: str


@dataclass(frozen=True, slots=True)
class Naming:
    """What people read about a category."""

    label: str
    definition: str = ""


@dataclass(frozen=True, slots=True)
class FolderScan:
    """Everything below a root: the files to import in sorted order, and what is refused."""

    root: Path
    files: tuple[FoundFile, ...]
    refused: tuple[Refusal, ...]
    n_ignored: int
    namings: Mapping[str, Naming]

    @property
    def categories(self) -> set[str]:
        """The category folders with at least one file."""
        return {file.category for file in self.files}


def folder_scan(root: str | os.PathLike[str]) -> FolderScan:
    """List the files of ``ROOT/<split>/<category>/<file>`` without opening any of them."""
    folder = Path(os.path.abspath(Path(root).expanduser()))
    if not folder.is_dir():
        seen = "is not a folder" if folder.exists() else "does not exist"
        raise DatasetRefused(f"{folder} {seen}. Expected a folder with {EXPECTED}. Check the path.")
    walk = _Walk()
    walk.visit(folder)
    files, misplaced = [], []
    for parts in walk.files:
        source = "/".join(parts)
        if problem := _place_problem(parts):
            misplaced.append(Refusal(printable(source), problem))
        else:
            files.append(FoundFile(source, *parts[:2]))
    depths = Counter(map(len, walk.files))
    # A few misplaced files are reported one by one. If most files are misplaced, ROOT is wrong.
    if not files or depths[DEPTH] < max(depths.values()):
        raise DatasetRefused(_layout_message(folder, walk))
    namings, strays = _categories_read(folder, {each.category for each in files})
    refused = sorted([*walk.refused, *misplaced, *strays], key=lambda each: each.path)
    files.sort(key=lambda each: each.source)
    return FolderScan(folder, tuple(files), (*walk.empty, *refused), walk.n_ignored, namings)


class _Walk:
    """Collects every file below a folder as the tuple of its path's parts."""

    def __init__(self) -> None:
        self.files: list[tuple[str, ...]] = []
        self.refused: list[Refusal] = []
        self.n_ignored = 0
        self.empty: list[Refusal] = []

    def visit(self, folder: Path, parts: tuple[str, ...] = ()) -> None:
        try:
            found = folder_entries(folder)
        except OSError as error:
            where = "/".join(parts) or str(folder)
            self.refused.append(Refusal(printable(where), f"cannot be listed: {error.strerror}"))
            return
        self.n_ignored += found.n_hidden
        if parts and not found.shown:
            self.empty.append(Refusal(printable("/".join(parts)) + "/", EMPTY))
        for entry in found.shown:
            self._sort_in(entry, (*parts, entry.name))

    def _sort_in(self, entry: os.DirEntry[str], parts: tuple[str, ...]) -> None:
        # Links to split and category folders are followed, and no deeper ones, so that a link to a
        # parent folder cannot make an endless loop.
        if entry.is_dir(follow_symlinks=len(parts) < DEPTH):
            if len(parts) > MAX_DEPTH:
                self.refused.append(
                    Refusal(printable("/".join(parts)), "too many levels of folders")
                )
            else:
                self.visit(Path(entry.path), parts)
        elif not entry.is_file():
            seen = "broken link" if entry.is_symlink() else "neither a file nor a folder"
            self.refused.append(Refusal(printable("/".join(parts)), seen))
        elif parts != (CATEGORIES_FILE,):
            self.files.append(parts)


def _place_problem(parts: tuple[str, ...]) -> str:
    """Say why a file at this place cannot be imported; empty if it can."""
    if len(parts) != DEPTH:
        return f"wrong depth: {len(parts) - 1} folders above it, expected {LAYOUT}"
    source = "/".join(parts)
    if source != printable(source):
        return "its path is not valid UTF-8: rename it"
    limits = ((parts[0], MAX_SPLIT), (parts[1], MAX_CATEGORY), (source, MAX_SOURCE))
    for name, limit in limits:
        if len(name) > limit:
            return f"name too long: {len(name)} characters, at most {limit}"
    return ""


def printable(path: str) -> str:
    """Return the path with escapes for bytes that are not UTF-8, so that it can be shown."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def _layout_message(folder: Path, walk: _Walk) -> str:
    """Say what was found instead of the expected layout, and what to do."""
    expected = f"Expected {EXPECTED}."
    if not walk.files:
        ignored = f" but {walk.n_ignored} hidden files" if walk.n_ignored else ""
        seen = "".join(f" ({item.path}: {item.reason})" for item in walk.refused[:1])
        return f"{folder} has no file{ignored}{seen}. {expected} Is it the right folder?"
    (depth, n), *_ = Counter(map(len, walk.files)).most_common(1)
    example = printable("/".join(next(file for file in walk.files if len(file) == depth)))
    seen = f"{folder} holds {n} files such as {example}"
    if depth == 1:
        return f"{seen}: files only, no folders. {expected} Sort them into such folders."
    if depth == DEPTH - 1:
        return (
            f"{seen}: a category, but no split above it. {expected} Move the category folders "
            "into ROOT/gallery and ROOT/query; or move them all into one folder, say ROOT/all, "
            "and give query_share and split_seed to draw the queries."
        )
    if depth > DEPTH:
        below = folder / example.split("/")[0]
        return f"{seen}: too deep. {expected} Is ROOT perhaps {below}? Or move these files away."
    problem = next(filter(None, map(_place_problem, walk.files)))
    return f"{seen}: {problem}. {expected}"


def _categories_read(root: Path, folders: set[str]) -> tuple[dict[str, Naming], list[Refusal]]:
    """Read ``categories.csv`` if there is one; a row that names no folder is reported."""
    path = root / CATEGORIES_FILE
    if not path.is_file():
        return {}, []
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv_rows(lines, ("folder", "label"), may_be_short=True))
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetRefused(f"{path} cannot be read as CSV in UTF-8: {error}") from error
    except CsvRefused as error:
        raise DatasetRefused(f"{path}: {error}. Columns: folder,label,definition") from error
    # A folder's name may be written composed or not (NFC, NFD); people see no difference.
    real = {normalize("NFC", name): name for name in folders}
    namings: dict[str, Naming] = {}
    strays: list[Refusal] = []
    for line, row in rows:
        folder, label, definition = (row.get(name, "").strip() for name in COLUMNS)
        folder = real.get(normalize("NFC", folder), folder)
        if folder in namings or len(label) > MAX_CATEGORY:
            why = "a second row" if folder in namings else f"a label over {MAX_CATEGORY} characters"
            raise DatasetRefused(f"{path}, line {line}: {why} for {folder!r}. Keep one short row.")
        if folder not in folders:
            strays.append(Refusal(f"{CATEGORIES_FILE}:{line}", f"no such folder: {folder!r}"))
        namings[folder] = Naming(label or default_label(folder), definition)
    return namings, strays


def default_label(folder: str) -> str:
    """Make a folder's name readable: ``001.Painted_Bunting`` is "Painted Bunting"."""
    name = re.sub(r"^\d+\.", "", folder).replace("_", " ").strip()
    return name or folder


def is_query(sha256: str, *, query_share: float, split_seed: int) -> bool:
    """Draw one image's split from the seed and its own bytes alone.

    Neither the order nor the other files matter, so a later import never moves an image.
    """
    digest = hashlib.sha256(f"{split_seed}:{sha256}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48 < query_share
