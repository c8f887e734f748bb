"""A small study that never changes: its photos, predictions and people.

Nothing here depends on the other tests' helpers, so that what is stored beside it stays comparable.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.signals import request_started
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
from classifiers.services.queueing import parameters_asked, parameters_sha256
from trials.models import Study
from trials.simulation.robots import Robot, play

LABELS = ("amber tree", "birch", "=cedar", "Döner tree")
CLASSIFIERS = ("softmax", "knn", "emd-corr", "chm-corr")
N_QUERIES, N_GALLERY, N_PEOPLE = 24, 12, 11
BEGIN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)

ASKED = {
    "kind": "questions", "name": "about_you", "title": "About you",
    "questions": [
        {"name": "age", "text": "How old are you?", "answer": "number"},
        {"name": "sight", "text": "How well do you see?", "answer": "choice",
         "choices": ["Well", "Not so well"], "is_required": True},
        {"name": "remark", "text": "Anything else?", "answer": "paragraph"},
    ],
}  # fmt: skip
DOCUMENT: dict[str, Any] = {
    "title": "Trees: is the AI right?",
    "seed": 11,
    "topic": "trees",
    "conditions": [
        {"name": "Alone", "classifier": "softmax", "view": "unaided"},
        {"name": "Label", "classifier": "softmax", "view": "none", "persona": "Max"},
        {"name": "Neighbours", "classifier": "knn", "view": "exemplars", "quota": 9},
        {"name": "EMD", "classifier": "emd-corr", "view": "correspondences"},
        {"name": "CHM", "classifier": "chm-corr", "view": "correspondences"},
    ],
    "stages": [
        {"kind": "page", "name": "introduction"},
        {"kind": "page", "name": "instructions"},
        {"kind": "training", "n": 2},
        {"kind": "validation", "n": 2, "pass_mark": 2},
        {"kind": "test", "n": 6, "n_sets": 2, "strata": "none"},
        ASKED,
        {"kind": "page", "name": "debrief", "text": "Thank you, **{persona}** says."},
    ],
    "trial": {"has_prior_knowledge": True, "n_exemplars": 3},
    "quality": {"n_attention": 1},
    "exclusions": ["accuracy<=20"],
    "analysis": {"family": [["Label", "EMD"], ["Neighbours", "EMD"]], "margin": 10},
}


def dataset_make() -> Dataset:
    """Create the dataset: photos with known fingerprints, and a file to show for each."""
    dataset = Dataset.objects.create(slug="trees", root="/nowhere")
    for index, label in enumerate(LABELS):
        Category.objects.create(
            dataset=dataset, name=f"{index:03d}", label=label, index=index, definition=f"A {label}."
        )
    categories = list(dataset.categories.order_by("index"))
    photos = [(Image.GALLERY, n) for n in range(N_GALLERY * len(LABELS))]
    photos += [(Image.QUERY, n) for n in range(N_QUERIES)]
    for split, n in photos:
        category = categories[n % len(categories)]
        source = f"{split}/{category.name}/{n:04d}.png"
        digest = hashlib.sha256(source.encode()).hexdigest()
        image = Image.objects.create(
            dataset=dataset, category=category, split=split, source=source, sha256=digest,
            width=300, height=200,
        )  # fmt: skip
        image.crop_path.parent.mkdir(parents=True, exist_ok=True)
        image.crop_path.write_bytes(source.encode())
    return dataset


def runs_make(dataset: Dataset) -> list[PredictionRun]:
    """Create finished runs, right on every other photo; some exemplars are of another class."""
    gallery = Gallery.objects.create(dataset=dataset, backbone="tiny", status=Job.Status.DONE)
    return [_run(gallery, item) for item in CLASSIFIERS]


def _run(gallery: Gallery, classifier: str) -> PredictionRun:
    parameters = parameters_asked(classifier, {})
    run = PredictionRun.objects.create(
        gallery=gallery, classifier=classifier, parameters=parameters,
        parameters_sha256=parameters_sha256(parameters), status=Job.Status.DONE,
    )  # fmt: skip
    rng = random.Random(classifier)
    categories = list(gallery.dataset.categories.order_by("index"))
    queries = gallery.dataset.images.filter(split=Image.QUERY).order_by("source")
    photos = list(gallery.dataset.images.filter(split=Image.GALLERY).order_by("source"))
    for n, image in enumerate(queries.select_related("category")):
        votes = None if classifier == "softmax" else rng.randint(5, 20)
        said = categories[(image.category.index + n // 4 % 2) % len(categories)]
        prediction = Prediction.objects.create(
            run=run, image=image, category=said, n_votes=votes, n_voters=votes and 20,
            confidence=votes / 20 if votes else rng.randint(200, 990) / 1000,
        )  # fmt: skip
        if votes:
            _neighbors(prediction, rng.sample(photos, 20), "corr" in classifier, rng)
    return run


def _neighbors(
    prediction: Prediction, photos: list[Image], has_matches: bool, rng: random.Random
) -> None:
    matches: list[dict[str, Any]] = [
        {"query_cell": 8 * k, "gallery_cell": rng.randrange(49), "weight": 0.2, "similarity": 0.9}
        for k in range(5)
    ]
    Neighbor.objects.bulk_create(
        Neighbor(
            prediction=prediction, rank=rank, image=photo, score=1 - rank / 20, similarity=0.5,
            matches=matches if has_matches else [],
        )
        for rank, photo in enumerate(photos)
    )  # fmt: skip


@contextmanager
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the server's clock go on by some seconds at each form that is sent, and only then."""
    moment, rng = BEGIN, random.Random(3)

    def tick(*, environ: dict[str, Any], **_: object) -> None:
        nonlocal moment
        if environ["REQUEST_METHOD"] == "POST":
            moment += timedelta(milliseconds=rng.randint(900, 9000))

    monkeypatch.setattr(timezone, "now", lambda: moment)
    request_started.connect(tick)
    try:
        yield
    finally:
        request_started.disconnect(tick)


@dataclass(frozen=True)
class Contrary(Robot):
    """Says No to every photo of the validation, and so fails it."""

    def accepts(self, phase: str, is_ai_correct: bool, rng: random.Random, image: str = "") -> bool:
        """Say Yes or No."""
        return phase != "validation" and super().accepts(phase, is_ai_correct, rng, image)


def people_play(study: Study) -> None:
    """Let people with fixed seeds play, one after the other; the last one fails the validation."""
    for number in range(N_PEOPLE):
        kind = Contrary if number == N_PEOPLE - 1 else Robot
        robot = kind(accept_right=0.95 - 0.02 * number, accept_wrong=0.1 + 0.05 * number)
        play(study, robot, random.Random(number))
