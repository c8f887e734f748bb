"""Restore a frozen study from a file: link its sets and predictions to the dataset's photos."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from classifiers.models import (
    Category,
    Gallery,
    Image,
    Job,
    Neighbor,
    Prediction,
    PredictionRun,
)
from classifiers.run_names import NAME_EXPECTED, is_name
from classifiers.services.queueing import parameters_sha256
from trials.models import Study, TrialItem, TrialSet
from trials.services.archive import LABELS, label_pairs
from trials.services.archive_evidence import (
    evidence_by_prediction,
    evidence_restore,
    files_store,
)
from trials.services.archive_pairs import pairs_store
from trials.services.archive_read import Tables
from trials.services.arms import condition_make
from trials.services.freezing import frozen_sha256
from trials.services.shown import accepted_names
from trials.study.schema import Json

# A backbone names a folder: no slashes, no leading dot.
BACKBONE_NAME = re.compile(r"[A-Za-z0-9][\w.+-]{0,49}", re.ASCII)


class CannotRestore(ValueError):
    """The sets and predictions of a file do not fit the dataset; the document still does."""


def restore(study: Study, facts: Json, tables: Tables) -> None:
    """Store the file's sets and predictions. Raises ``CannotRestore`` and then stores nothing."""
    images = {each.sha256: each for each in study.dataset.images.select_related("category")}
    categories = {each.name: each for each in study.dataset.categories.all()}
    _check_places(images, tables)
    predictions, neighbors = _predictions_of(tables), _neighbors_of(tables)
    evidence = evidence_by_prediction(tables.evidence)
    found: dict[tuple[str, str], Prediction] = {}
    runs: dict[str, PredictionRun] = {}
    for ai, made in facts["runs"].items():
        source = made.get("predictions", ai)
        if source not in runs:
            runs[source] = _run_of(study, source, made)
            for sha256, row in predictions.get(source, {}).items():
                prediction = _prediction(runs[source], row, images, categories)
                _neighbors_store(prediction, neighbors.get((source, sha256), []), images)
                evidence_restore(prediction, evidence.get((source, sha256)), images, categories)
                found[source, sha256] = prediction
            mine = (item for item in tables.pairs if item["classifier"] == source)
            pairs_store(runs[source], mine, images)
        runs[ai] = runs[source]
        found |= {(ai, sha256): found[source, sha256] for sha256 in predictions.get(source, {})}
    arms = facts.get("conditions", {})
    for each in study.plan.conditions:
        arm = arms.get(each.name, {})
        below = arm.get("defer_below")
        if not isinstance(below, float | int | None):
            raise ValueError(f"condition {each.name} defers below {below!r}; expected a number")
        condition_make(study, each, runs[arm.get("ai", each.classifier)], below)
    _sets_store(study, tables, runs, found)
    _check_labels(study, tables)
    study.frozen_sha256, study.frozen_at = frozen_sha256(study), timezone.now()
    if study.frozen_sha256 != facts["frozen_sha256"]:
        raise CannotRestore(
            f"The photos, labels, definitions or predictions of {study.dataset} differ from those "
            f"of the file (fingerprint {study.frozen_sha256}, expected {facts['frozen_sha256']})."
        )
    files_store(tables.files)
    study.save(update_fields=["frozen_sha256", "frozen_at"])


def _check_places(images: Mapping[str, Image], tables: Tables) -> None:
    for row in tables.images:
        image = images[row["image"]]
        if (image.split, image.category.name) != (row["split"], row["category"]):
            raise CannotRestore(
                f"Photo {image.source} is in split {image.split} as {image.category.name}; the "
                f"file has it in {row['split']} as {row['category']}."
            )


def _check_labels(study: Study, tables: Tables) -> None:
    """Refuse a dataset that accepts other labels than the file: other answers would be right."""
    there = label_pairs(accepted_names(study))
    brought = sorted((row["image"], row["label"]) for row in tables.labels)
    if there != brought:
        differing = {image for image, _ in set(there) ^ set(brought)}
        raise CannotRestore(
            f"{study.dataset} accepts other labels than the file for {len(differing)} photos. "
            f"Take {LABELS} out of the zip and run: manage.py import_labels {study.dataset} "
            f"{LABELS}; then import this file again."
        )


def _run_of(study: Study, ai: str, made: Json) -> PredictionRun:
    """Make the run that holds a file's predictions, for this study alone.

    It cannot be verified that an AI made them, so they never join a run that this site computed.
    Raises ``ValueError`` for an invalid description of a run.
    """
    backbone, parameters = str(made["backbone"]), made["parameters"]
    classifier, name = str(made.get("classifier", ai)), str(made.get("name", ""))
    if name and not is_name(name):
        raise ValueError(f"the run of {ai} is named {name[:80]!r}; expected {NAME_EXPECTED}")
    if not backbone:
        return _outside_run(study, name or classifier, parameters)
    if not BACKBONE_NAME.fullmatch(backbone) or not isinstance(parameters, dict):
        raise ValueError(
            f"the run of {ai} names backbone {backbone!r} and parameters "
            f"{str(parameters)[:80]}; expected a plain name and a table"
        )
    gallery, _ = Gallery.objects.get_or_create(
        dataset=study.dataset,
        backbone=backbone,
        defaults={
            "status": Job.Status.FAILED,
            "error": "Not built here: an imported study brought predictions made with it.",
        },
    )
    return PredictionRun.objects.create(
        gallery=gallery,
        name=name,
        classifier=classifier,
        split=Image.QUERY,
        parameters=parameters,
        parameters_sha256=parameters_sha256(parameters),
        imported_for=study.slug,
        status=Job.Status.DONE,
        finished_at=timezone.now(),
    )


def _outside_run(study: Study, name: str, parameters: object) -> PredictionRun:
    """Make the run of an outside AI, which has no gallery."""
    if not is_name(name) or not isinstance(parameters, dict):
        raise ValueError(
            f"the run of an outside AI is named {name[:80]!r} with parameters "
            f"{str(parameters)[:80]}; expected {NAME_EXPECTED}, and a table"
        )
    return PredictionRun.objects.create(
        dataset=study.dataset,
        name=name,
        classifier=name,
        split=Image.QUERY,
        parameters=parameters,
        parameters_sha256=parameters_sha256(parameters),
        imported_for=study.slug,
        status=Job.Status.DONE,
        finished_at=timezone.now(),
    )


def _predictions_of(tables: Tables) -> dict[str, dict[str, dict[str, str]]]:
    found: dict[str, dict[str, dict[str, str]]] = {}
    for row in tables.predictions:
        found.setdefault(row["classifier"], {})[row["image"]] = row
    return found


def _neighbors_of(tables: Tables) -> dict[tuple[str, str], list[Json]]:
    found: dict[tuple[str, str], list[Json]] = {}
    for fact in tables.neighbors:
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
        confidence=float(row["confidence"]) if row["confidence"] else None,
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
    tables: Tables,
    runs: Mapping[str, PredictionRun],
    found: Mapping[tuple[str, str], Prediction],
) -> None:
    sets: dict[tuple[str, str, int], TrialSet] = {}
    items: list[Any] = []
    for row in tables.sets:
        key = (row["classifier"], row["phase"], int(row["number"]))
        if key not in sets:
            sets[key] = TrialSet.objects.create(
                study=study, run=runs[key[0]], ai=key[0], phase=key[1], number=key[2]
            )
        items.append(
            TrialItem(
                trial_set=sets[key],
                position=int(row["position"]),
                prediction=found[row["classifier"], row["image"]],
            )
        )
    TrialItem.objects.bulk_create(items)
