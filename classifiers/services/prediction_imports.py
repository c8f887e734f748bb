"""Import predictions of an outside AI, all rows or none. Needs no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from classifiers.core.catalogue import CLASSIFIERS
from classifiers.core.evidence.files import files_open
from classifiers.core.evidence.panels import Bars, Panel, panel_json
from classifiers.core.evidence.reading import Explained, bars_of_scores, evidence_read
from classifiers.core.evidence.tables import (
    Known,
    Photo,
    Refusal,
    Row,
    predictions_read,
    scores_read,
)
from classifiers.core.inputs.zip_files import ZipRefused
from classifiers.models import Dataset, Evidence, Image, Job, Prediction, PredictionRun
from classifiers.run_names import NAME_EXPECTED, is_name
from classifiers.services.panel_files import panels_staged
from classifiers.services.queueing import parameters_sha256

ROWS: Final = 500  # stored at once
OnProgress = Callable[[int, int], None]


class ImportRefused(ValueError):
    """The import is refused; ``refused`` lists the rows by file and line, with reasons."""

    def __init__(self, said: str, refused: tuple[Refusal, ...] = ()) -> None:
        self.refused = refused
        super().__init__(said)


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of an import: ``evidence`` is an ``evidence.jsonl`` or a zip around one."""

    predictions: Path
    evidence: Path | None = None
    scores: Path | None = None


def predictions_import(
    *,
    dataset: Dataset,
    name: str,
    sources: Sources,
    on_progress: OnProgress = lambda n_done, n_total: None,
) -> PredictionRun:
    """Store an outside AI's predictions of the split ``query`` as a run, all rows or none.

    Raises ``ImportRefused`` with every wrong row, and stores nothing then. A second import of the
    same files under the same name returns the first run.
    """
    name_check(dataset, name)
    known = _known(dataset)
    with panels_staged() as staged:
        content = sources.predictions.read_bytes()
        table = predictions_read(content, known)
        refused, rows = table.refused, table.rows
        scores: dict[str, dict[str, float]] = {}
        if sources.scores is not None:
            found = scores_read(sources.scores.read_bytes(), known, rows)
            scores, refused = found.scores, refused + found.refused
        explained = Explained()
        if sources.evidence is not None:
            explained = _evidence(sources.evidence, known, rows, staged.keep, on_progress)
            refused = refused + explained.refused
        if refused:
            raise ImportRefused(_said(refused), tuple(refused))
        panels = _with_bars(rows, explained.panels, scores, dataset)
        staged.store()
        return _store(dataset, name, rows, panels, scores)


def name_check(dataset: Dataset, name: str) -> None:
    """Refuse a name that no run may have. Raises ``ImportRefused``."""
    if not is_name(name):
        raise ImportRefused(f"The name is {name!r}; expected {NAME_EXPECTED}.")
    if name in CLASSIFIERS:
        raise ImportRefused(f"{name!r} is a classifier of this site. Choose another name.")
    if PredictionRun.objects.computed().filter(dataset=dataset, name=name).exists():
        raise ImportRefused(
            f"{dataset} has predictions of this site that are named {name!r}. Choose another name."
        )


def _known(dataset: Dataset) -> Known:
    rows = dataset.images.values_list("sha256", "source", "split").iterator()
    photos = (Photo(sha256, source, split == Image.QUERY) for sha256, source, split in rows)
    categories = dataset.categories.order_by("index").values_list("name", "label")
    return Known(photos, categories)


def _evidence(
    path: Path,
    known: Known,
    rows: Mapping[str, Row],
    keep: Callable[[bytes], str],
    on_progress: OnProgress,
) -> Explained:
    try:
        with files_open(path, settings.UPLOAD_MAX_UNPACKED) as files:
            return evidence_read(files, known, rows, keep, on_progress)
    except (ZipRefused, OSError) as error:
        raise ImportRefused(
            f"{path.name} cannot be read: {error} Expected an evidence.jsonl, or a zip of one "
            "with its files beside it."
        ) from error


def _said(refused: list[Refusal]) -> str:
    return f"{len(refused):,} rows were refused and nothing was stored. First: {refused[0]}."


def _with_bars(
    rows: Mapping[str, Row],
    panels: Mapping[str, tuple[Panel, ...]],
    scores: Mapping[str, Mapping[str, float]],
    dataset: Dataset,
) -> dict[str, tuple[Panel, ...]]:
    """Return the panels of each photo. Scores become bars if the AI has no bars of its own."""
    labels = dict(dataset.categories.values_list("name", "label"))
    found = {}
    for sha256 in rows:
        mine = panels.get(sha256, ())
        if scores.get(sha256) and not any(isinstance(panel, Bars) for panel in mine):
            mine = (*mine, bars_of_scores(scores[sha256], labels))
        found[sha256] = mine
    return found


def _store(
    dataset: Dataset,
    name: str,
    rows: Mapping[str, Row],
    panels: Mapping[str, tuple[Panel, ...]],
    scores: Mapping[str, Mapping[str, float]],
) -> PredictionRun:
    written = {sha256: [panel_json(panel) for panel in mine] for sha256, mine in panels.items()}
    content = content_sha256(rows, written, scores)
    parameters = {"content_sha256": content, "n_predictions": len(rows)}
    same = PredictionRun.objects.for_any_study().filter(dataset=dataset, name=name).first()
    if same is not None:
        if same.parameters == parameters:
            return same
        raise ImportRefused(
            f"{dataset} has other predictions named {name!r} (content {_hash(same)}; found "
            f"{content}). Imported predictions never change: choose another name."
        )
    images = {image.sha256: image for image in dataset.images.filter(split=Image.QUERY)}
    categories = {category.name: category for category in dataset.categories.all()}
    try:
        with transaction.atomic():
            run = PredictionRun.objects.create(
                dataset=dataset,
                name=name,
                classifier=name,
                parameters=parameters,
                parameters_sha256=parameters_sha256(parameters),
                status=Job.Status.DONE,
                n_done=len(rows),
                n_total=len(rows),
                finished_at=timezone.now(),
            )
            stored = Prediction.objects.bulk_create(
                (
                    Prediction(
                        run=run,
                        image=images[row.image],
                        category=categories[row.label],
                        confidence=row.confidence,
                        n_votes=row.n_votes,
                        n_voters=row.n_voters,
                    )
                    for row in rows.values()
                ),
                batch_size=ROWS,
            )
            Evidence.objects.bulk_create(
                (
                    Evidence(
                        prediction=prediction,
                        panels=written[sha256],
                        scores=dict(scores.get(sha256, {})),
                    )
                    for sha256, prediction in zip(rows, stored, strict=True)
                ),
                batch_size=ROWS,
            )
            return run
    except IntegrityError as error:
        raise ImportRefused(
            f"Another import is storing predictions named {name!r}. Try again in a minute."
        ) from error


def _hash(run: PredictionRun) -> str:
    return str(run.parameters.get("content_sha256", "unknown"))


def content_sha256(
    rows: Mapping[str, Row],
    panels: Mapping[str, list[dict[str, Any]]],
    scores: Mapping[str, Mapping[str, float]],
) -> str:
    """Return the fingerprint of the import, which does not depend on the order of rows.

    A file is represented by its name, the SHA-256 of its re-encoded bytes.
    """
    digest = hashlib.sha256()
    for sha256, row in sorted(rows.items()):
        answer = [row.label, row.confidence, row.n_votes, row.n_voters]
        facts = [sha256, *answer, panels[sha256], scores.get(sha256, {})]
        digest.update(json.dumps(facts, sort_keys=True, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


__all__ = ["ImportRefused", "Sources", "name_check", "predictions_import"]
