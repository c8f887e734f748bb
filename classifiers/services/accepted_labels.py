"""Import the accepted labels of a dataset's images: all rows of a file, or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from classifiers.core.metrics.label_rows import RefusedRow, label_rows
from classifiers.core.metrics.labels import LabelsRefused
from classifiers.core.metrics.labels import Truth as Indices
from classifiers.models import AcceptedLabel, Category, Dataset, Image, Truth
from classifiers.services.dataset_locks import holds_of
from classifiers.services.evaluations import imagenet_classes

BATCH = 500


class RowsRefused(ValueError):
    """Rows of the file are wrong, so none was imported; ``refused`` lists them with reasons."""

    def __init__(self, refused: list[RefusedRow]) -> None:
        self.refused = tuple(refused)
        first = refused[0]
        super().__init__(
            f"{len(refused)} rows are refused, first {first.place}: {first.reason}. Nothing was "
            "imported: correct the file, then import it again."
        )


@dataclass(frozen=True, slots=True)
class LabelReport:
    """The counts of an import: the images that the file names, and those that changed.

    Of the named images: those without a label, and those with only labels that the dataset lacks
    (no answer is right).
    """

    n_named: int
    n_changed: int
    n_unlabelled: int
    n_unreachable: int


@transaction.atomic
def labels_import(*, dataset: Dataset, content: bytes, split: str = Image.QUERY) -> LabelReport:
    """Store which labels are right for the images of a split that a file names.

    The labels replace those that an image had; other images keep theirs. The same file again
    changes nothing. Raises ``LabelsRefused`` for a file of another format, and for a change to a
    dataset with a frozen study, whose numbers would change; ``RowsRefused`` for single rows.
    """
    dataset = Dataset.objects.select_for_update().get(pk=dataset.pk)
    images = {each.source: each for each in Image.objects.in_split(dataset, split)}
    categories = list(dataset.categories.order_by("index"))
    names = {each.name: each.label for each in categories}
    hashes = {source: each.sha256 for source, each in images.items()}
    rows = label_rows(content, hashes, names, imagenet_classes)
    if rows.refused:
        raise RowsRefused(rows.refused)
    if not rows.truths:
        raise LabelsRefused(f"The file names no image; expected some of {dataset}'s {split} split.")
    before = _stored(dataset, categories)
    truths = {images[source]: truth for source, truth in rows.truths.items()}
    changed = {
        image: truth
        for image, truth in truths.items()
        if (image.truth, before.get(image.pk, frozenset())) != _row_of(truth)
    }
    if changed:
        _hold_check(dataset, len(changed))
        _store(changed, categories)
    return LabelReport(
        n_named=len(truths),
        n_changed=len(changed),
        n_unlabelled=sum(truth is None for truth in truths.values()),
        n_unreachable=sum(truth == frozenset() for truth in truths.values()),
    )


def _row_of(truth: Indices) -> tuple[str, frozenset[int]]:
    return (Truth.NONE, frozenset()) if truth is None else (Truth.LABELS, truth)


def _stored(dataset: Dataset, categories: list[Category]) -> dict[int, frozenset[int]]:
    places = {each.pk: index for index, each in enumerate(categories)}
    found: dict[int, set[int]] = {}
    rows = AcceptedLabel.objects.filter(image__dataset=dataset).order_by()
    for image, category in rows.values_list("image_id", "category_id"):
        found.setdefault(image, set()).add(places[category])
    return {image: frozenset(indices) for image, indices in found.items()}


def _hold_check(dataset: Dataset, n_changed: int) -> None:
    """Refuse to change labels that frozen studies use."""
    holders = sorted({hold.holder for hold in holds_of(dataset)})
    if holders:
        raise LabelsRefused(
            f"The file changes which answers are right for {n_changed} images of {dataset}, and "
            f"{', '.join(holders)} is frozen with the current labels. Import the photos under "
            "another name, and these labels there."
        )


def _store(changed: Mapping[Image, Indices], categories: list[Category]) -> None:
    AcceptedLabel.objects.filter(image__in=changed).delete()
    for image, truth in changed.items():
        image.truth = _row_of(truth)[0]
    Image.objects.bulk_update(changed, ["truth"], batch_size=BATCH)
    AcceptedLabel.objects.bulk_create(
        (
            AcceptedLabel(image=image, category=categories[index])
            for image, truth in changed.items()
            for index in sorted(truth or ())
        ),
        batch_size=BATCH,
    )
