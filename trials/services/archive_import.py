"""Reading a study's file back: checked byte by byte, its photos found again by their content.

The document always becomes a draft. Where the dataset has every photo, the sets and predictions
are taken over too, and the study is frozen with the very fingerprint that the file names.
"""

from __future__ import annotations

import csv
import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from django.contrib.auth.models import User as Staff
from django.db import DatabaseError, transaction

from classifiers.models import Dataset
from trials.models import Study
from trials.services.archive import DOCUMENT, FACTS, IMAGES, MANIFEST, SETS
from trials.services.archive_restore import CannotRestore, restore, rows
from trials.services.refusals import StudyRefused
from trials.services.studies import study_draft, study_note
from trials.study.document import PlanRefused, read

MAX_BYTES = 1_000_000_000
MAX_LISTED = 20
# What a file is found out by that no export wrote.
BROKEN = (
    ValueError, KeyError, TypeError, AttributeError, RecursionError, csv.Error, DatabaseError
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import. ``missing`` are photos by SHA-256 that the dataset lacks."""

    study: Study
    is_frozen: bool
    missing: tuple[str, ...]
    said: str


def study_import(
    *, file: IO[bytes], slug: str, dataset: Dataset, user: Staff | None = None
) -> Imported:
    """Make a study from an exported zip, or from a document in YAML or JSON.

    Raises ``StudyRefused`` for a file that is damaged or none of these, ``PlanRefused`` for a
    document with something wrong in it; nothing is stored then.
    """
    try:
        with transaction.atomic():
            return _imported(file, slug, dataset, user)
    except (PlanRefused, StudyRefused):
        raise
    except BROKEN as error:
        raise StudyRefused(
            f"The zip cannot be read as a study ({type(error).__name__}: {error}). Expected the "
            "file as an export wrote it: export the study again, or import its study.yaml alone."
        ) from error


def _imported(file: IO[bytes], slug: str, dataset: Dataset, user: Staff | None) -> Imported:
    if not zipfile.is_zipfile(file):
        file.seek(0)
        document = read(_text(file.read(), "The file"))
        study = study_draft(slug=slug, dataset=dataset, document=document, user=user)
        return Imported(study, False, (), "The document was read; its sets are not drawn yet.")
    content = _checked(file)
    document = read(_text(content[DOCUMENT], DOCUMENT))
    facts = json.loads(content[FACTS])
    study = study_draft(slug=slug, dataset=dataset, document=document, user=user)
    study_note(study, "imported", user, f"{facts['slug']} {facts['frozen_sha256']}")
    if SETS not in content:
        return Imported(study, False, (), "The file holds a draft: its sets are not drawn yet.")
    missing = _missing(content, dataset)
    if missing:
        listed = ", ".join(missing[:MAX_LISTED])
        said = (
            f"{len(missing)} photos of the study are not in {dataset}, first {listed}. The "
            "document became a draft; its sets would be drawn anew. Import the same photos and "
            "then this file again to have the very same study."
        )
        return Imported(study, False, missing, said)
    try:
        with transaction.atomic():
            restore(study, facts, content)
    except CannotRestore as error:
        study.refresh_from_db()
        said = f"{error} The document became a draft; its sets would be drawn anew."
        return Imported(study, False, (), said)
    said = f"The very same study: fingerprint {study.frozen_sha256}."
    return Imported(study, True, (), said)


def _text(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StudyRefused(
            f"{name} is no text in UTF-8 and no zip. Expected a study's document in YAML, or the "
            "file that an export wrote."
        ) from error


def _checked(file: IO[bytes]) -> dict[str, bytes]:
    """Return an archive's files; every one has the bytes that its manifest names."""
    try:
        with zipfile.ZipFile(file) as archive:
            _check_size(archive)
            content = {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise StudyRefused(f"The zip cannot be read: {error}. Export the study again.") from error
    if not {MANIFEST, DOCUMENT, FACTS} <= content.keys():
        raise StudyRefused(
            f"The zip holds {', '.join(sorted(content)[:5])}; expected {DOCUMENT}, {FACTS} and "
            f"{MANIFEST}, as an export writes them."
        )
    named: Mapping[str, str] = json.loads(content.pop(MANIFEST))["sha256"]
    for name in sorted(named.keys() | content.keys()):
        found = hashlib.sha256(content[name]).hexdigest() if name in content else "nothing"
        if found != named.get(name):
            raise StudyRefused(
                f"{name} in the zip has SHA-256 {found}; its manifest says "
                f"{named.get(name, 'nothing')}. The file was damaged or changed: export it again."
            )
    return content


def _check_size(archive: zipfile.ZipFile) -> None:
    n_bytes = sum(each.file_size for each in archive.infolist())
    if n_bytes > MAX_BYTES:
        raise StudyRefused(
            f"The zip unpacks to {n_bytes / 1e6:,.0f} MB; expected at most {MAX_BYTES / 1e6:,.0f}. "
            "Export it without photos."
        )


def _missing(content: Mapping[str, bytes], dataset: Dataset) -> tuple[str, ...]:
    there = set(dataset.images.values_list("sha256", flat=True))
    return tuple(row["image"] for row in rows(content[IMAGES]) if row["image"] not in there)
