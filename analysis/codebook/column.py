"""One column of an exported file, as the codebook declares it. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``type`` is string, integer, number, boolean or datetime.

    ``meaning`` says the zero point where there is one, and when the cell is empty; a cell is
    never empty unless ``is_nullable``. ``levels`` are the values that a categorical column can
    take, if the platform fixes them; ``minimum`` and ``maximum`` bound a number.
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
        """The meaning with its levels, in words."""
        return f"{self.meaning} One of: {', '.join(self.levels)}." if self.levels else self.meaning


Columns = tuple[Column, ...]
