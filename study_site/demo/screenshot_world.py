"""The study of the screenshots: it takes a few minutes, and its predictions are the platform's."""

from __future__ import annotations

import csv
import importlib.util
import random
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from PIL import Image as Pixels
from tqdm import tqdm

from analysis.export.export_jobs import export_request
from classifiers.models import Dataset
from classifiers.services import queueing
from study_site.celery import app
from study_site.demo.demo_study import CATEGORIES, photos_arrange
from trials import services
from trials.models import Study
from trials.simulation.robots import Robot, play
from trials.study.plan import StudyPlan
from trials.study.schema import begun

SLUG, DRAFT = "solar-cells", "solar-cells-2"
BACKBONE = "efficientnet-lite0"
SEED = 2022
N_PHOTOS = 60  # of each category
N_ROBOTS = 16
CODES = {
    "completed": "C1Q7W2XK",
    "failed_validation": "C9F4T0LM",
    "failed_attention": "CA7B3N5P",
    "no_consent": "CN2D8R6S",
    "timed_out": "CT5H1J9V",
}
ABOUT_YOU = {
    "kind": "questions",
    "name": "about_you",
    "title": "About you",
    "questions": [
        {"name": "age", "text": "How old are you?", "answer": "number", "is_required": True},
        {
            "name": "sight",
            "text": "Do you see colours as most people do?",
            "answer": "choice",
            "choices": ["Yes", "No", "I do not know"],
        },
        {"name": "how", "text": "How did you decide?", "answer": "paragraph"},
    ],
}


def document(**changes: Any) -> dict[str, Any]:
    """Return a new study's document in which every kind of screen and every view occurs."""
    said = {
        "title": "Solar cells: is the AI right?",
        "seed": SEED,
        "topic": "solar cells, taken in the dark while the cells glow under current",
        "contact": "lab@example.org",
        "ethics": "Example University, no. 12/34",
        "conditions": [
            {"name": "alone", "classifier": "softmax", "view": "unaided"},
            {"name": "ResNet-50", "classifier": "softmax", "view": "none"},
            {"name": "kNN", "classifier": "knn", "view": "exemplars"},
            {"name": "EMD-Corr", "classifier": "emd-corr", "view": "correspondences"},
        ],
        "stages": [
            {"kind": "page", "name": "introduction"},
            {"kind": "page", "name": "instructions"},
            {"kind": "walkthrough"},
            {"kind": "training", "n": 2},
            {"kind": "validation", "n": 2, "pass_mark": 2},
            {"kind": "test", "n": 6, "n_sets": 1},
            ABOUT_YOU,
            {"kind": "page", "name": "debrief"},
        ],
        "trial": {"has_prior_knowledge": True, "has_definition": True},
        "quality": {"n_attention": 1},
        "recruitment": {"channel": "prolific", "pay": 2.5, "codes": CODES},
        "exclusions": ["accuracy<=50"],
        **changes,
    }
    return begun(said)


def build(password: str) -> Study:
    """Make everything, from the photos to simulated people; return the open study."""
    app.conf.task_always_eager = True  # no worker: this process does the work itself
    dataset = _dataset()
    gallery = queueing.gallery_request(dataset=dataset, backbone=BACKBONE)
    gallery.refresh_from_db()
    runs = queueing.runs_request(gallery=gallery, classifiers=["softmax", "knn", "emd-corr"])
    for run in runs:
        run.refresh_from_db()
    user = User.objects.create_superuser("researcher", password=password)
    plan = StudyPlan.from_json(document())
    study = services.study_create(slug=SLUG, dataset=dataset, plan=plan, runs=runs, user=user)
    services.study_open(study=study, user=user)
    again = document(title="Solar cells, with a longer check", contact="")
    services.study_draft(slug=DRAFT, dataset=dataset, document=again, user=user)
    for number in tqdm(range(N_ROBOTS), desc="simulated people"):
        play(study, Robot(), random.Random(f"{SEED}:{number}"))
    export_request(study=study, include_simulated=True)
    return study


def _dataset() -> Dataset:
    root = Path(settings.DATA_DIR) / "photos"
    if importlib.util.find_spec("elpv_dataset"):
        everything = Path(settings.DATA_DIR) / "elpv"
        photos_arrange(everything)
        _some(everything, root)
    else:
        _drawn(root)
    call_command("import_dataset", "solar", str(root), query_share=0.4, split_seed=SEED)
    return Dataset.objects.get(slug="solar")


def _some(everything: Path, root: Path) -> None:
    """Link to some photos of each category."""
    for folder in sorted((everything / "all").iterdir()):
        (root / "all" / folder.name).mkdir(parents=True)
        photos = random.Random(SEED).sample(sorted(folder.iterdir()), N_PHOTOS)
        for photo in photos:
            (root / "all" / folder.name / photo.name).symlink_to(photo.resolve())
    (root / "categories.csv").write_bytes((everything / "categories.csv").read_bytes())


def _drawn(root: Path) -> None:
    """Draw photos if the real ones are not installed: cells with stripes or specks, dark parts.

    Every fourth is in a wrong category, so that the AI is sometimes wrong.
    """
    rng = np.random.default_rng(SEED)
    names = [name for name, _, _ in CATEGORIES.values()]
    for index, name in enumerate(names):
        for number in range(N_PHOTOS):
            filed = names[(index + 1) % len(names)] if number % 4 == 0 else name
            folder = root / "all" / filed
            folder.mkdir(parents=True, exist_ok=True)
            _cell(rng, is_mosaic=index > 1, is_broken=index % 2 == 1).save(
                folder / f"{name}{number}.png"
            )
    with (root / "categories.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("folder", "label", "definition"), *CATEGORIES.values()])


def _cell(rng: np.random.Generator, *, is_mosaic: bool, is_broken: bool) -> Pixels.Image:
    shade = np.full((300, 300), 170.0)
    if is_mosaic:
        shade += np.kron(rng.normal(0, 25, (12, 12)), np.ones((25, 25)))
    for row in (75, 150, 225):
        shade[row - 3 : row + 3] -= 90
    if is_broken:
        top, left = rng.integers(0, 200, 2)
        shade[top : top + 70, left : left + 90] -= 110
    shade += rng.normal(0, 8, shade.shape)
    return Pixels.fromarray(shade.clip(0, 255).astype(np.uint8))
