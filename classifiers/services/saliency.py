"""Class activation maps of a linear head, stored as panels with the predictions. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from classifiers.core.catalogue import CLASSIFIERS
from classifiers.core.evidence.maps import map_draw
from classifiers.core.evidence.panels import Heatmap, panel_json
from classifiers.decision import GRID, Decision
from classifiers.models import Evidence, PredictionRun
from classifiers.services.panel_files import panel_store

CAPTION: Final = "Where the AI saw its answer"


def has_saliency(run: PredictionRun) -> bool:
    """Whether the run's classifier gives class activation maps."""
    found = CLASSIFIERS.get(run.classifier)
    return found is not None and found.has_saliency


def explained_images(run: PredictionRun) -> set[int] | None:
    """Return the keys of the images whose map is stored; None for a classifier without maps."""
    if not has_saliency(run):
        return None
    stored = Evidence.objects.filter(prediction__run=run)
    return set(stored.values_list("prediction__image", flat=True))


def n_unexplained(run: PredictionRun) -> int:
    """Return how many predictions of a run lack their map."""
    return run.predictions.filter(evidence=None).count() if has_saliency(run) else 0


def saliency_store(run: PredictionRun, decisions: Mapping[int, Decision]) -> None:
    """Store the maps of decisions, by image, whose prediction has no evidence yet."""
    if not has_saliency(run):
        return
    lacking = run.predictions.filter(evidence=None, image__in=decisions)
    Evidence.objects.bulk_create(
        Evidence(prediction=prediction, panels=[_panel(decisions[prediction.image_id])])
        for prediction in lacking
    )


def _panel(decision: Decision) -> dict[str, object]:
    values = np.array(decision.saliency, dtype=np.float64).reshape(GRID, GRID)
    return panel_json(Heatmap(panel_store(map_draw(values)), CAPTION))
