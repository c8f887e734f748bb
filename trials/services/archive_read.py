"""A study's file, read and checked before anything is stored: bounded, and byte by byte."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from classifiers.core.inputs.strict_files import csv_rows, json_read
from classifiers.core.inputs.zip_files import (
    CHUNK,
    ZIP_ERRORS,
    Limits,
    ZipRefused,
    member_problem,
    member_read,
    zip_open,
)
from trials.services.archive import (
    DOCUMENT,
    FACTS,
    IMAGE_COLUMNS,
    IMAGES,
    LABEL_COLUMNS,
    LABELS,
    LISTS,
    MANIFEST,
    NEIGHBORS,
    PREDICTION_COLUMNS,
    PREDICTIONS,
    SET_COLUMNS,
    SETS,
)
from trials.services.archive_cells import restored
from trials.services.archive_evidence import (
    EVIDENCE,
    FIELDS,
    FILES,
    evidence_check,
    files_check,
)
from trials.services.archive_pairs import FIELDS as PAIR_FIELDS
from trials.services.archive_pairs import PAIRS
from trials.services.refusals import StudyRefused
from trials.study.document import read_bytes
from trials.study.schema import Json
from trials.study.yaml_text import MAX_BYTES

LIMITS = Limits(n_files=20_000, n_bytes=1_000_000_000, n_bytes_each=100_000_000)
SIZES = {
    DOCUMENT: MAX_BYTES,
    FACTS: 10_000_000,
    MANIFEST: 5_000_000,
    NEIGHBORS: 100_000_000,
    EVIDENCE: 100_000_000,
    PAIRS: 100_000_000,
}
TABLE = 20_000_000
MAX_ROWS = 300_000
PHOTOS = "photos/"

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Tables:
    """The sets and predictions of a frozen study, row by row, as its file has them."""

    sets: list[Row]
    predictions: list[Row]
    neighbors: list[Json]
    images: list[Row]
    evidence: list[Json] = field(default_factory=list)
    files: Mapping[str, bytes] = field(default_factory=dict)
    pairs: list[Json] = field(default_factory=list)
    labels: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a file holds: its document; of an export also facts, of a frozen study also tables."""

    document: Json
    facts: Json | None = None
    tables: Tables | None = None
    lists: Mapping[str, bytes] = field(default_factory=dict)


def archive_read(file: IO[bytes]) -> Opened:
    """Read a study's zip, or a document alone, without storing anything.

    Raises ``StudyRefused`` for a file that is damaged, too large or none of these, ``PlanRefused``
    for a document with something wrong in it, and ``ValueError``, ``KeyError``, ``TypeError`` or
    ``AttributeError`` for facts and tables that no export wrote.
    """
    if not _is_zip(file):
        file.seek(0)
        return Opened(read_bytes(file.read(MAX_BYTES + 1)))
    content = _checked(file)
    document = read_bytes(content[DOCUMENT], DOCUMENT)
    facts = json_read(content[FACTS])
    lists = {name: found for name, found in content.items() if name.startswith(LISTS)}
    return Opened(document, facts, _tables(content) if SETS in content else None, lists)


def _is_zip(file: IO[bytes]) -> bool:
    try:
        return zipfile.is_zipfile(file)
    except ZIP_ERRORS:
        return False


def _tables(content: Mapping[str, bytes]) -> Tables:
    known = {item["name"] for item in json_read(content[FACTS])["categories"]}
    files = {
        name.removeprefix(FILES): item for name, item in content.items() if name.startswith(FILES)
    }
    files_check(files)
    evidence = _facts(content.get(EVIDENCE, b""), FIELDS, EVIDENCE)
    evidence_check(evidence, files)
    return Tables(
        _rows(content, SETS, SET_COLUMNS, known),
        _rows(content, PREDICTIONS, PREDICTION_COLUMNS, known),
        _facts(content[NEIGHBORS], NEIGHBOR_FIELDS, NEIGHBORS),
        _rows(content, IMAGES, IMAGE_COLUMNS, known),
        evidence,
        files,
        _facts(content.get(PAIRS, b""), PAIR_FIELDS, PAIRS),
        _rows(content, LABELS, LABEL_COLUMNS, known) if LABELS in content else [],
    )


def _rows(
    content: Mapping[str, bytes], name: str, columns: tuple[str, ...], known: set[str]
) -> list[Row]:
    found = []
    for _, row in csv_rows(io.StringIO(content[name].decode(), newline=""), columns):
        found.append({column: restored(cell, known) for column, cell in row.items()})
        _check_rows(found, name)
    return found


def _facts(content: bytes, fields: Sequence[str], name: str) -> list[Json]:
    found = []
    for line in io.BytesIO(content):
        fact = json_read(line)
        found.append({field: fact[field] for field in fields})
        _check_rows(found, name)
    return found


NEIGHBOR_FIELDS = ("classifier", "image", "rank", "neighbor", "score", "similarity", "matches")


def _check_rows(found: list[Any], name: str) -> None:
    if len(found) > MAX_ROWS:
        raise StudyRefused(f"{name} has more than {MAX_ROWS:,} rows, the most that is taken.")


def _checked(file: IO[bytes]) -> dict[str, bytes]:
    """Return an archive's files but for photos; each has the bytes that its manifest names."""
    try:
        with zip_open(file, LIMITS) as archive:
            infos = {item.filename: item for item in archive.infolist()}
            if not {MANIFEST, DOCUMENT, FACTS} <= infos.keys():
                raise StudyRefused(
                    f"The zip holds {', '.join(sorted(infos)[:5])[:200]}; expected {DOCUMENT}, "
                    f"{FACTS} and {MANIFEST}, as an export writes them."
                )
            for info in infos.values():
                if problem := member_problem(info, LIMITS) if info.file_size else "":
                    raise StudyRefused(f"{info.filename[:200]} in the zip: {problem}.")
            named: Mapping[str, str] = json_read(
                member_read(archive, infos.pop(MANIFEST), SIZES[MANIFEST])
            )["sha256"]
            found = {name: _member(archive, info) for name, info in infos.items()}
    except ZipRefused as error:
        raise StudyRefused(f"The zip cannot be read: {error} Export the study again.") from error
    for name in sorted(named.keys() | found.keys()):
        sha256 = found[name][0] if name in found else "nothing"
        if sha256 != named.get(name):
            raise StudyRefused(
                f"{name} in the zip has SHA-256 {sha256}; its manifest says "
                f"{named.get(name, 'nothing')}. The file was damaged or changed: export it again."
            )
    return {name: content for name, (_, content) in found.items() if not name.startswith(PHOTOS)}


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> tuple[str, bytes]:
    """Return a file's fingerprint and its bytes; a photo's bytes are not kept."""
    if info.filename.startswith(PHOTOS):
        return _fingerprint(archive, info), b""
    content = member_read(archive, info, SIZES.get(info.filename, TABLE))
    return hashlib.sha256(content).hexdigest(), content


def _fingerprint(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> str:
    digest = hashlib.sha256()
    try:
        with archive.open(info) as source:
            while block := source.read(CHUNK):
                digest.update(block)
    except ZIP_ERRORS as error:
        raise ZipRefused(f"{info.filename!r} cannot be read ({error}).") from error
    return digest.hexdigest()
