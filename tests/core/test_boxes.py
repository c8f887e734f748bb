"""Where a matched cell is drawn."""

import pytest

from classifiers.core.boxes import boxes
from classifiers.decision import GRID


def test_a_cell_becomes_the_square_at_its_row_and_column() -> None:
    for cell in range(GRID * GRID):
        (box,) = boxes([cell])
        centre = (box.x + box.size / 2, box.y + box.size / 2)
        assert centre == pytest.approx((cell % GRID + 0.5, cell // GRID + 0.5))


def test_boxes_of_one_cell_are_nested_with_badges_apart() -> None:
    nested = boxes([9, 9, 9, 9, 9])
    assert [box.number for box in nested] == [1, 2, 3, 4, 5]
    assert len({box.size for box in nested}) == 5
    assert len({(box.badge_x, box.badge_y) for box in nested}) == 5
    assert nested[-1].size > 0.2
