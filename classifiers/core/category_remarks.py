"""Remarks on problems of a dataset's categories, before a study uses them. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

MAX_LISTED: Final = 5
N_VOTERS: Final = 20
"""Photos that vote by default, as published."""

# Words that CSV readers interpret as a missing value.
MISSING_WORDS: Final = frozenset(
    {"na", "n/a", "nan", "none", "null", "#n/a", "<na>", "-nan", "nil"}
)


@dataclass(frozen=True, slots=True)
class Counted:
    """A category with its photos by split."""

    name: str
    label: str
    n_gallery: int
    n_queries: int


@dataclass(frozen=True, slots=True)
class Remark:
    """A problem of categories. If it ``is_blocking``, a study of them makes no sense."""

    about: str
    said: str
    is_blocking: bool = False


def folded(text: str) -> str:
    """Return a text as people see it: without differences in case, spaces or hidden characters."""
    composed = unicodedata.normalize("NFKC", text).casefold()
    seen = "".join(item for item in composed if unicodedata.category(item) != "Cf")
    return " ".join(unicodedata.normalize("NFKC", seen).split())


def category_remarks(categories: Sequence[Counted], n_voters: int = N_VOTERS) -> list[Remark]:
    """Return the problems of the categories, the worst first."""
    return [
        *_same_labels(categories),
        *_similar_names(categories),
        *_only_queries(categories),
        *_few_photos(categories, n_voters),
        *_missing_words(categories),
    ]


def _same_labels(categories: Sequence[Counted]) -> Iterator[Remark]:
    for those in _groups(categories, "label"):
        labels = _listed([repr(item.label) for item in those])
        yield Remark(
            _listed([item.name for item in those]),
            f"people read the same label ({labels}), so that they would be told “this is a "
            f"{those[0].label.strip()}, not a {those[1].label.strip()}”. Give each category its "
            "own label in categories.csv and import again, or put them into one category",
            is_blocking=True,
        )


def _similar_names(categories: Sequence[Counted]) -> Iterator[Remark]:
    for those in _groups(categories, "name"):
        yield Remark(
            _listed([item.name for item in those]),
            "the folders' names differ by case, blanks or the form of letters alone. If they are "
            "one category, put their photos into one folder and import under another name",
        )


def _groups(categories: Sequence[Counted], field: str) -> list[list[Counted]]:
    """Return groups of categories whose labels or names look the same to people."""
    groups: dict[str, list[Counted]] = {}
    for category in categories:
        groups.setdefault(folded(getattr(category, field)), []).append(category)
    return [those for those in groups.values() if len(those) > 1]


def _only_queries(categories: Sequence[Counted]) -> Iterator[Remark]:
    names = [
        category.name for category in categories if category.n_queries and not category.n_gallery
    ]
    if names:
        yield Remark(
            _listed(names),
            f"{len(names)} of {len(categories)} categories have photos to judge and none in the "
            "gallery, so that the AI can only be wrong about them. Add gallery photos, or leave "
            "these photos out",
        )


def _few_photos(categories: Sequence[Counted], n_voters: int) -> Iterator[Remark]:
    counts = [category.n_gallery for category in categories if category.n_gallery]
    n_all = sum(counts)
    if not n_all:
        return
    if n_all < n_voters:
        yield Remark(
            "the AI's memory (the gallery)",
            f"it has {n_all} photos, and {n_voters} vote on each answer, so that every photo gets "
            "the same answer: the largest category. Import more photos. Only the command predict "
            "can let fewer vote: n_voters=10",
        )
        return
    least = min(n_voters, median(counts)) / 4
    few = [
        f"{category.name} ({category.n_gallery})"
        for category in categories
        if 0 < category.n_gallery < least
    ]
    if few:
        yield Remark(
            _listed(few),
            f"so few gallery photos can hardly win a vote of {n_voters}: the AI will nearly always "
            "name another category. Add photos of them, or leave these categories out",
        )


def _missing_words(categories: Sequence[Counted]) -> Iterator[Remark]:
    names = [
        category.name
        for category in categories
        if {folded(category.name), folded(category.label)} & MISSING_WORDS
    ]
    if names:
        yield Remark(
            _listed(names),
            "many programs read this word in a table as a missing value. Choose another name and "
            "label, or read the exported tables with keep_default_na=False (pandas)",
        )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_LISTED:,} more" if len(names) > MAX_LISTED else ""
    return ", ".join(names[:MAX_LISTED]) + more
