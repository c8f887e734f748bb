"""Locks on a dataset: what people are shown must not change.

Higher packages add a function to ``HOLDERS`` that returns the locks; an import calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from classifiers.models import Dataset, Image

ABOVE_ALL = "g"  # of the hexadecimal digits


@dataclass(frozen=True, slots=True)
class Hold:
    """A lock on labels, definitions and the first gallery photos of each category (by SHA-256).

    ``holder`` says in words who holds them, such as "study birds-1".
    """

    holder: str
    n_samples: int


HOLDERS: list[Callable[[Dataset], Iterable[Hold]]] = []


def holds_of(dataset: Dataset) -> list[Hold]:
    """Return the locks on a dataset; the one with the most photos is the last."""
    found = [hold for find in HOLDERS for hold in find(dataset)]
    return sorted(found, key=lambda each: each.n_samples)


class HeldSamples:
    """Refuses photos that would replace one of the shown photos of a category."""

    def __init__(self, dataset: Dataset) -> None:
        self.hold = next(reversed(holds_of(dataset)), Hold("", 0))
        self.shown: dict[str, list[str]] = {}
        if self.hold.n_samples:
            rows = dataset.images.filter(split=Image.GALLERY).order_by("sha256")
            for name, sha256 in rows.values_list("category__name", "sha256").iterator():
                shown = self.shown.setdefault(name, [])
                if len(shown) < self.hold.n_samples:
                    shown.append(sha256)

    def problem(self, category: str, split: str, sha256: str) -> str:
        """Say why a photo must not be added; empty if it may."""
        n = self.hold.n_samples
        if split != Image.GALLERY or not n:
            return ""
        shown = self.shown.get(category, [])
        last = shown[-1] if len(shown) == n else ABOVE_ALL
        if sha256 > last:
            return ""
        return (
            f"it would be among the {n} photos that present {category} in {self.hold.holder}, "
            "which is frozen: import it under another name"
        )
