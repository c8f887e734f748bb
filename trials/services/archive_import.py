"""Reading a study's file back: checked byte by byte, its photos found again by their content.

The document always becomes a draft. Where the dataset has every photo, the sets and predictions
are taken over too, and the study is frozen with the very fingerprint that the file names.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from django.contrib.auth.models import User as Staff
from django.db import transaction
from django.utils import timezone

from classifiers.models import (
    Category,
    Dataset,
    Gallery,
    Image,
    Job,
    Neighbor,
    Prediction,
    PredictionRun,
)
from classifiers.services.requests import parameters_sha256
from trials.document import Json, read
from trials.models import Condition, Study, TrialItem, TrialSet
from trials.services.archive import (
    DOCUMENT,
    FACTS,
    IMAGES,
    MANIFEST,
    NEIGHBORS,
    PREDICTIONS,
    SETS,
)
from trials.services.freezing import frozen_sha256
from trials.services.refusals import StudyRefused
from trials.services.studies import study_draft, study_note

MAX_BYTES = 1_000_000_000
MAX_LISTED = 20


class CannotRestore(ValueError):
    """The sets and predictions of a file do not fit the dataset; the document still does."""


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
    document with something wrong in it.
    """
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
            _restore(study, facts, content)
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
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
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


def _rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def _missing(content: Mapping[str, bytes], dataset: Dataset) -> tuple[str, ...]:
    there = set(dataset.images.values_list("sha256", flat=True))
    return tuple(row["image"] for row in _rows(content[IMAGES]) if row["image"] not in there)


def _restore(study: Study, facts: Json, content: Mapping[str, bytes]) -> None:
    """Take the sets and predictions over. Raises ``CannotRestore`` and leaves nothing then."""
    images = {each.sha256: each for each in study.dataset.images.select_related("category")}
    categories = {each.name: each for each in study.dataset.categories.all()}
    _check_places(images, content)
    predictions, neighbors = _predictions_of(content), _neighbors_of(content)
    found: dict[tuple[str, str], Prediction] = {}
    runs = {}
    for classifier, made in facts["runs"].items():
        run = runs[classifier] = _run_of(study.dataset, classifier, made)
        known = {each.image.sha256: each for each in run.predictions.select_related("image")}
        for sha256, row in predictions.get(classifier, {}).items():
            prediction = known.get(sha256) or _prediction(run, row, images, categories)
            if sha256 not in known:
                _neighbors_store(prediction, neighbors.get((classifier, sha256), []), images)
            found[classifier, sha256] = prediction
    for position, each in enumerate(study.plan.conditions):
        Condition.objects.create(
            study=study,
            name=each.name,
            position=position,
            run=runs[each.classifier],
            view_name=each.view,
            persona=study.plan.persona_of(each.name),
            quota=each.quota,
        )
    _sets_store(study, content, runs, found)
    study.frozen_sha256, study.frozen_at = frozen_sha256(study), timezone.now()
    if study.frozen_sha256 != facts["frozen_sha256"]:
        raise CannotRestore(
            f"The photos, labels, definitions or predictions of {study.dataset} differ from those "
            f"of the file (fingerprint {study.frozen_sha256}, expected {facts['frozen_sha256']})."
        )
    study.save(update_fields=["frozen_sha256", "frozen_at"])


def _check_places(images: Mapping[str, Image], content: Mapping[str, bytes]) -> None:
    for row in _rows(content[IMAGES]):
        image = images[row["image"]]
        if (image.split, image.category.name) != (row["split"], row["category"]):
            raise CannotRestore(
                f"Photo {image.source} is in split {image.split} as {image.category.name}; the "
                f"file has it in {row['split']} as {row['category']}."
            )


def _run_of(dataset: Dataset, classifier: str, made: Json) -> PredictionRun:
    """Return the run of these parameters; where there is none, one for what the file brings."""
    gallery, _ = Gallery.objects.get_or_create(
        dataset=dataset,
        backbone=made["backbone"],
        defaults={
            "status": Job.Status.FAILED,
            "error": "Not built here: an imported study brought predictions made with it.",
        },
    )
    run, _ = PredictionRun.objects.get_or_create(
        gallery=gallery,
        classifier=classifier,
        split=Image.QUERY,
        parameters_sha256=parameters_sha256(made["parameters"]),
        defaults={
            "parameters": made["parameters"],
            "status": Job.Status.DONE,
            "finished_at": timezone.now(),
        },
    )
    return run


def _predictions_of(content: Mapping[str, bytes]) -> dict[str, dict[str, dict[str, str]]]:
    found: dict[str, dict[str, dict[str, str]]] = {}
    for row in _rows(content[PREDICTIONS]):
        found.setdefault(row["classifier"], {})[row["image"]] = row
    return found


def _neighbors_of(content: Mapping[str, bytes]) -> dict[tuple[str, str], list[Json]]:
    found: dict[tuple[str, str], list[Json]] = {}
    for line in content[NEIGHBORS].decode().splitlines():
        fact = json.loads(line)
        found.setdefault((fact["classifier"], fact["image"]), []).append(fact)
    return found


def _prediction(
    run: PredictionRun,
    row: Mapping[str, str],
    images: Mapping[str, Image],
    categories: Mapping[str, Category],
) -> Prediction:
    if row["predicted"] not in categories:
        raise CannotRestore(f"The dataset has no category {row['predicted']!r}.")
    return Prediction.objects.create(
        run=run,
        image=images[row["image"]],
        category=categories[row["predicted"]],
        confidence=float(row["confidence"]),
        n_votes=int(row["n_votes"]) if row["n_votes"] else None,
        n_voters=int(row["n_voters"]) if row["n_voters"] else None,
    )


def _neighbors_store(
    prediction: Prediction, facts: list[Json], images: Mapping[str, Image]
) -> None:
    Neighbor.objects.bulk_create(
        Neighbor(
            prediction=prediction,
            rank=fact["rank"],
            image=images[fact["neighbor"]],
            score=fact["score"],
            similarity=fact["similarity"],
            matches=fact["matches"],
        )
        for fact in facts
    )


def _sets_store(
    study: Study,
    content: Mapping[str, bytes],
    runs: Mapping[str, PredictionRun],
    found: Mapping[tuple[str, str], Prediction],
) -> None:
    sets: dict[tuple[str, str, int], TrialSet] = {}
    items: list[Any] = []
    for row in _rows(content[SETS]):
        key = (row["classifier"], row["phase"], int(row["number"]))
        if key not in sets:
            sets[key] = TrialSet.objects.create(
                study=study, run=runs[key[0]], phase=key[1], number=key[2]
            )
        items.append(
            TrialItem(
                trial_set=sets[key],
                position=int(row["position"]),
                prediction=found[row["classifier"], row["image"]],
            )
        )
    TrialItem.objects.bulk_create(items)
