"""Studies within people for tests."""

from __future__ import annotations

from typing import Any

from tests.factories import make_plan, make_study
from trials.models import Study

UNAIDED = {"name": "unaided", "classifier": "emd-corr", "view": "unaided"}
AIDED = {"name": "EMD-Corr", "classifier": "emd-corr", "view": "correspondences"}
KNN = {"name": "kNN", "classifier": "knn", "view": "exemplars"}


def within(*conditions: dict[str, Any], n_queries: int = 60, **changes: Any) -> Study:
    """Return an open study within people; the fields of ``design`` are taken from the changes."""
    fields = ("blocks", "order", "photos", "training")
    design = {name: changes.pop(name) for name in fields if name in changes}
    listed = list(conditions) or [UNAIDED, AIDED]
    plan = make_plan(conditions=listed, design={"kind": "within", **design}, **changes)
    return make_study(plan=plan, n_queries=n_queries)
