"""What a trial shows: words, percentages, boxes."""

from __future__ import annotations

import pytest

from classifiers.decision import GRID
from classifiers.models import Prediction
from trials.screens import article, boxes, percent


@pytest.mark.parametrize(("noun", "expected"), [("apple", "an"), ("Owl", "an"), ("cell", "a")])
def test_the_article_follows_the_first_letter(noun: str, expected: str) -> None:
    assert article(noun) == expected


@pytest.mark.parametrize(("votes", "expected"), [(20, 100), (17, 85), (11, 55), (7, 35), (1, 5)])
def test_votes_are_exact_percentages(votes: int, expected: int) -> None:
    assert percent(Prediction(confidence=votes / 20, n_votes=votes, n_voters=20)) == expected


@pytest.mark.parametrize(("confidence", "expected"), [(0.999, 99), (1.0, 100), (0.255, 25)])
def test_a_probability_is_truncated(confidence: float, expected: int) -> None:
    assert percent(Prediction(confidence=confidence)) == expected


def test_a_cell_becomes_the_square_at_its_row_and_column() -> None:
    for cell in range(GRID * GRID):
        (box,) = boxes([cell])
        centre = (box.x + box.size / 2, box.y + box.size / 2)
        assert centre == pytest.approx((cell % GRID + 0.5, cell // GRID + 0.5))


def test_boxes_of_one_cell_are_nested_with_badges_apart() -> None:
    nested = boxes([9, 9, 9, 9, 9])
    assert nested[-1].size > 0.2
    assert [box.number for box in nested] == [1, 2, 3, 4, 5]
    assert len({box.size for box in nested}) == 5
    assert len({(box.badge_x, box.badge_y) for box in nested}) == 5
    assert all(box.size > 0 for box in nested)
