"""A study one of whose conditions shows an outside AI with panels of every kind."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image as Pixels

from classifiers.core.evidence.maps import map_draw
from classifiers.core.evidence.panels import (
    Bars,
    ExemplarImage,
    Exemplars,
    Heatmap,
    Match,
    Panel,
    Picture,
    Text,
    panel_json,
)
from classifiers.models import Dataset, Evidence, Gallery, Image, Job, Prediction, PredictionRun
from classifiers.services.panel_files import panel_store
from tests.factories import make_dataset, make_plan, make_run
from trials import services
from trials.models import Study

__all__ = ["SCRIPT", "make_explained_study", "make_outside_run", "panels_of_all_kinds"]

SCRIPT = "<script>alert(1)</script>"
BOXES = (Match((0, 0, 0.25, 0.5), (0.5, 0.5, 0.25, 0.25)),)


def panels_of_all_kinds(example: Image, number: int = 0) -> list[dict[str, Any]]:
    """Return a panel of each kind as it is stored; captions try to be HTML."""
    heat = panel_store(map_draw(np.eye(7) * number))
    picture = panel_store(_jpeg(number))
    like = ExemplarImage(example.sha256, SCRIPT, BOXES)
    panels: list[Panel] = [
        Heatmap(heat, SCRIPT),
        Exemplars((like, replace(like, caption="", matches=())), "like it"),
        Picture(picture, alt=f"a prototype {SCRIPT}", caption=SCRIPT),
        Bars((("red crown", 0.75), (SCRIPT, 0.25)), "concepts"),
        Text(f"- one\n- **two** {SCRIPT}"),
    ]
    return [panel_json(panel) for panel in panels]


def _jpeg(number: int) -> bytes:
    stream = io.BytesIO()
    Pixels.new("RGB", (64, 40), (number, 0, 0)).save(stream, "JPEG")
    return stream.getvalue()


def make_outside_run(dataset: Dataset, name: str = "vit") -> PredictionRun:
    """Store an outside AI that is right on every other query, with panels of all kinds."""
    run = PredictionRun.objects.create(
        dataset=dataset,
        name=name,
        classifier=name,
        parameters={"content_sha256": "0" * 64},
        parameters_sha256="1" * 64,
        status=Job.Status.DONE,
    )
    categories = list(dataset.categories.all())
    queries = dataset.images.filter(split=Image.QUERY).select_related("category").order_by("source")
    examples = list(dataset.images.filter(split=Image.GALLERY).order_by("source"))
    for number, image in enumerate(queries):
        said = categories[(image.category.index + number % 2) % len(categories)]
        prediction = Prediction.objects.create(run=run, image=image, category=said, confidence=0.85)
        Evidence.objects.create(
            prediction=prediction,
            panels=panels_of_all_kinds(examples[number % len(examples)], number),
            scores={said.name: 0.85},
        )
    return run


def make_explained_study(dataset: Dataset | None = None, **fields: Any) -> Study:
    """Freeze a study with one condition that shows panels of all kinds."""
    dataset = dataset or make_dataset()
    gallery = Gallery.objects.create(dataset=dataset, backbone="tiny", status=Job.Status.DONE)
    run = make_run(gallery, "softmax")
    examples = list(dataset.images.filter(split=Image.GALLERY).order_by("source"))
    for number, prediction in enumerate(run.predictions.order_by("image__source")):
        Evidence.objects.create(
            prediction=prediction,
            panels=panels_of_all_kinds(examples[number % len(examples)], number),
            scores={prediction.category.name: 0.85},
        )
    arms = [{"name": "Panels", "classifier": "softmax", "view": "panels"}]
    plan = make_plan(conditions=arms, **{"trial": {"has_opacity": True}, **fields})
    return services.study_create(slug="trees", dataset=dataset, plan=plan, runs=[run])
