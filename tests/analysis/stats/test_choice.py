"""Choices among classes, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.stats.choice import Chosen, confusion, precision, recall, top1
from analysis.stats.mrmc import estimate_of

TRUTH, CHOICE = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 0, 1])
PLACE = np.arange(6)
SIX = Chosen(PLACE % 3, PLACE, 0 * PLACE, TRUTH, CHOICE, TRUTH == CHOICE, 4)


def test_accuracy_is_the_share_of_right_choices() -> None:
    assert estimate_of(top1(SIX)).value == pytest.approx(50)


def test_the_confusion_matrix_has_a_row_a_class() -> None:
    assert confusion(SIX).tolist() == [[2, 1, 0, 0], [1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize(("class_", "found"), [(0, 200 / 3), (1, 50), (2, 0)])
def test_recall_is_of_the_photos_of_a_class(class_: int, found: float) -> None:
    assert estimate_of(recall(SIX, class_)).value == pytest.approx(found)


@pytest.mark.parametrize(("class_", "found"), [(0, 200 / 3), (1, 100 / 3)])
def test_precision_is_of_the_choices_of_a_class(class_: int, found: float) -> None:
    assert estimate_of(precision(SIX, class_)).value == pytest.approx(found)


def test_a_class_without_photos_or_choices_says_so() -> None:
    assert estimate_of(recall(SIX, 3)).note == "no photo of this class was judged"
    assert estimate_of(precision(SIX, 3)).note == "nobody chose this class"
