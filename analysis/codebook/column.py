"""One column of an exported file, as the codebook declares it. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``type`` is string, integer, number, boolean or datetime.

    ``meaning`` defines the column, its zero point if it has one, and when a cell is empty; only a
    column that ``is_nullable`` has empty cells. ``levels`` are the values of a categorical column
    whose values the platform fixes; ``minimum`` and ``maximum`` bound a number.
    """

    name: str
    type: str
    unit: str
    meaning: str
    levels: tuple[str, ...] = ()
    is_nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None

    @property
    def description(self) -> str:
        """Return the meaning with its levels, in words."""
        return f"{self.meaning} One of: {', '.join(self.levels)}." if self.levels else self.meaning


Columns = tuple[Column, ...]
