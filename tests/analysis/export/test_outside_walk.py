"""From the arrays of an outside network to what each person saw, by files alone."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.core.management import call_command

from analysis.export import export_bundle
from analysis.export.export_bundle import bundle_write, data_path
from classifiers.core.evidence import ExemplarImage, Exemplars, Heatmap, Panel, Writer
from classifiers.models import Evidence, Image
from tests.factories import make_dataset, make_plan
from trials import services
from trials.models import Study
from trials.services.launch import study_launch_pilot
from trials.simulation.robots import Robot, play

pytestmark = pytest.mark.django_db
ARMS = [
    {"name": "Saliency", "run": "resnet152-gradcam", "view": "panels"},
    {"name": "AI only", "run": "resnet152-gradcam", "view": "none"},
]


def attributions_written(folder: Path) -> None:
    """Write Captum-like arrays of a network that is wrong on every second photo."""
    rng, classes = np.random.default_rng(0), ["kind_amber", "kind_birch", "kind_cedar"]
    example = Image.objects.filter(split=Image.GALLERY)[0]
    writer = Writer(folder)
    for n, image in enumerate(Image.objects.filter(split=Image.QUERY).order_by("source")):
        attributions = rng.normal(size=(1, 3, 32, 32)).astype(np.float32)  # as Captum returns it
        others = [name for name in classes if name != image.category.name]
        label = image.category.name if n % 2 else others[0]
        panels: list[Panel] = [
            Heatmap(attributions.sum(1)[0], "Grad-CAM"),
            Exemplars((ExemplarImage(example.source),)),
        ]
        writer.add(image.source, label, 0.8, panels, scores={label: 0.8, others[1]: 0.2})


@pytest.fixture
def exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(export_bundle, "figure_files", lambda tables, note: {})
    monkeypatch.setattr(export_bundle, "reference_write", lambda *_: "")
    dataset = make_dataset(n_queries=24)
    attributions_written(tmp_path / "out")
    call_command(
        "import_predictions", dataset.slug, tmp_path / "out/predictions.csv",
        name="resnet152-gradcam", evidence=tmp_path / "out/evidence.jsonl",
        scores=tmp_path / "out/scores.csv",
    )  # fmt: skip
    plan = make_plan(conditions=ARMS, n_sets=1, strata="none", contact="lab@example.org")
    study = services.study_draft(slug="saliency", dataset=dataset, document=plan.document)
    study_launch_pilot(study=study)
    for n in range(4):
        play(Study.objects.get(), Robot(), random.Random(n))
    options: dict[str, Any] = {"include_simulated": True, "stage": "pilot"}
    bundle_write(Study.objects.get(), tmp_path / "export", **options)
    return tmp_path / "export" / data_path("saliency", "shown", **options)


def test_arrays_of_an_outside_network_become_a_condition_whose_panels_are_exported(
    exported: Path,
) -> None:
    shown = pd.read_csv(exported)
    assert set(shown["panel_kind"]) == {"heatmap", "exemplars", "bars"}
    assert list(shown.columns[-3:]) == ["panel", "panel_kind", "panel_content"]
    first = shown.groupby(["participant_id", "phase", "trial_index"]).first()
    assert len(shown) == 3 * len(first)
    stored = {each["file"] for panels in Evidence.objects.values_list("panels", flat=True)
              for each in panels if each["kind"] == "heatmap"}  # fmt: skip
    heat = shown[shown["panel_kind"] == "heatmap"]["panel_content"].map(json.loads)
    assert {each["file"] for each in heat} <= stored
    people = pd.read_csv(str(exported).replace("shown", "participants"))
    arms = people.set_index("participant_id")["condition"]
    assert set(arms[shown["participant_id"].unique()]) == {"Saliency"}
    assert set(arms) == {"Saliency", "AI only"}
