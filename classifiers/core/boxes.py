"""The boxes of matched patches: cells of the 7x7 map as numbered squares on the crop.

Standard library only: web pages and figures place their boxes by the same rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import hypot
from typing import Final

from classifiers.decision import GRID

# In units of cells. The badge of the first box in a cell is at the top left, that of the second at
# the bottom right, and so on.
MARGIN: Final = 0.08
INSET_STEP: Final = 0.1
BADGES: Final = ((0.26, 0.26), (0.74, 0.74), (0.74, 0.26), (0.26, 0.74), (0.5, 0.5))

# Of a badge beside its box.
BADGE_RADIUS: Final = 0.24


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


def badges_outside(placed: Sequence[Box], radius: float = BADGE_RADIUS) -> tuple[Box, ...]:
    """Return the boxes with each badge beside its box, so that it hides nothing of the part.

    Of twelve places around a box, the first one in the picture that touches neither another box nor
    an earlier badge is used. If there is none, it is the place that touches the fewest.
    """
    found: list[Box] = []
    for box in placed:
        places = [each for each in _around(box, radius) if _is_inside(each, radius)]
        here = min(places, key=lambda place: _n_touched(place, placed, found, radius))
        found.append(replace(box, badge_x=round(here[0], 2), badge_y=round(here[1], 2)))
    return tuple(found)


def _around(box: Box, radius: float) -> list[tuple[float, float]]:
    """Return the places of a badge around a box: beside it, then above and below, then corners."""
    left, right = box.x - radius, box.x + box.width + radius
    top, bottom = box.y - radius, box.y + box.height + radius
    high, low = box.y + radius, box.y + box.height - radius
    near, far = box.x + radius, box.x + box.width - radius
    beside = [(left, high), (right, high), (left, low), (right, low)]
    above = [(near, top), (far, top), (near, bottom), (far, bottom)]
    return [*beside, *above, (left, top), (right, top), (left, bottom), (right, bottom)]


def _is_inside(place: tuple[float, float], radius: float) -> bool:
    return all(radius <= each <= GRID - radius for each in place)


def _n_touched(
    place: tuple[float, float], boxes: Sequence[Box], badges: Sequence[Box], radius: float
) -> int:
    x, y = place
    reach = 0.8 * radius
    n_boxes = sum(
        box.x - reach < x < box.x + box.width + reach
        and box.y - reach < y < box.y + box.height + reach
        for box in boxes
    )
    return n_boxes + sum(
        hypot(badge.badge_x - x, badge.badge_y - y) < 2 * radius for badge in badges
    )


def boxes_in_whole(found: Sequence[Box], share: float) -> tuple[Box, ...]:
    """Move boxes of the crop to the whole photo in a square, of which the crop is ``share``.

    Both squares have 7 units a side and one centre (``classifiers.core.whole``). A badge keeps its
    size, so in a small box it moves to the corner, where it hides less of the part.
    """
    start = GRID * (1 - share) / 2

    def badge(at: float, low: float, length: float) -> float:
        outwards = (1 - share) * BADGE_RADIUS * (-1 if at < low + length / 2 else 1)
        return round(start + share * at + (outwards if at != low + length / 2 else 0), 3)

    return tuple(
        replace(
            box,
            x=round(start + share * box.x, 3),
            y=round(start + share * box.y, 3),
            width=round(share * box.width, 3),
            height=round(share * box.height, 3),
            badge_x=badge(box.badge_x, box.x, box.width),
            badge_y=badge(box.badge_y, box.y, box.height),
        )
        for box in found
    )


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
