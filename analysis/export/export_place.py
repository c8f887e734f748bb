"""The target folder of an export: written completely or not at all; other files stay."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from classifiers.files import file_sha256

MANIFEST = "MANIFEST.sha256"
STUDY_FILE = "study.json"
SCRATCH = ".export-"
MAX_NAMED = 3
NOT_FOR_OTHERS = 0o007  # people's answers are readable by the account and its group only


class ExportRefused(ValueError):
    """The files cannot be written there; the message says why."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of an export: its study, stage and document."""

    slug: str
    stage: str
    document_sha256: str

    def __str__(self) -> str:
        return f"study {self.slug} ({self.stage}, document {self.document_sha256[:12]})"


@contextmanager
def scratch_folder(folder: Path) -> Iterator[Path]:
    """Make ``folder`` if needed, and yield an empty folder in it that is deleted afterwards.

    Leftovers of a killed export are deleted. Raises ``ExportRefused`` if the path, or a part of it,
    is a file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o777 & ~NOT_FOR_OTHERS)
    except (FileExistsError, NotADirectoryError) as error:
        raise ExportRefused(f"{folder}: found a file, expected a folder or a new name.") from error
    for lost in folder.glob(f"{SCRATCH}*"):
        shutil.rmtree(lost, ignore_errors=True)
    scratch = Path(mkdtemp(prefix=SCRATCH, dir=folder))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def foreign_refuse(folder: Path, origin: Origin) -> None:
    """Raise ``ExportRefused`` if ``folder`` has another export, or a changed file of an export.

    An older export of the same study, stage and document may be replaced.
    """
    if not (folder / MANIFEST).is_file():
        return
    found = _origin_of(folder)
    if found != origin:
        said = f"an export of {found}" if found else f"{MANIFEST} of something else"
        raise _refused(folder, said, origin)
    older = manifest_read(folder)
    changed = [
        name
        for name, digest in older.items()
        if (folder / name).is_file() and file_sha256(folder / name) != digest
    ]
    if changed:
        raise _refused(folder, f"{_named(changed)}, changed since the older export", origin)


def files_move(scratch: Path, folder: Path, origin: Origin, *, overwrite: bool) -> tuple[str, ...]:
    """Move the files to their place, the manifest last, and remove those of the older export.

    Unless ``overwrite``, a file that no older export wrote is never replaced: ``ExportRefused``.
    """
    older = manifest_read(folder)
    names = [name for name in files_below(scratch) if name != MANIFEST]
    foreign = [name for name in names if name not in older and os.path.lexists(folder / name)]
    if foreign and not overwrite:
        raise _refused(folder, f"{_named(foreign)}, which no export wrote", origin)
    for name in set(older) - set(names):
        if (folder / name).resolve().is_relative_to(folder.resolve()):
            (folder / name).unlink(missing_ok=True)
    for name in (*names, MANIFEST):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o777 & ~NOT_FOR_OTHERS)
        (scratch / name).chmod((scratch / name).stat().st_mode & ~NOT_FOR_OTHERS)
        os.replace(scratch / name, place)
    return (*names, MANIFEST)


def _refused(folder: Path, found: str, origin: Origin) -> ExportRefused:
    return ExportRefused(
        f"{folder}: found {found}; expected an empty folder, or one with an unchanged export of "
        f"{origin}. Nothing was written. Give another folder, such as "
        f"{folder / f'{origin.slug}-{origin.stage}'}, or --overwrite to replace what is there."
    )


def _named(names: list[str]) -> str:
    more = len(names) - MAX_NAMED
    return ", ".join(names[:MAX_NAMED]) + (f" and {more} more files" if more > 0 else "")


def _origin_of(folder: Path) -> Origin | None:
    """Return the origin of the export in a folder; None if its study.json does not say."""
    try:
        said = json.loads((folder / STUDY_FILE).read_text(encoding="utf-8"))
        # Exports of earlier versions do not name a stage; they were of the main study.
        return Origin(said["slug"], said.get("stage", "live"), said["document_sha256"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def files_below(folder: Path) -> Iterator[str]:
    """Yield the relative paths of a folder's files, sorted."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix()


def manifest_write(folder: Path) -> None:
    """Write the fingerprints of all files of a folder."""
    lines = [f"{file_sha256(folder / name)}  {name}" for name in files_below(folder)]
    (folder / MANIFEST).write_text("\n".join(lines) + "\n", encoding="utf-8")


def manifest_read(folder: Path) -> dict[str, str]:
    """Return the fingerprints of an export's files; empty if there is no export."""
    path = folder / MANIFEST
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
