"""Multi-label truth: which classes an image really shows. Standard library only.

Two formats: the list of ImageNet-ReaL (Beyer et al., "Are we done with ImageNet?", 2020), and an
object of file names for any other set.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from posixpath import basename
from typing import Any, Final

N_IMAGENET: Final = 1000
WNID: Final = re.compile(r"n\d{8}")
VALIDATION_FILE: Final = re.compile(r"ILSVRC2012_val_(\d{8})\.\w+")

Wnids = Callable[[], Sequence[str]]
Truth = frozenset[int] | None
"""The indices of the categories that are right; None: nobody labelled the image. Empty: it was
labelled with classes that the dataset lacks, so no answer is right."""


class LabelsRefused(ValueError):
    """The labels cannot be read, or do not fit the images; the message says why."""


def truths_read(
    labels: object, sources: Sequence[str], categories: Sequence[str], wnids: Wnids
) -> list[Truth]:
    """Return the truth of each image.

    ``labels`` is what a JSON file held. ``sources`` are the images' paths, ``categories`` the
    dataset's folder names, each at its index. ``wnids`` gives ImageNet's 1,000 WordNet ids in
    the order of their class indices; it is only asked where the dataset has fewer classes.

    A list (ImageNet-ReaL) holds, at place i, the class indices of the image
    ``ILSVRC2012_val_{i + 1:08d}.JPEG``. An object holds, under an image's path or file name, a
    list of folder names or indices of the dataset's categories. An empty list: not labelled.

    Raises
    ------
    LabelsRefused
        Another format, an image without an entry, or a class that does not exist.

    """
    if isinstance(labels, list):
        return _from_list(labels, sources, class_indices(categories, wnids))
    if isinstance(labels, Mapping):
        return _from_object(labels, sources, categories)
    raise LabelsRefused(
        f"The labels are a {type(labels).__name__}; expected a list of lists of class indices "
        "(ImageNet-ReaL), or an object of lists by file name."
    )


def _from_list(
    labels: Sequence[Any], sources: Sequence[str], to_index: Mapping[int, int]
) -> list[Truth]:
    numbers = [listed_number(source, len(labels)) for source in sources]
    lost = [source for source, number in zip(sources, numbers, strict=True) if not number]
    _refuse_lost(lost, listed_names(len(labels)))
    return [
        listed_truth(source, labels[number - 1], to_index)
        for source, number in zip(sources, numbers, strict=True)
    ]


def listed_names(n: int) -> str:
    """Say what the images of a list of ``n`` entries are named."""
    return f"expected ILSVRC2012_val_00000001.JPEG to ..._{n:08d}.JPEG"


def listed_number(source: str, n: int) -> int:
    """Return the number, from 1, of an image in a list of ``n`` entries; 0 if it is in none."""
    match = VALIDATION_FILE.fullmatch(basename(source))
    number = int(match[1]) if match else 0
    return number if number <= n else 0


def listed_truth(source: str, entry: Any, to_index: Mapping[int, int]) -> Truth:
    """Return the truth of an image with this entry in a list. Raises ``LabelsRefused``."""
    classes = _entry(source, entry)
    for item in classes:
        if not _is_index(item, N_IMAGENET):
            raise LabelsRefused(
                f"{source} has the label {item!r}; expected class indices from 0 to 999."
            )
    # Classes that the dataset lacks are left out, because no prediction can name them.
    kept = frozenset(to_index[item] for item in classes if item in to_index)
    return kept if classes else None


def class_indices(categories: Sequence[str], wnids: Wnids) -> dict[int, int]:
    """Return the category index of every ImageNet class index that the dataset has."""
    if len(categories) == N_IMAGENET:
        return {index: index for index in range(N_IMAGENET)}
    places = {name: index for index, name in enumerate(categories)}
    known = list(wnids()) if all(map(WNID.fullmatch, categories)) else []
    strangers = [name for name in categories if name not in known]
    if strangers:
        raise LabelsRefused(
            f"A list of labels holds ImageNet's class indices, and the dataset's "
            f"{len(categories)} categories include {strangers[0]!r}. Expected all 1,000 classes, "
            "or folders named by ImageNet's WordNet ids, such as n01440764. Give the labels of "
            "another set as an object: {file name: [folder name, ...]}."
        )
    return {number: places[wnid] for number, wnid in enumerate(known) if wnid in places}


def _from_object(
    labels: Mapping[str, Any], sources: Sequence[str], categories: Sequence[str]
) -> list[Truth]:
    entries = _by_name(labels, sources)
    _refuse_lost(
        [source for source in sources if source not in entries],
        "expected an entry under its path or file name (an empty list: not labelled)",
    )
    places = {name: index for index, name in enumerate(categories)}
    return [named_truth(source, entries[source], places) for source in sources]


def named_truth(source: str, entry: Any, places: Mapping[str, int]) -> Truth:
    """Return the truth of an image with this list of names or indices of categories.

    ``places`` gives the index of each name. Raises ``LabelsRefused``.
    """
    classes = _entry(source, entry)
    found = (_category(source, item, places) for item in classes)
    kept = frozenset(index for index in found if index is not None)
    return kept if classes else None


def _by_name(labels: Mapping[str, Any], sources: Sequence[str]) -> dict[str, Any]:
    """Return the images' entries: by path, or by file name where only one image has it."""
    n_named = Counter(map(basename, sources))
    entries: dict[str, Any] = {}
    for source in sources:
        name = basename(source)
        if source in labels:
            entries[source] = labels[source]
        elif name in labels and n_named[name] > 1:
            raise LabelsRefused(
                f"{n_named[name]} images are named {name}; expected their paths, such as "
                f"{source!r}, in the labels."
            )
        elif name in labels:
            entries[source] = labels[name]
    return entries


def _category(source: str, label: Any, places: Mapping[str, int]) -> int | None:
    """Return the index that a label means; None: a WordNet id that the dataset lacks."""
    if isinstance(label, str) and label in places:
        return places[label]
    if isinstance(label, str) and WNID.fullmatch(label):
        return None
    if _is_index(label, len(places)):
        return int(label)
    raise LabelsRefused(
        f"{source} has the label {label!r}; expected a category's folder name or its index from "
        f"0 to {len(places) - 1}. Folder names: {', '.join(list(places)[:5])}, ..."
    )


def _entry(source: str, entry: Any) -> list[Any]:
    if not isinstance(entry, list):
        raise LabelsRefused(f"{source} has the labels {entry!r}; expected a list.")
    return entry


def _is_index(label: Any, n: int) -> bool:
    return isinstance(label, int) and not isinstance(label, bool) and 0 <= label < n


def _refuse_lost(lost: Sequence[str], expected: str) -> None:
    if lost:
        raise LabelsRefused(
            f"{len(lost)} images are not in the labels, first {lost[0]}; {expected}."
        )
