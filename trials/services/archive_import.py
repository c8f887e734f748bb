"""Reading a study's file back: checked byte by byte, its photos found again by their content.

The document always becomes a draft. Where the dataset has every photo, the sets and predictions
are taken over too, and the study is frozen with the very fingerprint that the file names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO

from django.contrib.auth.models import User as Staff
from django.db import DatabaseError, transaction

from classifiers.models import Dataset
from trials.models import Study
from trials.services.archive import LISTS
from trials.services.archive_read import Opened, Tables, archive_read
from trials.services.archive_restore import CannotRestore, restore
from trials.services.refusals import StudyRefused
from trials.services.studies import study_draft, study_note
from trials.services.study_lists import list_keep
from trials.study.document import PlanRefused

MAX_LISTED = 20
# The errors that a file raises if no export wrote it.
BROKEN = (
    ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError,
    DatabaseError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import. ``missing`` are photos by SHA-256 that the dataset lacks."""

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
        found = archive_read(file)  # before the transaction: others write meanwhile
        with transaction.atomic():
            return _imported(found, slug, dataset, user)
    except (PlanRefused, StudyRefused):
        raise
    except BROKEN as error:
        raise StudyRefused(
            f"The zip cannot be read as a study ({type(error).__name__}: {error}). Expected the "
            "file as an export wrote it: export the study again, or import its study.yaml alone."
        ) from error


def _imported(found: Opened, slug: str, dataset: Dataset, user: Staff | None) -> Imported:
    for name, content in found.lists.items():
        list_keep(name.removeprefix(LISTS).partition("@")[0], content)
    study = study_draft(slug=slug, dataset=dataset, document=found.document, user=user)
    if found.facts is None:
        return Imported(study, False, (), "The document was read; its sets are not drawn yet.")
    facts, tables = found.facts, found.tables
    study_note(study, "imported", user, f"{facts['slug']} {facts['frozen_sha256']}")
    if tables is None:
        return Imported(study, False, (), "The file holds a draft: its sets are not drawn yet.")
    missing = _missing(tables, dataset)
    if missing:
        listed = ", ".join(missing[:MAX_LISTED])
        said = (
            f"{len(missing)} photos of the study are not in {dataset}, first {listed}. The "
            "document became a draft; a launch would draw new sets. Import the same photos and "
            "then this file again to have exactly the same study."
        )
        return Imported(study, False, missing, said)
    try:
        with transaction.atomic():
            restore(study, facts, tables)
    except CannotRestore as error:
        study.refresh_from_db()
        said = f"{error} The document became a draft; a launch would draw new sets."
        return Imported(study, False, (), said)
    said = f"The very same study: fingerprint {study.frozen_sha256}."
    return Imported(study, True, (), said)


def _missing(tables: Tables, dataset: Dataset) -> tuple[str, ...]:
    there = set(dataset.images.values_list("sha256", flat=True))
    return tuple(row["image"] for row in tables.images if row["image"] not in there)
