"""The boxes of matched patches: cells of the 7x7 map as numbered squares on the crop.

Standard library only: web pages and figures place their boxes by the same rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from classifiers.decision import GRID

# In units of cells. The badge of the first box in a cell is at the top left, that of the second at
# the bottom right, and so on.
MARGIN: Final = 0.08
INSET_STEP: Final = 0.1
BADGES: Final = ((0.26, 0.26), (0.74, 0.74), (0.74, 0.26), (0.26, 0.74), (0.5, 0.5))


@dataclass(frozen=True, slots=True)
class Box:
    """One cell marked on a picture, in units of cells; a pair's boxes have the same ``number``.

    Boxes that share a cell are nested, and their badges are in different corners, so that every
    colour and number is visible.
    """

    number: int
    x: float
    y: float
    size: float
    badge_x: float
    badge_y: float


def boxes(cells: Sequence[int]) -> tuple[Box, ...]:
    """Place one numbered box for each cell index (row-major in the 7x7 grid)."""
    cells = list(cells)
    placed = []
    for position, cell in enumerate(cells):
        n_before = cells[:position].count(cell)
        inset = MARGIN + min(INSET_STEP, 0.36 / cells.count(cell)) * n_before
        row, column = divmod(cell, GRID)
        badge_x, badge_y = BADGES[n_before % len(BADGES)]
        placed.append(
            Box(
                number=position + 1,
                x=round(column + inset, 2),
                y=round(row + inset, 2),
                size=round(1 - 2 * inset, 2),
                badge_x=column + badge_x,
                badge_y=row + badge_y,
            )
        )
    return tuple(placed)
