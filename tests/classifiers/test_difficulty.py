"""One rule of difficulty, for the draw and for the analysis, against the definition in words."""

import math

import numpy as np
import pytest

from analysis.stats.confidence import PERCENT, difficulty
from classifiers.difficulty import difficulty_of, whole_percent
from trials.services.freezing import _stratum


@pytest.mark.parametrize("percent", [0, 29, 34, 35, 57, 74, 75, 100])
def test_the_draw_and_the_analysis_call_a_confidence_the_same(percent: int) -> None:
    share = percent / 100  # 0.35 and 0.29 are stored as slightly less
    assert whole_percent(share) == percent == PERCENT.units([share])[0]
    words = "sure" if percent >= 75 else "unsure" if percent < 35 else "medium"
    if_right = {"sure": "Easy", "medium": "Medium", "unsure": "Hard"}[words]
    if_wrong = {"sure": "Hard", "medium": "Medium", "unsure": "Easy"}[words]
    assert [difficulty_of(percent, True), difficulty_of(percent, False)] == [if_right, if_wrong]
    assert [_stratum(share, True), _stratum(share, False)] == [if_right, if_wrong]
    units = np.array([percent, percent])
    assert difficulty(units, PERCENT, np.array([True, False])).tolist() == [if_right, if_wrong]


def test_a_photo_without_a_confidence_has_no_difficulty() -> None:
    assert _stratum(math.nan, True) == ""
