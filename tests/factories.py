"""Plain functions that put a small world into the database. Fixed values, no randomness."""

from __future__ import annotations

import hashlib
import io
import json
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image as Pixels

from classifiers.core.catalogue import CLASSIFIERS
from classifiers.core.chm.pair_cosines import PairsWriter, pairs_of
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
from classifiers.services.accepted_labels import labels_import
from classifiers.services.pairs import header_of, pairs_folder
from classifiers.services.queueing import parameters_asked, parameters_sha256
from tests.snapshots import snapshot_put_back, snapshot_take
from trials import services
from trials.models import Participant, Study
from trials.study.plan import StudyPlan

TEST_FIELDS = ("balance", "strata", "order", "share_right", "sets_file")
KINDS = ("amber", "birch", "cedar", "dogwood")


def make_document(**changes: Any) -> dict[str, Any]:
    """Return the document of a study of a few minutes.

    ``n_training``, ``n_validation``, ``pass_mark``, ``attempts``, ``n_test``, ``n_sets`` and any
    other field of the test go to their stages; the rest are fields of the document.
    """
    known = {"n_training": 2, "n_validation": 4, "pass_mark": 3, "n_test": 6, "n_sets": 2}
    n = {name: changes.pop(name, value) for name, value in known.items()}
    test = {name: changes.pop(name) for name in TEST_FIELDS if name in changes}
    check = {"n": n["n_validation"], "pass_mark": n["pass_mark"]}
    return {
        "title": "Trees: is the AI right?",
        "seed": 7,
        "stages": [
            {"kind": "page", "name": "introduction"},
            {"kind": "page", "name": "instructions"},
            {"kind": "training", "n": n["n_training"]},
            {"kind": "validation", **check, "attempts": changes.pop("attempts", 1)},
            {"kind": "test", "n": n["n_test"], "n_sets": n["n_sets"], **test},
            {"kind": "page", "name": "debrief"},
        ],
        **changes,
    }


def make_plan(**changes: Any) -> StudyPlan:
    """Return the plan of ``make_document``."""
    return StudyPlan.from_json(make_document(**changes))


@lru_cache
def jpeg(shade: int) -> bytes:
    """Return a small grey picture."""
    stream = io.BytesIO()
    Pixels.new("L", (64, 64), shade % 256).save(stream, "JPEG")
    return stream.getvalue()


def make_dataset(n_queries: int = 20, n_gallery: int = 6) -> Dataset:
    """Create a dataset of four kinds with photos in the gallery and queries, and their crops."""
    dataset = Dataset.objects.create(slug="trees", root="/nowhere")
    for index, name in enumerate(KINDS):
        label = f"{name} tree"
        Category.objects.create(dataset=dataset, name=f"kind_{name}", label=label, index=index)
    images = []
    categories = list(dataset.categories.all())
    for split, n in ((Image.GALLERY, n_gallery * len(KINDS)), (Image.QUERY, n_queries)):
        for number in range(n):
            category = categories[number % len(KINDS)]
            source = f"{split}/{category.name}/secretfile{number:04d}.png"
            digest = hashlib.sha256(source.encode()).hexdigest()
            images.append(
                Image(
                    dataset=dataset,
                    category=category,
                    split=split,
                    source=source,
                    sha256=digest,
                    width=300,
                    height=300,
                )
            )
    Image.objects.bulk_create(images)
    for number, image in enumerate(images):
        image.crop_path.parent.mkdir(parents=True, exist_ok=True)
        image.crop_path.write_bytes(jpeg(number))
    return dataset


def make_run(gallery: Gallery, classifier: str, **given: Any) -> PredictionRun:
    """Create a finished run that is right on every other query, with five exemplars each."""
    parameters = parameters_asked(classifier, given)
    run = PredictionRun.objects.create(
        gallery=gallery,
        classifier=classifier,
        parameters=parameters,
        parameters_sha256=parameters_sha256(parameters),
        status=Job.Status.DONE,
    )
    categories = list(gallery.dataset.categories.all())
    queries = Image.objects.in_split(gallery.dataset, Image.QUERY).order_by("source")
    predictions = [
        Prediction(
            run=run,
            image=image,
            category=categories[(image.category.index + number % 2) % len(categories)],
            confidence=0.85,
            n_votes=None if classifier == "softmax" else 17,
            n_voters=None if classifier == "softmax" else 20,
        )
        for number, image in enumerate(queries.select_related("category").order_by("pk"))
    ]
    Prediction.objects.bulk_create(predictions)
    if classifier != "softmax":
        in_gallery = Image.objects.filter(split=Image.GALLERY).order_by("pk")
        photos = [list(in_gallery.filter(category=category)[:5]) for category in categories]
        Neighbor.objects.bulk_create(
            neighbor
            for prediction in predictions
            for neighbor in make_neighbors(
                prediction, photos[prediction.category.index], classifier
            )
        )
        if CLASSIFIERS[classifier].needs_matcher:
            make_pairs(run)
    return run


def make_pairs(run: PredictionRun) -> None:
    """Store cosines of every query with the whole gallery, the same for the same photos."""
    gallery = Image.objects.filter(dataset=run.dataset, split=Image.GALLERY)
    rows = list(gallery.order_by("source").values_list("pk", "category__index"))
    ids, labels = zip(*rows, strict=True)
    found = {}
    for number, image in enumerate(run.predictions.order_by("pk").values_list("image", flat=True)):
        rng = np.random.default_rng(number)
        cosines, cells = rng.uniform(0, 1, (len(rows), 49)), rng.integers(0, 49, (len(rows), 49))
        found[image] = pairs_of(ids, labels, cosines, cells)
    with PairsWriter(pairs_folder(run), header_of(run)) as writer:
        writer.append(found)


def make_neighbors(prediction: Prediction, photos: list[Image], classifier: str) -> list[Neighbor]:
    """Return the photos as exemplars; EMD-Corr's with five matches."""
    matches = [
        {"query_cell": 8 * k, "gallery_cell": 3 * k, "weight": 0.2, "similarity": 0.9}
        for k in range(5)
    ]
    return [
        Neighbor(
            prediction=prediction,
            rank=rank,
            image=photo,
            score=1 - rank / 10,
            similarity=0.9,
            matches=matches if CLASSIFIERS[classifier].has_matches else [],
        )
        for rank, photo in enumerate(photos)
    ]


def make_study(
    *,
    plan: StudyPlan | None = None,
    n_queries: int = 20,
    labels: bytes = b"",
    dataset: Dataset | None = None,
) -> Study:
    """Return an open study with predictions of every classifier it names.

    ``labels`` is a file of accepted labels, imported before the study is frozen. Without
    ``dataset``, one with ``n_queries`` is made. In an empty database, what an earlier test of this
    process had made in the same way is put back.
    """
    plan = plan or make_plan()
    if dataset is not None or Dataset.objects.exists():
        return _study_made(_runs_made(dataset or make_dataset(n_queries)), plan, labels)
    key = ("study", json.dumps(plan.document), n_queries, labels)
    if not snapshot_put_back(key):
        if not snapshot_put_back(("runs", n_queries)):
            _runs_made(make_dataset(n_queries))
            snapshot_take(("runs", n_queries))
        _study_made(list(PredictionRun.objects.order_by("pk")), plan, labels)
        snapshot_take(key)
    return Study.objects.select_related("dataset").get()


def _runs_made(dataset: Dataset) -> list[PredictionRun]:
    gallery = Gallery.objects.create(dataset=dataset, backbone="tiny", status=Job.Status.DONE)
    conditions = StudyPlan.from_json(make_document()).conditions
    names = dict.fromkeys(condition.classifier for condition in conditions)
    return [make_run(gallery, name) for name in names]


def _study_made(runs: list[PredictionRun], plan: StudyPlan, labels: bytes) -> Study:
    dataset = runs[0].dataset
    if labels:
        labels_import(dataset=dataset, content=labels)
    study = services.study_create(slug="trees", dataset=dataset, plan=plan, runs=runs)
    services.study_open(study=study)
    return study


def enrol(study: Study, key: str = "alice", *, is_simulated: bool = False) -> Participant:
    """Let a named person consent."""
    return services.participant_enrol(
        study=study, enrolment_key=f"{key:-<16}", is_simulated=is_simulated
    )
