"""Enqueue work: a job row is stored and a message is sent to a worker. Needs no torch."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from celery.app.task import Task
from django.conf import settings
from django.db import transaction

from classifiers import tasks
from classifiers.core.catalogue import (
    CHOICES,
    CLASSIFIERS,
    EMBEDDED_BACKBONE,
    EMBEDDED_MATCHER,
    EMBEDDED_WEIGHTS,
    parameters_resolved,
)
from classifiers.core.gallery.manifest import MANIFEST
from classifiers.files import file_sha256
from classifiers.models import (
    Dataset,
    DatasetImport,
    Gallery,
    Image,
    Job,
    PredictionImport,
    PredictionRun,
)
from classifiers.run_names import NAME_EXPECTED, is_name, run_name
from classifiers.services import pairs
from classifiers.services.job_queue import message_send
from classifiers.services.jobs import job_requeue
from classifiers.services.saliency import n_unexplained


class RequestRefused(ValueError):
    """The request cannot be met yet; the message says what must be done first."""


def backbones_ready() -> list[str]:
    """Return the backbones with weights: the one that is installed, and the registered ones."""
    found = sorted(path.stem for path in Path(settings.WEIGHTS_DIR).glob("*.json"))
    return [EMBEDDED_BACKBONE, *(name for name in found if name not in CHOICES["matcher"])]


def parameters_sha256(resolved: Mapping[str, Any]) -> str:
    """Return the fingerprint of a classifier's full parameters."""
    return hashlib.sha256(json.dumps(resolved, sort_keys=True).encode()).hexdigest()


@transaction.atomic
def gallery_request(*, dataset: Dataset, backbone: str) -> Gallery:
    """Request the features of the dataset's gallery split, unless they are done or under way."""
    if not dataset.images.filter(split=Image.GALLERY).exists():
        splits = sorted(set(dataset.images.values_list("split", flat=True)))
        raise RequestRefused(
            f"Dataset {dataset} has no images in split '{Image.GALLERY}'; its splits: "
            f"{', '.join(splits) or 'none'}. Import ROOT/{Image.GALLERY}/<category>/<file>, or "
            "use import_dataset --query-share to draw the splits."
        )
    gallery, _ = Gallery.objects.get_or_create(dataset=dataset, backbone=backbone)
    if gallery.status == Job.Status.DONE and (gallery.folder / MANIFEST).is_file():
        _check_unchanged(gallery)
        return gallery
    job_requeue(gallery)
    jobs_enqueue([gallery])
    return gallery


def _check_unchanged(gallery: Gallery) -> None:
    n_now = gallery.dataset.images.filter(split=Image.GALLERY).count()
    if n_now != gallery.n_total:
        raise RequestRefused(
            f"Gallery {gallery} was built from {gallery.n_total} photos; the dataset now holds "
            f"{n_now} in split '{Image.GALLERY}'. A built gallery never changes, because "
            "predictions depend on it: import the folder as a dataset of another name."
        )


@transaction.atomic
def runs_request(
    *,
    gallery: Gallery,
    classifiers: Sequence[str],
    split: str = Image.QUERY,
    parameters: Mapping[str, Any] | None = None,
    name: str = "",
    has_maps: bool = False,
) -> list[PredictionRun]:
    """Request predictions of a split by several classifiers, unless they are done.

    With ``has_maps``, activation maps are added to predictions that were made without them.

    Every classifier gets those parameters that it has. ``name`` names the run of one classifier;
    without it the run has a default name. Raises ``RequestRefused``, also for a name that is taken,
    or ``ValueError`` if no classifier has a parameter or a value is out of range.
    """
    if name and len(classifiers) != 1:
        raise RequestRefused(
            f"{len(classifiers)} classifiers and one name, {name!r}; expected one classifier."
        )
    if gallery.status != Job.Status.DONE:
        raise RequestRefused(
            f"Gallery {gallery} is {gallery.status}. "
            f"Run: manage.py build_gallery {gallery.dataset} --backbone {gallery.backbone}"
        )
    if not gallery.dataset.images.filter(split=split).exists():
        raise RequestRefused(f"Dataset {gallery.dataset} has no images in split {split!r}.")
    runs = []
    for classifier, given in _given(classifiers, parameters or {}).items():
        resolved = parameters_asked(classifier, given)
        sha256 = parameters_sha256(resolved)
        if name:
            _check_name(name, gallery, (gallery.pk, classifier, split, sha256))
        run, is_new = PredictionRun.objects.get_or_create(
            gallery=gallery,
            classifier=classifier,
            split=split,
            parameters_sha256=sha256,
            imported_for="",
            defaults={"parameters": resolved, "name": name},
        )
        if name:
            _rename(run, name)
        is_lacking = not is_new and (_is_lacking(run) or (has_maps and n_unexplained(run) > 0))
        if is_lacking:
            _check_classes(run)
        if run.status == Job.Status.FAILED or is_lacking:
            job_requeue(run)
        runs.append(run)
    jobs_enqueue([run for run in runs if run.status != Job.Status.DONE])
    return runs


def _check_name(name: str, gallery: Gallery, meant: tuple[int, str, str, str]) -> None:
    """Refuse an impossible name, and a name that other predictions of the dataset have."""
    if not is_name(name):
        raise RequestRefused(f"The name {name!r} is not possible; expected {NAME_EXPECTED}.")
    other = PredictionRun.objects.computed().filter(dataset=gallery.dataset, name=name).first()
    if other is None:
        return
    found = (other.gallery_id, other.classifier, other.split, other.parameters_sha256)
    if found != meant:
        raise RequestRefused(
            f"The name {name!r} belongs to other predictions of {gallery.dataset}: run {other.pk}, "
            f"{other} {other.parameters}. Choose another name."
        )


def _rename(run: PredictionRun, name: str) -> None:
    """Name a run that has its default name; studies use a given name, so it does not change."""
    if run.name == name:
        return
    default = run_name(run.classifier, run.parameters, backbone=run.backbone, split=run.split)
    if not re.fullmatch(re.escape(default) + r"(-\d+)?", run.name):
        raise RequestRefused(
            f"These predictions are already named {run.name!r}; found the new name {name!r}. "
            "Use the name that the run has."
        )
    run.name = name
    run.save(update_fields=["name"])


def parameters_asked(classifier: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return all parameters of a classifier, with the weights its matcher has today.

    Other weights give other predictions, so the weights are a part of a run's identity.
    """
    resolved = parameters_resolved(classifier, given)
    if "matcher" in resolved and not resolved["matcher_sha256"]:
        resolved["matcher_sha256"] = _weights_sha256(resolved["matcher"])
    return resolved


def _weights_sha256(matcher: str) -> str:
    if matcher == EMBEDDED_MATCHER:
        return file_sha256(EMBEDDED_WEIGHTS)
    entry = Path(settings.WEIGHTS_DIR) / f"{matcher}.json"
    if not entry.is_file():
        raise RequestRefused(
            f"No weights of {matcher} are registered. Get the published file (docs/backbones.md), "
            "or your own (docs/chm.md), and run: manage.py add_weights FILE"
        )
    return str(json.loads(entry.read_text())["sha256"])


def _check_classes(run: PredictionRun) -> None:
    """Refuse to continue a run if its competing classes have changed."""
    if run.parameters["classes"] != "split" or not run.predictions.exists():
        return
    images = Image.objects.filter(dataset=run.dataset, split=run.split)
    begun = set(images.filter(predictions__run=run).values_list("category__name", flat=True))
    new = set(images.values_list("category__name", flat=True)) - begun
    if new and run.status == Job.Status.DONE:
        raise RequestRefused(
            f"{run} was predicted among the classes of its split, and photos of {len(new)} more "
            f"have come in since ({sorted(new)[0]}, ...). Import them as a dataset of another name."
        )


def _given(classifiers: Sequence[str], parameters: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the parameters that each classifier has; unknown classifiers keep all."""
    known = {
        name: CLASSIFIERS[name].parameters if name in CLASSIFIERS else parameters
        for name in classifiers
    }
    for name in parameters:
        if not any(name in item for item in known.values()):
            every = sorted({item for those in known.values() for item in those})
            raise ValueError(
                f"{', '.join(classifiers)} has no parameter {name!r}; known: {', '.join(every)}."
            )
    return {
        classifier: {name: value for name, value in parameters.items() if name in those}
        for classifier, those in known.items()
    }


def _is_lacking(run: PredictionRun) -> bool:
    """Whether photos were added after the run was done, or cosines of its pairs are missing."""
    wanted = run.dataset.images.filter(split=run.split).count()
    return run.predictions.count() < wanted or pairs.n_lacking(run) > 0


def preparation_of(run: PredictionRun) -> tuple[str, str, bool]:
    """Return how a run's photos are prepared; runs that share it share one pass over them.

    It is the queries' transform, the matcher if any, and whether that follows the paper.
    """
    needs_matcher = CLASSIFIERS[run.classifier].needs_matcher
    return (
        run.parameters["transform"],
        run.parameters["matcher"] if needs_matcher else "",
        needs_matcher and run.parameters["paper"],
    )


def jobs_enqueue(
    jobs: Sequence[Gallery | PredictionRun | DatasetImport | PredictionImport],
) -> None:
    """Send messages for jobs after their rows are committed.

    A second message is harmless, because a worker only takes a job that is free. Runs that share
    their preparation share one message.
    """
    runs: dict[tuple[str, str, bool], list[int]] = {}
    for job in jobs:
        if isinstance(job, PredictionRun):
            runs.setdefault(preparation_of(job), []).append(job.pk)
        else:
            _send(_TASKS[type(job)], job.pk)
    for run_ids in runs.values():
        _send(tasks.predict, run_ids)


def _send(task: Task[Any, Any], argument: object) -> None:
    transaction.on_commit(partial(message_send, task, argument))


_TASKS: Mapping[type[Job], Task[Any, Any]] = {
    Gallery: tasks.gallery_build,
    DatasetImport: tasks.photos_import,
    PredictionImport: tasks.predictions_import,
}
