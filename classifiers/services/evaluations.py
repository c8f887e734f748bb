"""The accuracy of classifiers on a split, computed from the stored predictions."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.core.catalogue import BASELINE, CLASSIFIERS, parameters_resolved
from classifiers.core.inputs.strict_files import CsvRefused, csv_rows, json_read
from classifiers.core.metrics.evaluation import N_BINS, Change, Scores, change, scores
from classifiers.core.metrics.labels import LabelsRefused, Truth, truths_read
from classifiers.models import AcceptedLabel, Dataset, Gallery, Image, Prediction, PredictionRun
from classifiers.models import Truth as TruthOf
from classifiers.services.queueing import RequestRefused, runs_request


class EvaluationRefused(ValueError):
    """The comparison cannot be made; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class LabelFile:
    """A file of labels, several for an image; ``sha256`` is the hash of its bytes."""

    path: Path
    sha256: str
    content: object


@dataclass(frozen=True, slots=True)
class Row:
    """One classifier of the table. ``notes`` says, by column, why a cell is empty."""

    run: PredictionRun
    scores: Scores
    change: Change | None
    notes: Mapping[str, str]

    @property
    def label(self) -> str:
        """What people read."""
        return CLASSIFIERS[self.run.classifier].label


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A comparison of classifiers on the same images.

    The split has ``n_images``. A list leaves out ``n_left_out`` of them, and ``n_unlabelled`` of
    the rest have no label; the others are evaluated. Of these, ``n_unreachable`` have only labels
    of classes that the dataset lacks, so the AI is always wrong.
    """

    rows: tuple[Row, ...]
    labels: LabelFile | None
    n_images: int
    n_left_out: int
    n_unlabelled: int
    n_unreachable: int

    @property
    def run(self) -> PredictionRun:
        """Any of the runs: they share gallery, split, transform and classes."""
        return self.rows[0].run


def evaluation_request(
    *,
    gallery: Gallery,
    classifiers: Sequence[str],
    split: str,
    parameters: Mapping[str, Any],
    name: str = "",
) -> list[PredictionRun]:
    """Request the runs that are missing. Each classifier gets those parameters that it has.

    Classifiers with the same parameters share one pass over the photos. ``name`` names the run of
    one classifier. Raises ``ValueError`` for an unknown classifier, and for a parameter that none
    of them has, and ``RequestRefused`` as ``runs_request`` does.
    """
    for classifier in classifiers:
        parameters_resolved(classifier, {})
    known = {key for classifier in classifiers for key in CLASSIFIERS[classifier].parameters}
    if strangers := sorted(parameters.keys() - known):
        raise ValueError(
            f"No classifier here has a parameter {strangers[0]!r}; known: "
            f"{', '.join(sorted(known))}."
        )
    taken = {
        classifier: {
            key: value
            for key, value in parameters.items()
            if key in CLASSIFIERS[classifier].parameters
        }
        for classifier in classifiers
    }
    if name and len(taken) != 1:
        raise RequestRefused(f"{len(taken)} classifiers and one name, {name!r}; expected one.")
    found: dict[str, PredictionRun] = {}
    for classifier, mine in taken.items():
        group = [item for item in taken if taken[item] == mine]
        if classifier not in found:
            runs = runs_request(
                gallery=gallery, classifiers=group, split=split, parameters=mine, name=name
            )
            found |= dict(zip(group, runs, strict=True))
    return [found[classifier] for classifier in taken]


def labels_read(path: Path) -> LabelFile:
    """Read a JSON file of labels."""
    try:
        content = path.read_bytes()
        parsed = json_read(content)
    except OSError as error:
        raise LabelsRefused(f"{path} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise LabelsRefused(f"{path} is no JSON ({error}); expected a list or object.") from error
    return LabelFile(path, hashlib.sha256(content).hexdigest(), parsed)


def left_out_read(path: Path) -> set[str]:
    """Read the ``source`` column of a list of images to leave out, as filter_dataset writes it."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return {row["source"] for _, row in csv_rows(lines, ("source",))}
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationRefused(f"{path} cannot be read ({error}).") from error
    except CsvRefused as error:
        raise EvaluationRefused(
            f"{path}: {error}; expected a table as filter_dataset --out writes it."
        ) from error


def truths_of(
    dataset: Dataset, images: Sequence[Image], labels: LabelFile | None
) -> dict[int, Truth]:
    """Return the truth by image id: from ``labels``, or without them from the dataset."""
    if labels is None:
        return _stored_truths(dataset, images)
    categories = list(dataset.categories.order_by("index").values_list("name", flat=True))
    sources = [image.source for image in images]
    truths = truths_read(labels.content, sources, categories, imagenet_classes)
    return dict(zip((image.pk for image in images), truths, strict=True))


def _stored_truths(dataset: Dataset, images: Sequence[Image]) -> dict[int, Truth]:
    if all(image.truth == TruthOf.FOLDER for image in images):
        return {image.pk: frozenset([image.category.index]) for image in images}
    accepted: dict[int, set[int]] = {}
    rows = AcceptedLabel.objects.filter(image__dataset=dataset).order_by()
    for pk, index in rows.values_list("image_id", "category__index"):
        accepted.setdefault(pk, set()).add(index)
    own: Mapping[str, Callable[[Image], Truth]] = {
        TruthOf.FOLDER: lambda image: frozenset([image.category.index]),
        TruthOf.LABELS: lambda image: frozenset(accepted.get(image.pk, ())),
        TruthOf.NONE: lambda image: None,
    }
    return {image.pk: own[image.truth](image) for image in images}


def imagenet_classes() -> Sequence[str]:
    """Return the WordNet ids of ImageNet's 1,000 classes in the order of their indices."""
    from classifiers.core.backbones.backbones import (
        imagenet_wnids,  # loads torch, so only where needed
    )

    return imagenet_wnids()


def evaluation_read(
    *,
    runs: Sequence[PredictionRun],
    labels: LabelFile | None = None,
    left_out: set[str] | None = None,
    n_bins: int = N_BINS,
) -> Evaluation:
    """Compare finished runs over one split of one gallery, from all their stored predictions.

    Every share is of the evaluated images. Raises ``EvaluationRefused`` where predictions are
    missing or nothing is left to evaluate, ``LabelsRefused`` where labels and images differ.
    """
    dataset, split = runs[0].dataset, runs[0].split
    found = list(Image.objects.in_split(dataset, split).select_related("category"))
    images = _without(found, left_out or set())
    truths = truths_of(dataset, images, labels)
    known = {pk: truth for pk, truth in truths.items() if truth is not None}
    if not known:
        raise EvaluationRefused(
            f"None of the {len(found)} images in split {split!r} is left to evaluate: "
            f"{len(found) - len(images)} are left out, {len(images)} have no label."
        )
    by_run = [_answers(run, known, labels) for run in runs]
    baselines = [
        right for run, (_, right) in zip(runs, by_run, strict=True) if run.classifier == BASELINE
    ]
    rows = tuple(
        _row(run, scores(*answers, n_bins=n_bins), answers[1], baselines)
        for run, answers in zip(runs, by_run, strict=True)
    )
    return Evaluation(
        rows=rows,
        labels=labels,
        n_images=len(found),
        n_left_out=len(found) - len(images),
        n_unlabelled=len(images) - len(known),
        n_unreachable=sum(not truth for truth in known.values()),
    )


def _without(images: Sequence[Image], left_out: set[str]) -> list[Image]:
    """Return the images that are not on the list. Unknown images are refused."""
    if strangers := sorted(left_out - {image.source for image in images}):
        raise EvaluationRefused(
            f"{len(strangers)} of {len(left_out)} images to leave out are not in this split, first "
            f"{strangers[0]}. Expected a list made for it: run filter_dataset again."
        )
    return [image for image in images if image.source not in left_out]


def _answers(
    run: PredictionRun, truths: Mapping[int, frozenset[int]], labels: LabelFile | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return confidence and correctness (n,) of the images in ``truths``, in its order."""
    rows = Prediction.objects.filter(run=run)
    found = rows.values_list("image_id", "category__index", "confidence")
    stored = {image: (index, confidence) for image, index, confidence in found.iterator()}
    lacking = sum(image not in stored for image in truths)
    if lacking:
        raise EvaluationRefused(
            f"{run} (run {run.pk}) lacks {lacking} of {len(truths)} predictions. Run this again: "
            "it asks for them."
        )
    if labels is None:  # the models decide who is right, as in all other code
        right_ids = set(rows.right().values_list("image_id", flat=True))
        right = [image in right_ids for image in truths]
    else:
        right = [stored[image][0] in truth for image, truth in truths.items()]
    confidence = [stored[image][1] for image in truths]
    return np.array(confidence, dtype=np.float64), np.array(right, dtype=np.bool_)


def _row(
    run: PredictionRun,
    figures: Scores,
    right: NDArray[np.bool_],
    baselines: Sequence[NDArray[np.bool_]],
) -> Row:
    notes = {}
    if math.isnan(figures.auroc):
        kind = "right" if figures.n_right else "wrong"
        notes["auroc"] = f"all {figures.n} predictions are {kind}: there are no pairs to compare"
    is_compared = bool(baselines) and run.classifier != BASELINE
    if not is_compared:
        label = CLASSIFIERS[BASELINE].label
        is_same = run.classifier == BASELINE
        notes["change"] = "the others are compared with it" if is_same else f"no {label} here"
    return Row(run, figures, change(right, baselines[0]) if is_compared else None, notes)
