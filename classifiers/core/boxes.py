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
    """One rectangle marked on a picture, in units of cells; a pair's boxes share their ``number``.

    Boxes of one place are nested, and their badges are in different corners, so that every
    colour and number is visible.
    """

    number: int
    x: float
    y: float
    width: float
    height: float
    badge_x: float
    badge_y: float


def boxes(cells: Sequence[int]) -> tuple[Box, ...]:
    """Place one numbered box for each cell index (row-major in the 7x7 grid)."""
    return _placed([(float(cell % GRID), float(cell // GRID), 1.0, 1.0) for cell in cells])


def boxes_of_parts(parts: Sequence[Sequence[float]]) -> tuple[Box, ...]:
    """Place one numbered box for each rectangle: left, top, width, height in fractions (0 to 1)."""
    return _placed([tuple(round(GRID * side, 4) for side in part) for part in parts])


def part_of(cell: int) -> tuple[float, float, float, float]:
    """Return a cell of the 7x7 grid as a rectangle in fractions of the crop."""
    row, column = divmod(cell, GRID)
    return column / GRID, row / GRID, 1 / GRID, 1 / GRID


def _placed(parts: Sequence[tuple[float, ...]]) -> tuple[Box, ...]:
    found = []
    for position, part in enumerate(parts):
        left, top, width, height = part
        n_before = parts[:position].count(part)
        inset = MARGIN + min(INSET_STEP, 0.36 / parts.count(part)) * n_before
        inset *= min(width, height)
        badge_x, badge_y = BADGES[n_before % len(BADGES)]
        found.append(
            Box(
                number=position + 1,
                x=round(left + inset, 2),
                y=round(top + inset, 2),
                width=round(width - 2 * inset, 2),
                height=round(height - 2 * inset, 2),
                badge_x=_at(left, width, badge_x),
                badge_y=_at(top, height, badge_y),
            )
        )
    return tuple(found)


def _at(start: float, length: float, share: float) -> float:
    """Return the place of a badge along one side: as far from the corner as in a single cell."""
    if length <= 1 or share == BADGES[-1][0]:
        return start + share * length
    return start + share if share < BADGES[-1][0] else start + length - (1 - share)
