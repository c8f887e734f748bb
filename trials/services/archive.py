"""A study as one file: its document, sets, predictions and fingerprints, in a zip.

Photos are named by the SHA-256 of their bytes, so any site that has the same photos can read the
file. The zip holds photos only on request. ``archive_import.py`` reads it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from operator import itemgetter
from typing import IO, Any

from classifiers.decision import PatchMatch
from classifiers.models import Image, Neighbor, Prediction
from classifiers.services.whole_photos import whole_file
from trials.models import Study, TrialItem
from trials.services.archive_cells import neutral
from trials.services.archive_evidence import (
    EVIDENCE,
    evidence_files,
    evidence_lines,
    evidence_photos,
)
from trials.services.archive_pairs import PAIRS, pairs_drawn, pairs_lines
from trials.services.shown import accepted_names
from trials.services.study_lists import lists_named
from trials.study.document import write

FORMAT = 1
MATCH_KEYS = [field.name for field in fields(PatchMatch)]
DOCUMENT, FACTS, MANIFEST = "study.yaml", "study.json", "manifest.json"
SETS, PREDICTIONS, NEIGHBORS, IMAGES, LABELS = (
    "sets.csv", "predictions.csv", "neighbors.jsonl", "images.csv", "labels.csv"
)  # fmt: skip
SET_COLUMNS = ("classifier", "phase", "number", "position", "image")
PREDICTION_COLUMNS = (
    "classifier", "image", "category", "predicted", "confidence", "n_votes", "n_voters"
)  # fmt: skip
IMAGE_COLUMNS = ("image", "split", "category", "width", "height")
# The files that the document names.
LISTS = "lists/"
# The file is there only if photos have accepted labels; ``import_labels`` reads it.
LABEL_COLUMNS = ("image", "label")
# Zip requires a date; a fixed one keeps the bytes equal for the same study.
NO_DATE = (1980, 1, 1, 0, 0, 0)


def study_export(study: Study, target: IO[bytes], *, has_photos: bool = False) -> None:
    """Write a study to a zip: the same study, the same bytes."""
    manifest = {}
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in _files(study, has_photos):
            manifest[name] = hashlib.sha256(content).hexdigest()
            _add(archive, name, content)
        _add(archive, MANIFEST, _json({"format": FORMAT, "sha256": manifest}))


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, NO_DATE)
    packed = zipfile.ZIP_STORED if name.endswith((".jpg", ".png")) else zipfile.ZIP_DEFLATED
    archive.writestr(info, content, packed)


def _files(study: Study, has_photos: bool) -> Iterator[tuple[str, bytes]]:
    yield DOCUMENT, write(study.document).encode()
    yield FACTS, _json(_facts(study))
    for kept in lists_named(study.document):
        yield f"{LISTS}{kept.name}@{kept.sha256}", kept.content.encode()
    if not study.is_frozen:
        return
    yield SETS, _csv(SET_COLUMNS, _sets(study))
    drawn = Prediction.objects.filter(
        pk__in=TrialItem.objects.filter(trial_set__study=study).values("prediction")
    )
    names = _names(study)
    yield PREDICTIONS, _csv(PREDICTION_COLUMNS, _predictions(drawn, names))
    yield NEIGHBORS, b"".join(_neighbors(drawn, names))
    if evidence := b"".join(evidence_lines(drawn, names)):
        yield EVIDENCE, evidence
        yield from evidence_files(drawn)
    pairs = pairs_drawn(study)
    if pairs:
        yield PAIRS, b"".join(pairs_lines(pairs, names))
    ranked = {image for _, each in pairs for image in each.images.tolist()}
    shown = Image.objects.filter(pk__in=_shown(drawn) | ranked).order_by("sha256")
    rows = shown.values_list("sha256", "split", "category__name", "width", "height")
    yield IMAGES, _csv(IMAGE_COLUMNS, rows)
    if labels := accepted_names(study):
        yield LABELS, _csv(LABEL_COLUMNS, label_pairs(labels))
    if has_photos:
        for image in shown.select_related("dataset").iterator():
            path = whole_file(image) if study.plan.is_whole else image.crop_path
            yield f"photos/{image.sha256}.jpg", path.read_bytes()


def label_pairs(labels: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Return a row for each accepted label; a photo whose labels the dataset lacks has none."""
    return [(sha256, name) for sha256 in sorted(labels) for name in labels[sha256]]


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([columns, *([neutral(cell) for cell in row] for row in rows)])
    return text.getvalue().encode()


def _facts(study: Study) -> dict[str, Any]:
    conditions = study.conditions.select_related("run__gallery").order_by("position")
    categories = study.dataset.categories.order_by("index")
    names = _names(study)
    return {
        "format": FORMAT,
        "slug": study.slug,
        "version": study.version,
        "previous_sha256": study.previous.frozen_sha256 if study.previous else "",
        "dataset": study.dataset.slug,
        "document": study.document,
        "document_sha256": study.document_sha256,
        "frozen_sha256": study.frozen_sha256,
        "frozen_at": study.frozen_at.isoformat() if study.frozen_at else "",
        "categories": [
            {"name": category.name, "label": category.label, "definition": category.definition}
            for category in categories
        ],
        "runs": {
            condition.ai: {
                "classifier": condition.run.classifier,
                "name": condition.run.name,
                "predictions": names[condition.run_id],
                "backbone": condition.run.backbone,
                "parameters": condition.run.parameters,
            }
            for condition in conditions
        },
        "conditions": {
            condition.name: {"ai": condition.ai, "defer_below": condition.defer_below}
            for condition in conditions
        },
    }


def _names(study: Study) -> dict[int, str]:
    """Return what the tables call each run: the first of its AIs, for two AIs may share it."""
    pairs = study.conditions.order_by().values_list("run", "ai")
    return dict(sorted(pairs, key=lambda pair: pair[1], reverse=True))


def _sets(study: Study) -> Sequence[Sequence[Any]]:
    rows = TrialItem.objects.filter(trial_set__study=study).values_list(
        "trial_set__ai",
        "trial_set__phase",
        "trial_set__number",
        "position",
        "prediction__image__sha256",
    )
    return sorted(rows)


def _predictions(drawn: Any, names: Mapping[int, str]) -> list[Sequence[Any]]:
    rows = drawn.values_list(
        "run",
        "image__sha256",
        "image__category__name",
        "category__name",
        "confidence",
        "n_votes",
        "n_voters",
    )
    named: list[Sequence[Any]] = [(names[run], *row) for run, *row in rows]
    return sorted(named, key=itemgetter(0, 1))


def _neighbors(drawn: Any, names: Mapping[int, str]) -> Iterator[bytes]:
    columns = ("classifier", "image", "rank", "neighbor", "score", "similarity", "matches")
    rows = Neighbor.objects.filter(prediction__in=drawn).values_list(
        "prediction__run",
        "prediction__image__sha256",
        "rank",
        "image__sha256",
        "score",
        "similarity",
        "matches",
    )
    named = ((names[run], *row) for run, *row in rows)
    for row in sorted(named, key=lambda row: row[:3]):
        fact: dict[str, Any] = dict(zip(columns, row, strict=True))
        # PostgreSQL orders the keys of JSON in its own way; an archive is the same everywhere.
        fact["matches"] = [{key: match[key] for key in MATCH_KEYS} for match in fact["matches"]]
        yield (json.dumps(fact, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _shown(drawn: Any) -> set[int]:
    queries = set(drawn.values_list("image", flat=True))
    exemplars = Neighbor.objects.filter(prediction__in=drawn).values_list("image", flat=True)
    return queries | set(exemplars) | evidence_photos(drawn)
