"""An uploaded zip of labelled photos, checked before it is unpacked.

A link, a member that could be written outside its folder, and an encrypted, empty or far too large
file are refused by name. An archive that would unpack to more than the limit is refused as a whole.
"""

from __future__ import annotations

import re
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from classifiers.core.images import MAX_BYTES
from classifiers.core.inputs.zip_files import (
    ZIP_ERRORS,
    Limits,
    ZipRefused,
    member_copy,
    member_problem,
    names_of,
    path_problem,
    zip_open,
)
from classifiers.services.folders import CATEGORIES_FILE, EMPTY, Refusal, printable

MAX_FILES = 200_000
MAX_SHOWN = 300
SPLITS = ("gallery", "query")
ALL = "all"  # the split of categories that lie in none
OnProgress = Callable[[int, int], None]


class ArchiveRefused(ValueError):
    """The archive as a whole is refused; the message says what was seen and expected."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive: its place and name inside, and the path that it is unpacked to."""

    number: int
    name: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """What an archive holds: the files to unpack, those that are refused and why, empty folders.

    Refused files and empty folders have the names that people gave them, without a folder around
    everything.
    """

    members: tuple[Member, ...]
    refused: tuple[Refusal, ...]
    empty: tuple[Refusal, ...] = ()

    @property
    def has_splits(self) -> bool:
        """Whether the folders themselves are named gallery and query."""
        tops = {member.parts[0] for member in self.members if len(member.parts) > 1}
        return set(SPLITS) <= tops


def archive_list(path: Path, *, max_bytes: int, encoding: str = "") -> Listing:
    """List a zip's members without unpacking it.

    A folder around everything is removed. Categories without a split are put into a split ``all``.
    ``encoding`` is the encoding of the names that the zip does not mark as UTF-8. Raises
    ``ArchiveRefused`` if the file is no zip, is empty, unpacks to more than ``max_bytes``, or has
    names in an unknown encoding.
    """
    limits = Limits(MAX_FILES, max_bytes, MAX_BYTES)
    try:
        with zip_open(path, limits) as archive:
            infos = archive.infolist()
            names = names_of(infos, encoding)
    except ZipRefused as error:
        raise ArchiveRefused(
            f"{error} Expected a .zip of folders, one a category, with photos in them. If it is "
            "too large, split it, or have an administrator import a folder on the server."
        ) from error
    members, refused, seen = [], [], set()
    folders: set[tuple[str, ...]] = set()
    for number, (info, name) in enumerate(zip(infos, names, strict=True)):
        parts = _parts(name.rstrip("/"))
        if info.is_dir() and parts and not path_problem(name.rstrip("/")):
            folders.add(parts)
        if info.is_dir() or not parts:
            continue
        problem = path_problem(name) or member_problem(info, limits)
        problem = problem or ("a second file of this name" if parts in seen else "")
        seen.add(parts)
        if problem:
            refused.append(Refusal(_shown(name), problem))
        else:
            members.append(Member(number, name, parts))
    if not members:
        raise ArchiveRefused(
            f"The archive holds no file that can be taken{_first(refused)}. Expected folders, one "
            "a category, with photos in them."
        )
    wrapper = _wrapper(members)
    shown = [Refusal(each.path.removeprefix(wrapper), each.reason) for each in refused]
    return Listing(tuple(_placed(members)), tuple(shown), tuple(_empty(folders, seen, wrapper)))


def _empty(
    folders: set[tuple[str, ...]], files: set[tuple[str, ...]], wrapper: str
) -> Iterator[Refusal]:
    """Yield the folders that no file is below; of nested ones the outermost."""
    filled = {parts[:n] for parts in files for n in range(len(parts))}
    bare = {parts for parts in folders if parts not in filled}
    for parts in sorted(bare):
        if not any(parts[:n] in bare for n in range(1, len(parts))):
            yield Refusal(_shown("/".join(parts)).removeprefix(wrapper) + "/", EMPTY)


def as_sent(found: Iterable[Refusal]) -> list[Refusal]:
    """Return refusals of an import with paths as in the zip: without the split that was added."""
    among = re.compile(rf"\b(duplicate of|same pixels as) {ALL}/")
    return [
        Refusal(each.path.removeprefix(f"{ALL}/"), among.sub(r"\1 ", each.reason)) for each in found
    ]


def _shown(name: str) -> str:
    """Return a name that can be stored and shown, however long or odd it is."""
    text = printable(name.replace("\0", "\\0"))
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def _first(refused: Sequence[Refusal]) -> str:
    return f" ({refused[0].path}: {refused[0].reason})" if refused else ""


def _parts(name: str) -> tuple[str, ...]:
    """Return the parts of the path; none for files that operating systems add by themselves."""
    parts = tuple(part for part in name.replace("\\", "/").split("/") if part != ".")
    is_noise = not parts or parts[0] == "__MACOSX"
    return () if is_noise or any(_is_hidden(part) for part in parts) else parts


def _is_hidden(part: str) -> bool:
    return part.startswith(".") and part != ".."


def _placed(members: Sequence[Member]) -> list[Member]:
    """Return the members with the paths that an import expects: split, category, file."""
    if _wrapper(members):
        members = [replace(member, parts=member.parts[1:]) for member in members]
    if _depth(members) == 2:
        members = [
            member
            if member.parts == (CATEGORIES_FILE,)
            else replace(member, parts=(ALL, *member.parts))
            for member in members
        ]
    return list(members)


def _wrapper(members: Sequence[Member]) -> str:
    """Return the folder around everything with its slash; empty if there is none."""
    tops = {member.parts[0] for member in members}
    is_wrapped = len(tops) == 1 and not tops & set(SPLITS)
    is_deep = all(len(member.parts) > 1 for member in members) and _depth(members) > 2
    return f"{min(tops)}/" if is_wrapped and is_deep else ""


def _depth(members: Sequence[Member]) -> int:
    """Return the depth of most files."""
    return Counter(len(member.parts) for member in members).most_common(1)[0][0]


def archive_extract(
    path: Path, listing: Listing, folder: Path, on_progress: OnProgress
) -> list[Refusal]:
    """Unpack the members into a folder; return those that failed.

    Files that are there already are not changed. A different photo with the same name is refused,
    because a study may show the first one. Only the table of categories is replaced.
    """
    failed = []
    limits = Limits(MAX_FILES, sys.maxsize, MAX_BYTES)
    with zip_open(path, limits) as archive:
        infos = archive.infolist()
        for n_done, member in enumerate(listing.members, start=1):
            target = folder.joinpath(*member.parts)
            try:
                _unpack(archive, infos[member.number], target)
            except ZIP_ERRORS as error:
                reason = str(error) or type(error).__name__
                shown = _shown("/".join(member.parts)).removeprefix(f"{ALL}/")
                failed.append(Refusal(shown, f"cannot be unpacked: {reason}"))
            on_progress(n_done, len(listing.members))
    return failed


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    """Unpack one file in one step. Raises ``FileExistsError`` if a different file has its name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and target.name != CATEGORIES_FILE:
        if (target.stat().st_size, _crc(target)) != (info.file_size, info.CRC):
            raise FileExistsError("another photo of this name is there already: give it a new one")
        return
    unfinished = target.with_name(f".{target.name}.part")
    try:
        with unfinished.open("wb") as file:
            member_copy(archive, info, file)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _crc(path: Path) -> int:
    crc = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            crc = zlib.crc32(block, crc)
    return crc
