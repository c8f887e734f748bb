"""Where a matched cell is drawn."""

import random

import pytest

from classifiers.core.boxes import BADGE_RADIUS, badges_outside, boxes, boxes_of_parts, part_of
from classifiers.decision import GRID


def test_a_cell_becomes_the_square_at_its_row_and_column() -> None:
    for cell in range(GRID * GRID):
        (box,) = boxes([cell])
        centre = (box.x + box.width / 2, box.y + box.height / 2)
        assert centre == pytest.approx((cell % GRID + 0.5, cell // GRID + 0.5))


def test_boxes_of_one_cell_are_nested_with_badges_apart() -> None:
    nested = boxes([9, 9, 9, 9, 9])
    assert [box.number for box in nested] == [1, 2, 3, 4, 5]
    assert len({box.width for box in nested}) == 5
    assert len({(box.badge_x, box.badge_y) for box in nested}) == 5
    assert nested[-1].height > 0.2


def test_a_cells_part_in_fractions_is_placed_like_the_cell() -> None:
    cells = [*range(GRID * GRID), 9, 9, 9, 9]
    assert boxes_of_parts([part_of(cell) for cell in cells]) == boxes(cells)


def test_a_large_part_has_its_badge_in_its_corner_and_a_small_one_inside() -> None:
    large, small = boxes_of_parts([(0, 0, 1, 0.5), (0.5, 0.5, 0.02, 0.02)])
    assert (large.badge_x, large.badge_y) == (0.26, 0.26)
    assert (large.width, large.height) == pytest.approx((6.44, 2.94))
    assert 3.5 < small.badge_x < 3.64


def test_a_badge_outside_hides_nothing_of_its_part_and_stays_in_the_picture() -> None:
    rng = random.Random(1)
    for cells in [[9] * 5, *(rng.choices(range(GRID * GRID), k=5) for _ in range(50))]:
        placed = badges_outside(boxes(cells))
        for box in placed:
            assert min(box.badge_x, box.badge_y) >= BADGE_RADIUS
            assert max(box.badge_x, box.badge_y) <= GRID - BADGE_RADIUS
            assert not (
                box.x < box.badge_x < box.x + box.width and box.y < box.badge_y < box.y + box.height
            )
        assert len({(box.badge_x, box.badge_y) for box in placed}) == 5
