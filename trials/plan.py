"""The study document: what a study is, as data. Checked, then hashed.

The document of a study is stored as JSON; ``StudyPlan`` is its checked form in Python.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any

from classifiers.core.catalogue import CLASSIFIERS, N_EXEMPLARS


class PlanRefused(ValueError):
    """A study document with something wrong in it: where, what was seen, what was expected."""

    def __init__(self, path: str, seen: object, expected: str) -> None:
        super().__init__(f"{path}: found {seen!r}, expected {expected}.")


@dataclass(frozen=True, slots=True)
class View:
    """How an explanation is shown. Views differ by these facts, never by their name."""

    label: str
    has_exemplars: bool
    has_boxes: bool


VIEWS = {
    "none": View("No explanation", has_exemplars=False, has_boxes=False),
    "exemplars": View("Nearest examples", has_exemplars=True, has_boxes=False),
    "correspondences": View("Examples with matched patches", has_exemplars=True, has_boxes=True),
}


@dataclass(frozen=True, slots=True)
class ConditionPlan:
    """One arm: whose predictions are judged, and how they are explained."""

    name: str
    classifier: str
    view: str


# The conditions of the reference study (Nguyen, Taesiri & Nguyen, NeurIPS 2022) by its names.
CONDITIONS = (
    ConditionPlan("ResNet-50", "softmax", "none"),
    ConditionPlan("kNN", "knn", "exemplars"),
    ConditionPlan("EMD-NN", "emd-corr", "exemplars"),
    ConditionPlan("EMD-Corr", "emd-corr", "correspondences"),
    ConditionPlan("CHM-NN", "chm-corr", "exemplars"),
    ConditionPlan("CHM-Corr", "chm-corr", "correspondences"),
)


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """A study: its people's way, its conditions, its seeds.

    The defaults are the reference study's numbers. ``idle_minutes`` is how long a silent
    participant keeps the place in the condition; ``n_sets`` disjoint test sets are drawn for
    each AI, each half right and half wrong.
    """

    title: str
    seed: int
    conditions: tuple[ConditionPlan, ...] = CONDITIONS
    persona: str = "Sam"
    topic: str = ""
    minutes: int = 15
    contact: str = ""
    n_training: int = 5
    n_validation: int = 10
    pass_mark: int = 8
    n_test: int = 30
    n_sets: int = 20
    n_exemplars: int = N_EXEMPLARS
    idle_minutes: int = 60

    def __post_init__(self) -> None:
        _check(self)

    def to_json(self) -> dict[str, Any]:
        """Return the document as plain JSON values."""
        return json.loads(json.dumps(asdict(self)))  # type: ignore[no-any-return]

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> StudyPlan:
        """Check a document and return its plan; ``PlanRefused`` names what is wrong."""
        known = {each.name: each for each in fields(cls)}
        for name in document:
            if name not in known:
                raise PlanRefused(name, document[name], f"one of {', '.join(sorted(known))}")
        for name, each in known.items():
            if each.default is MISSING and name not in document:
                raise PlanRefused(name, None, "a value: the field is required")
        values = dict(document)
        if "conditions" in values:
            values["conditions"] = _conditions(values["conditions"])
        return cls(**values)

    @property
    def sha256(self) -> str:
        """The fingerprint of the document: the same document, the same hash."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def _conditions(rows: object) -> tuple[ConditionPlan, ...]:
    if not isinstance(rows, list | tuple) or not rows:
        raise PlanRefused("conditions", rows, "a list of at least one condition")
    names = [each.name for each in fields(ConditionPlan)]
    for position, row in enumerate(rows):
        if not isinstance(row, dict) or set(row) != set(names):
            raise PlanRefused(f"conditions[{position}]", row, f"exactly {', '.join(names)}")
    return tuple(ConditionPlan(**row) for row in rows)


_AT_LEAST = {
    "seed": 0, "minutes": 1, "n_training": 2, "n_validation": 2, "pass_mark": 0, "n_test": 2,
    "n_sets": 1, "n_exemplars": 1, "idle_minutes": 1,
}  # fmt: skip


def _check(plan: StudyPlan) -> None:
    _check_numbers_and_texts(plan)
    if plan.pass_mark > plan.n_validation:
        raise PlanRefused("pass_mark", plan.pass_mark, f"at most n_validation={plan.n_validation}")
    if plan.n_test % 2:
        raise PlanRefused("n_test", plan.n_test, "an even number: half AI-right, half AI-wrong")
    names = [each.name for each in plan.conditions]
    if len(set(names)) < len(names):
        raise PlanRefused("conditions", names, "names that are all different")
    for position, each in enumerate(plan.conditions):
        for field, value, known in (
            ("view", each.view, VIEWS),
            ("classifier", each.classifier, CLASSIFIERS),
        ):
            if value not in known:
                path = f"conditions[{position}].{field}"
                raise PlanRefused(path, value, f"one of {', '.join(known)}")
        _check_condition(f"conditions[{position}]", each)


def _check_condition(path: str, condition: ConditionPlan) -> None:
    """Refuse a view that promises what the classifier does not give."""
    if not 1 <= len(str(condition.name).strip()) <= 50:
        raise PlanRefused(f"{path}.name", condition.name, "a name of 1 to 50 characters")
    view, classifier = VIEWS[condition.view], CLASSIFIERS[condition.classifier]
    if view.has_exemplars and not classifier.votes:
        fitting = [name for name, each in CLASSIFIERS.items() if each.votes]
        expected = f"a classifier with examples for it ({', '.join(fitting)})"
        raise PlanRefused(f"{path}.view", condition.view, expected)
    if view.has_boxes and not classifier.has_matches:
        fitting = [name for name, each in CLASSIFIERS.items() if each.has_matches]
        expected = f"a classifier with patch matches for it ({', '.join(fitting)})"
        raise PlanRefused(f"{path}.view", condition.view, expected)


def _check_numbers_and_texts(plan: StudyPlan) -> None:
    for name in ("title", "persona"):
        if not isinstance(getattr(plan, name), str) or not getattr(plan, name).strip():
            raise PlanRefused(name, getattr(plan, name), "a text")
    for name, low in _AT_LEAST.items():
        value = getattr(plan, name)
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            raise PlanRefused(name, value, f"a whole number of at least {low}")
    for name in ("topic", "contact"):
        if not isinstance(getattr(plan, name), str):
            raise PlanRefused(name, getattr(plan, name), "a text, or an empty one")
    if plan.n_exemplars > N_EXEMPLARS:
        raise PlanRefused("n_exemplars", plan.n_exemplars, f"at most {N_EXEMPLARS}")
