"""Studies that assign people after the validation, for tests."""

from __future__ import annotations

from typing import Any

from tests.factories import make_plan
from tests.trials.within import AIDED, KNN, UNAIDED
from trials.study.plan import StudyPlan

LATE = {"assign": "after_validation"}
STAGES = [
    {"kind": "validation", "n": 2, "pass_mark": 2},
    {"kind": "training", "n": 2},
    {"kind": "test", "n": 2, "n_sets": 2},
]


def late_plan(**changes: Any) -> StudyPlan:
    """Return the plan of a short study; the training is after the assignment."""
    conditions = [UNAIDED, AIDED, KNN]
    return make_plan(**{"design": LATE, "stages": STAGES, "conditions": conditions} | changes)
