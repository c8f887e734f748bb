"""Which photos are deferred to people: those of which the AI is less sure than a threshold."""

from __future__ import annotations

from math import nan

import pytest

from trials.study.deferral import CannotDefer, is_deferred, threshold_of
from trials.study.plan_parts import DeferPlan


def test_without_deferral_people_judge_all_photos() -> None:
    assert threshold_of([0.9, 0.5], DeferPlan(0, 0, True)) is None
    assert is_deferred(0.9, None)


@pytest.mark.parametrize(("share", "n_deferred"), [(0.2, 1), (0.4, 2), (0.6, 4)])
def test_a_share_defers_the_least_sure_and_equal_photos_alike(
    share: float, n_deferred: int
) -> None:
    confidences = [0.9, 0.5, 0.7, 0.6, 0.7]
    threshold = threshold_of(confidences, DeferPlan(0, share, True))
    deferred = sorted(each for each in confidences if is_deferred(each, threshold))
    assert len(deferred) >= share * len(confidences)
    assert deferred == sorted(confidences)[:n_deferred]


def test_a_share_needs_a_confidence_of_every_photo() -> None:
    with pytest.raises(CannotDefer, match="1 of 3 predictions state no confidence; expected one f"):
        threshold_of([0.9, nan, 0.8], DeferPlan(0, 0.5, True))
