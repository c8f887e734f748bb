"""An uploaded zip of labelled photos: looked through before a byte of it is unpacked.

Standard library only. A member that could leave its folder, a link and an encrypted file are
refused by name; an archive that would unpack to more than the limit is refused as a whole.
"""

from __future__ import annotations

import shutil
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from classifiers.services.folders import CATEGORIES_FILE, Refusal, printable

MAX_FILES = 300_000
SPLITS = ("gallery", "query")
OnProgress = Callable[[int, int], None]


class ArchiveRefused(ValueError):
    """The archive as a whole cannot be taken; the message says what was seen and expected."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive: its name inside, and the parts of the path it is unpacked to."""

    name: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """What an archive holds: the files to unpack, and those that are refused and why."""

    members: tuple[Member, ...]
    refused: tuple[Refusal, ...]

    @property
    def has_splits(self) -> bool:
        """Whether the folders themselves are named gallery and query."""
        tops = {each.parts[0] for each in self.members if len(each.parts) > 1}
        return set(SPLITS) <= tops


def archive_list(path: Path, *, max_bytes: int) -> Listing:
    """Look through a zip without unpacking it.

    A folder around everything is taken off; categories without a split above them are put into
    one named ``all``. Raises ``ArchiveRefused`` for what is no zip, is empty, or unpacks to more
    than ``max_bytes``.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [each for each in archive.infolist() if not each.is_dir()]
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise ArchiveRefused(
            f"The file is no zip that can be read ({error}). Expected a .zip of folders, one a "
            "category, with photos in them."
        ) from error
    n_bytes = sum(each.file_size for each in infos)
    if n_bytes > max_bytes or len(infos) > MAX_FILES:
        raise ArchiveRefused(
            f"The archive unpacks to {len(infos):,} files of {n_bytes / 1e6:,.0f} MB together; "
            f"allowed are {MAX_FILES:,} files and {max_bytes / 1e6:,.0f} MB. Split it, or have an "
            "administrator import a folder on the server."
        )
    members, refused, seen = [], [], set()
    for info in infos:
        parts = _parts(info)
        if not parts:
            continue
        problem = _problem(info) or ("a second file of this name" if parts in seen else "")
        seen.add(parts)
        if problem:
            refused.append(Refusal(printable(info.filename), problem))
        else:
            members.append(Member(info.filename, parts))
    if not members:
        raise ArchiveRefused(
            f"The archive holds no file that can be taken{_first(refused)}. Expected folders, one "
            "a category, with photos in them."
        )
    return Listing(tuple(_placed(members)), tuple(refused))


def _first(refused: Sequence[Refusal]) -> str:
    return f" ({refused[0].path}: {refused[0].reason})" if refused else ""


def _parts(info: zipfile.ZipInfo) -> tuple[str, ...]:
    """Return the path's parts; none for what operating systems leave behind."""
    parts = tuple(each for each in info.filename.replace("\\", "/").split("/") if each != ".")
    is_noise = parts[0] == "__MACOSX" or any(
        each.startswith(".") and each != ".." for each in parts
    )
    return () if is_noise else parts


def _problem(info: zipfile.ZipInfo) -> str:
    """Say why a member must not be unpacked; empty if it may."""
    name = info.filename.replace("\\", "/")
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or "" in parts or ":" in parts[0] or "\0" in name:
        return "its path leads out of the archive"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "a link, not a file"
    return "encrypted: zip it without a password" if info.flag_bits & 1 else ""


def _placed(members: Sequence[Member]) -> list[Member]:
    """Return the members where an import expects them: split, category, file."""
    tops = {each.parts[0] for each in members}
    is_wrapped = len(tops) == 1 and not tops & set(SPLITS)
    if is_wrapped and all(len(each.parts) > 1 for each in members) and _depth(members) > 2:
        members = [Member(each.name, each.parts[1:]) for each in members]
    if _depth(members) == 2:
        members = [
            Member(each.name, each.parts if each.parts == (CATEGORIES_FILE,) else _in_all(each))
            for each in members
        ]
    return list(members)


def _in_all(member: Member) -> tuple[str, ...]:
    return ("all", *member.parts)


def _depth(members: Sequence[Member]) -> int:
    """Return how deep most files lie."""
    return Counter(len(each.parts) for each in members).most_common(1)[0][0]


def archive_extract(
    path: Path, listing: Listing, folder: Path, on_progress: OnProgress
) -> list[Refusal]:
    """Unpack the members into a folder; return those that failed.

    What was unpacked before is left as it is. Another photo of the same name is refused, so that
    no photo that a study may show is lost; only the table of categories is replaced.
    """
    failed = []
    with zipfile.ZipFile(path) as archive:
        for n_done, member in enumerate(listing.members, start=1):
            target = folder.joinpath(*member.parts)
            try:
                _unpack(archive, archive.getinfo(member.name), target)
            except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError) as error:
                failed.append(Refusal(printable(member.name), f"cannot be unpacked: {error}"))
            on_progress(n_done, len(listing.members))
    return failed


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    """Unpack one file, whole or not at all. Raises ``FileExistsError`` for another of its name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and target.name != CATEGORIES_FILE:
        if (target.stat().st_size, _crc(target)) != (info.file_size, info.CRC):
            raise FileExistsError("another photo of this name is there already: give it a new one")
        return
    unfinished = target.with_name(f".{target.name}.part")
    try:
        with archive.open(info) as source, unfinished.open("wb") as file:
            shutil.copyfileobj(source, file)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _crc(path: Path) -> int:
    crc = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            crc = zlib.crc32(block, crc)
    return crc
