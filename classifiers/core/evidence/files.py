"""The files that an ``evidence.jsonl`` names: in the same folder, or in the same zip."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, Protocol

from classifiers.core.inputs.zip_files import (
    ZIP_ERRORS,
    Limits,
    ZipRefused,
    member_problem,
    member_read,
    names_of,
    zip_open,
)

EVIDENCE: Final = "evidence.jsonl"
MAX_FILE: Final = 50_000_000
MAX_LINE: Final = 2_000_000
MAX_TABLE: Final = 2_000_000_000


class FileRefused(ValueError):
    """A named file cannot be read; the message says why."""


def bounded_lines(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines of a file; a longer line is cut after ``MAX_LINE`` bytes and one more."""
    while line := file.readline(MAX_LINE + 1):
        yield line
        while len(line) > MAX_LINE and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE + 1)


class Files(Protocol):
    """The place of an ``evidence.jsonl`` and its files."""

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of ``evidence.jsonl``."""

    def read(self, name: str) -> bytes:
        """Return a file's bytes. Raises ``FileRefused``."""


class FolderFiles:
    """Files in the folder of an ``evidence.jsonl``; links that lead out of it are refused."""

    def __init__(self, path: Path) -> None:
        self.path, self.folder = path, path.parent.resolve()

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of ``evidence.jsonl``."""
        with self.path.open("rb") as file:
            yield from bounded_lines(file)

    def read(self, name: str) -> bytes:
        """Return a file's bytes. Raises ``FileRefused``."""
        try:
            path = (self.folder / name).resolve()
            if not path.is_relative_to(self.folder):
                raise FileRefused(f"{name} leads out of {self.folder}")
            if (n_bytes := path.stat().st_size) > MAX_FILE:
                raise FileRefused(f"{name} has {n_bytes:,} bytes; expected at most {MAX_FILE:,}")
            return path.read_bytes()
        except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle
            reason = getattr(error, "strerror", None) or str(error)
            raise FileRefused(f"{name} cannot be read beside evidence.jsonl ({reason})") from error


class ZipFiles:
    """Files of a zip with one ``evidence.jsonl``; names are relative to its folder."""

    def __init__(self, archive: zipfile.ZipFile, limits: Limits) -> None:
        self._archive, self._limits = archive, limits
        infos = [info for info in archive.infolist() if not info.is_dir()]
        names = (name.replace("\\", "/") for name in names_of(infos))
        self._members = dict(zip(names, infos, strict=True))
        tables = [name for name in self._members if os.path.basename(name) == EVIDENCE]
        tables = [name for name in tables if not name.startswith("__MACOSX/")]
        if len(tables) != 1:
            first = ", ".join(sorted(self._members)[:5])[:200]
            raise ZipRefused(
                f"The zip has {len(tables)} files named {EVIDENCE} ({first}, ...); expected one."
            )
        self._table, self._folder = tables[0], tables[0].removesuffix(EVIDENCE)

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of ``evidence.jsonl``."""
        info = self._members[self._table]
        if problem := member_problem(info, self._limits):
            raise ZipRefused(f"{self._table} in the zip: {problem}.")
        try:
            with self._archive.open(info) as file:
                yield from bounded_lines(file)
        except ZIP_ERRORS as error:
            raise ZipRefused(f"{self._table} in the zip cannot be read ({error}).") from error

    def read(self, name: str) -> bytes:
        """Return a file's bytes. Raises ``FileRefused``."""
        info = self._members.get(self._folder + name.replace("\\", "/"))
        if info is None:
            raise FileRefused(f"{name} is not in the zip beside {EVIDENCE}")
        if problem := member_problem(info, self._limits):
            raise FileRefused(f"{name} in the zip: {problem}")
        if info.file_size > MAX_FILE:
            raise FileRefused(f"{name} has {info.file_size:,} bytes; at most {MAX_FILE:,}")
        try:
            return member_read(self._archive, info, MAX_FILE)
        except ZipRefused as error:
            raise FileRefused(str(error)) from error


@contextmanager
def files_open(source: Path | IO[bytes], max_bytes: int) -> Iterator[Files]:
    """Open an ``evidence.jsonl`` or a zip around one. Raises ``ZipRefused`` for a bad zip."""
    if isinstance(source, Path) and not zipfile.is_zipfile(source):
        yield FolderFiles(source)
        return
    limits = Limits(n_files=1_000_000, n_bytes=max_bytes, n_bytes_each=MAX_TABLE)
    with zip_open(source, limits) as archive:
        yield ZipFiles(archive, limits)
