"""What a design within people needs, against what is really drawn."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import make_plan
from tests.trials.within import AIDED, KNN, UNAIDED
from trials.study.design_needs import design_words, needs_of
from trials.study.layout import n_training_sets
from trials.study.sets import Candidate, draw_sets


def plan_of(*conditions: dict[str, Any], **design: Any) -> Any:
    listed = list(conditions) or [UNAIDED, AIDED]
    return make_plan(conditions=listed, design={"kind": "within", **design}, n_training=4)


@pytest.mark.parametrize("training", ["once", "each"])
def test_the_photos_named_are_those_that_are_drawn(training: str) -> None:
    plan = plan_of(UNAIDED, AIDED, KNN, training=training)
    pool = [Candidate(n, n % 2 == 0) for n in range(200)]
    for name, n in needs_of(plan).photos.items():
        drawn = list(draw_sets(plan, pool, None, n_training_sets(plan, name)).all_items)
        assert len(set(drawn)) == len(drawn) == n


def test_the_checklist_says_how_many_people_fill_the_orders_alike() -> None:
    said, doubts = design_words(plan_of({**UNAIDED, "quota": 7}, {**AIDED, "quota": 7}))
    assert "2 conditions in 2 blocks: 12 photos in the test, and 4 of training" in said
    assert "with a multiple of 4, each set" in said
    assert doubts == ["7 people do not fill 2 orders alike. Ask for 6 or 8."]


@pytest.mark.parametrize(
    ("design", "doubt"),
    [({"order": "fixed"}, "the same order"), ({"photos": "same"}, "may remember")],
)
def test_what_speaks_against_a_design_is_said(design: dict[str, Any], doubt: str) -> None:
    doubts = design_words(plan_of(**design))[1]
    assert [doubt in each for each in doubts] == [True]
    assert "Each person's order is drawn" in design_words(plan_of(order="random"))[0]
