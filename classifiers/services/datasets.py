"""Import a folder of labelled photos. The same bytes are stored once; an import can be repeated.

This module checks and writes the dataset as a whole; ``import_run.py`` handles each file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction

from classifiers.core.inputs.ahead import in_order
from classifiers.core.inputs.reading import DEEPEST, LEAST_WHITE
from classifiers.files import file_sha256
from classifiers.models import Category, Dataset, Image
from classifiers.services.dataset_locks import HeldSamples, holds_of
from classifiers.services.folders import (
    CATEGORIES_FILE,
    DatasetRefused,
    FolderScan,
    Naming,
    Refusal,
    default_label,
    folder_scan,
)
from classifiers.services.import_run import (
    N_THREADS,
    ImportReport,
    ImportRun,
    OnProgress,
    StoredImage,
)

__all__ = ["DatasetRefused", "ImportReport", "Refusal", "dataset_import", "name_check"]

# Addresses next to those of datasets, ``studio/datasets/<slug>/``.
RESERVED_NAMES = ("imports", "new")


def dataset_import(
    *,
    slug: str,
    root: str | os.PathLike[str],
    query_share: float | None = None,
    split_seed: int | None = None,
    grey_white: int | None = None,
    on_progress: OnProgress | None = None,
) -> ImportReport:
    """Import ``ROOT/<split>/<category>/<file>`` into the dataset ``slug``, or continue to.

    Idempotent: files that are imported already (same path, same bytes) do not change, except that a
    missing crop is written again. A file that cannot be used is refused by name, and the others are
    imported. Of files with equal bytes, the first one in sorted order is imported.

    With ``query_share`` and ``split_seed`` the folder's split is ignored: each image is drawn
    by its own bytes (``is_query``). Both are stored and have to be repeated ever after.

    ``grey_white`` is the value of 16-bit grey that becomes white (65535 if none is given, or what
    the dataset has): 4095 for cameras of 12 bits. It holds for all photos of the dataset, for good.

    A later import may name another ``root`` if it is the same folder at a new place: every
    image imported so far must lie there at the same path with the same bytes. The dataset
    then points to the new root.

    Of a dataset that something holds (``holds.py``), a label or definition that changes is refused
    as a whole, a photo that would change which ones present a category by name.

    Raises ``DatasetRefused`` where the folder, or its fit to the stored dataset, is wrong.
    """
    _check_draw(query_share, split_seed)
    scan = folder_scan(root)
    stored = Dataset.objects.filter(slug=slug).first()
    wanted = Dataset(
        slug=slug,
        root=str(scan.root),
        query_share=query_share,
        split_seed=split_seed,
        grey_white=_white(stored, grey_white),
    )
    _check_fields(wanted)
    name_check(slug)
    known = _stored_images(slug)
    _check_fits(stored, wanted, scan, known)
    with transaction.atomic():
        dataset, _ = Dataset.objects.update_or_create(
            slug=slug,
            defaults={
                "root": wanted.root,
                "query_share": query_share,
                "split_seed": split_seed,
                "grey_white": wanted.grey_white,
            },
        )
        categories = _categories_sync(dataset, scan)
        held = HeldSamples(dataset)
    run = ImportRun(dataset, categories, scan, known, held)
    return run.run(on_progress or (lambda *_: None))


def name_check(slug: str) -> None:
    """Refuse a name of a new dataset that is the address of another page."""
    if slug in RESERVED_NAMES and not Dataset.objects.filter(slug=slug).exists():
        raise DatasetRefused(
            f"{slug!r} is the address of another page ({', '.join(RESERVED_NAMES)} are). "
            "Choose another name for the photos."
        )


def _white(stored: Dataset | None, given: int | None) -> int:
    if given is not None and not LEAST_WHITE <= given <= DEEPEST:
        raise DatasetRefused(
            f"grey_white is {given}. Expected {LEAST_WHITE} to {DEEPEST}: the value of 16-bit grey "
            "photos that becomes white, 4095 for 12 bits."
        )
    if given is None:
        return stored.grey_white if stored else DEEPEST
    return given


def _check_draw(query_share: float | None, split_seed: int | None) -> None:
    """Refuse a share or a seed alone, and a share that leaves a split empty."""
    if (query_share is None) != (split_seed is None):
        raise DatasetRefused(
            f"query_share is {query_share} and split_seed is {split_seed}. "
            "Expected both (queries are drawn) or none (folders decide)."
        )
    if query_share is not None and not 0 < query_share < 1:
        raise DatasetRefused(f"query_share is {query_share}. Expected a share between 0 and 1.")


def _check_fields(wanted: Dataset) -> None:
    try:
        wanted.clean_fields()
    except ValidationError as error:
        problems = [f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items()]
        raise DatasetRefused(f"Dataset {wanted.slug!r}: {'; '.join(problems)}") from error


def _stored_images(slug: str) -> list[StoredImage]:
    rows = Image.objects.filter(dataset__slug=slug).values_list(
        "source", "split", "category__name", "sha256", "token", "pixels_sha256"
    )
    return [StoredImage(*row) for row in rows]


def _check_fits(
    stored: Dataset | None, wanted: Dataset, scan: FolderScan, known: Sequence[StoredImage]
) -> None:
    """Refuse another draw, white or root than before; a dataset without images accepts all."""
    if stored is None or not known:
        return
    if _draw_words(stored) != _draw_words(wanted):
        raise DatasetRefused(
            f"Dataset {stored.slug!r} was imported with {_draw_words(stored)}; "
            f"now {_draw_words(wanted)}. Images never change their split: "
            "repeat the first choice, or import under another name."
        )
    if stored.grey_white != wanted.grey_white:
        raise DatasetRefused(
            f"Dataset {stored.slug!r} was imported with {stored.grey_white} as white; now "
            f"{wanted.grey_white}. All photos of one dataset are read in the same way: repeat the "
            "first choice, or import under another name."
        )
    if stored.root == wanted.root:
        return
    check = partial(_is_below, scan.root)
    is_there = in_order(check, known, n_threads=N_THREADS, n_ahead=len(known))
    pairs = zip(known, is_there, strict=True)
    lost = sorted(each.source for each, is_same in pairs if not is_same)
    if lost:
        raise DatasetRefused(
            f"Dataset {stored.slug!r} was imported from {stored.root}. {scan.root} is not the "
            f"same folder moved: {len(lost)} of {len(known)} images are missing or differ there, "
            f"first {lost[0]}. Give the first root, or import under another name."
        )


def _draw_words(dataset: Dataset) -> str:
    if dataset.query_share is None:
        return "the folders' own splits"
    return f"query_share={dataset.query_share}, split_seed={dataset.split_seed}"


def _is_below(root: Path, image: StoredImage) -> bool:
    path = root / image.source
    return path.is_file() and file_sha256(path) == image.sha256


def _categories_sync(dataset: Dataset, scan: FolderScan) -> dict[str, Category]:
    """Make the categories mirror the folders, ranked by name; return them by name.

    The rank is the class index of classifiers, so ranks are final once a gallery exists.
    """
    Dataset.objects.select_for_update().get(
        pk=dataset.pk
    )  # two imports at once wait here for each other
    galleries = [gallery.backbone for gallery in dataset.galleries.all()]
    if not galleries:
        dataset.categories.filter(images=None).exclude(name__in=scan.categories).delete()
    stored = {item.name: item for item in dataset.categories.all()}
    new = sorted(scan.categories - stored.keys())
    if new and galleries:
        raise DatasetRefused(
            f"{len(new)} new category folders in {scan.root} (first: {new[0]!r}), but dataset "
            f"{dataset.slug!r} has a gallery ({', '.join(galleries)}). A new category would "
            "renumber the classes under it. Move the new folders away, or import everything "
            "under another name."
        )
    _check_words(dataset, stored, scan)
    for name in new:
        stored[name] = Category(dataset=dataset, name=name, label=default_label(name), index=0)
    for index, name in enumerate(sorted(stored)):
        category = stored[name]
        naming = scan.namings.get(name, Naming(category.label, category.definition))
        category.index, category.label, category.definition = index, naming.label, naming.definition
    Category.objects.bulk_create([stored[name] for name in new])
    Category.objects.bulk_update(stored.values(), ["index", "label", "definition"])
    return stored


def _check_words(dataset: Dataset, stored: Mapping[str, Category], scan: FolderScan) -> None:
    """Refuse to change words of a category that a frozen study shows."""
    other = [
        name
        for name, naming in sorted(scan.namings.items())
        if name in stored
        and (stored[name].label, stored[name].definition) != (naming.label, naming.definition)
    ]
    holders = [item.holder for item in holds_of(dataset)] if other else []
    if holders:
        was, now = stored[other[0]], scan.namings[other[0]]
        raise DatasetRefused(
            f"{CATEGORIES_FILE} has other words for {len(other)} categories, first {other[0]!r}: "
            f"{was.label!r} ({was.definition!r}) so far, {now.label!r} ({now.definition!r}) now. "
            f"People read them in {', '.join(holders)}, which is frozen. Restore the words, or "
            "import under another name."
        )
