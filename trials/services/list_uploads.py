"""Lists of photos and of trials for a draft: uploaded, checked against its photos, and named."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from classifiers.models import Dataset, Image
from trials.models import Study, StudyList
from trials.services.refusals import StudyRefused
from trials.services.studies import study_revise
from trials.services.study_lists import MAX_LISTED, list_keep
from trials.study.lists import ListRefused, names_read, sha256_in, trial_lists_read
from trials.study.schema import Json

PLACES: Final = {
    "keep": "Only these photos (pool.keep)",
    "leave_out": "None of these photos (pool.leave_out)",
    "sets_file": "Trial lists instead of drawn sets (sets_file of the test)",
}


@dataclass(frozen=True, slots=True)
class ListUsed:
    """A list that a document uses: where, what it calls it, and what it holds in words."""

    place: str
    label: str
    name: str
    said: str


def list_use(
    *, study: Study, place: str, name: str, content: bytes, user: AbstractBaseUser | None = None
) -> str:
    """Keep an uploaded list and let the draft's document use it; return what it holds in words.

    ``place`` is a key of ``PLACES``. Raises ``StudyRefused`` for a file that is no such list, one
    that names no photo of the study, and a draft with an unfinished text.
    """
    try:
        said = _checked(study.dataset, place, content.decode())
        with transaction.atomic():
            _set(study, place, list_keep(name, content), user)
    except (ListRefused, UnicodeDecodeError) as error:
        raise StudyRefused(f"{name}: {error}.") from error
    return f"{name}: {said}"


def list_drop(*, study: Study, place: str, user: AbstractBaseUser | None = None) -> None:
    """Let the draft's document use no list at a place. The file itself is kept."""
    _set(study, place, "", user)


def lists_used(study: Study) -> list[ListUsed]:
    """Return the lists that a document uses; one that is written in it is no file."""
    found = []
    for place, label in PLACES.items():
        value = _table(study.document, place).get(place, "")
        if isinstance(value, list) and value:
            found.append(ListUsed(place, label, "", f"{len(value)} names in the document"))
        elif sha256 := sha256_in(value):
            kept = StudyList.objects.filter(sha256=sha256).first()
            said = _checked(study.dataset, place, kept.content) if kept else "not kept here"
            found.append(ListUsed(place, label, value.partition("@")[0], said))
    return found


def _table(document: Json, place: str) -> dict[str, Any]:
    """Return the part of a document that has the place; its test, or its pool."""
    if place == "sets_file":
        stages = document.get("stages", [])
        return next((stage for stage in stages if stage.get("kind") == "test"), {})
    pool: dict[str, Any] = document.setdefault("pool", {})
    return pool


def _set(study: Study, place: str, reference: str, user: AbstractBaseUser | None) -> None:
    if study.draft_text:
        raise StudyRefused(
            "The draft has an unfinished text, which the list would replace. Finish it in the "
            "editor first."
        )
    document = copy.deepcopy(study.document)
    _table(document, place)[place] = reference
    study_revise(study=study, document=document, user=user)  # type: ignore[arg-type]


def _checked(dataset: Dataset, place: str, text: str) -> str:
    """Say what a list holds. Raises ``ListRefused`` where it is no list of the dataset's photos."""
    if place == "sets_file":
        lists = trial_lists_read(text)
        groups = [images for numbered in lists.values() for images in numbered.values()]
        names = {image for images in groups for image in images}
        sizes = sorted({len(images) for images in groups})
        length = str(sizes[0]) if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
        for_whom = f" for {', '.join(sorted(filter(None, lists)))}" if any(lists) else ""
        n = len(groups)
        said = f"{n} {'list' if n == 1 else 'lists'} of {length} photos{for_whom}"
    else:
        names = set(names_read(text))
        said = f"{len(names):,} photos"
    unknown = names - _names_of(dataset)
    if len(unknown) == len(names):
        raise ListRefused(
            f"none of its {len(names):,} names is a photo of {dataset}, first "
            f"{', '.join(sorted(unknown)[:MAX_LISTED])}; expected paths below the dataset's root, "
            "file names or SHA-256"
        )
    return f"{said}, {len(names) - len(unknown):,} of {len(names):,} names are photos of {dataset}"


def _names_of(dataset: Dataset) -> set[str]:
    """Return every name of the photos that people judge; the gallery may be a thousand times it."""
    found: set[str] = set()
    queries = Image.objects.in_split(dataset, Image.QUERY)
    for source, sha256 in queries.values_list("source", "sha256").iterator():
        found |= {source, PurePosixPath(source).name, sha256}
    return found
