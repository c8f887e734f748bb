"""Files: hash their bytes, and write them in one step. Standard library only."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of the file's bytes, in hexadecimal; the file is read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_write(path: Path, content: bytes, *, is_synced: bool = False) -> None:
    """Write a file in one step: a reader of ``path`` finds the old content or all of the new.

    Each writer has a temporary file of its own, so that two writers cannot mix. ``is_synced``
    waits until the content is on the disk, so that this also holds after a power cut.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            if is_synced:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def files_replace(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write several files into a folder; they get their names only after all are written."""
    with TemporaryDirectory(prefix=".unfinished-", dir=folder) as scratch:
        for name, content in contents.items():
            (Path(scratch) / name).write_bytes(content)
        for name in contents:
            os.replace(Path(scratch) / name, folder / name)
    return [folder / name for name in contents]
