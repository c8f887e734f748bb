"""Assignment after the validation: the screens that everybody sees before it. Pure.

Until the assignment a person sees the screens of one condition, the *common* one. It shows no
explanation, or all conditions show the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from trials.study.layout import TEST, TRAINING, VALIDATION, Planned
from trials.study.plan_parts import ConditionPlan
from trials.study.registries import VIEWS, StagePlan

# What tables call the people who have no condition yet, or left before they got one.
NOT_ASSIGNED: Final = "not assigned"
LATE: Final = "after_validation"


class Assigning(Planned, Protocol):
    """The fields of a ``StudyPlan`` that the assignment depends on."""

    @property
    def stages(self) -> tuple[StagePlan, ...]: ...


def common_of(plan: Assigning) -> ConditionPlan | None:
    """Return the condition whose screens everybody sees before the assignment.

    None if people are assigned at consent, and if no condition can be shown to everybody.
    """
    if not plan.design.assigns_late or plan.validation is None:
        return None
    shown = {(each.pool, each.view_shown, str(each.panels)) for each in plan.conditions}
    if len(shown) == 1:
        return plan.conditions[0]
    return next((each for each in plan.conditions if not VIEWS[each.view_shown].panels), None)


def phases_before(plan: Assigning) -> frozenset[str]:
    """Return the phases that people go through before they are assigned; none at consent."""
    if common_of(plan) is None:
        return frozenset()
    kinds = [each.kind for each in plan.stages]
    return frozenset(kinds[: kinds.index(VALIDATION) + 1]) & {TRAINING, VALIDATION}


def assignment_problems(plan: Assigning) -> Iterator[tuple[str, object, str]]:
    """Yield what contradicts an assignment after the validation: field, seen, expected."""
    if plan.design.assign != LATE:
        return
    kinds = [each.kind for each in plan.stages]
    if plan.design.is_within:
        expected = "at_consent: with kind: within everybody goes through all conditions"
        yield "design.assign", LATE, expected
    elif VALIDATION not in kinds:
        yield "design.assign", LATE, "at_consent, or a validation among the stages"
    elif common_of(plan) is None:
        expected = (
            "at_consent, or a condition with the view none or unaided: what everybody sees in "
            "the validation must not be the explanation of one condition"
        )
        yield "design.assign", LATE, expected
    if (
        "walkthrough" in kinds
        and _is_later(kinds, TRAINING)
        and not _is_later(kinds, "walkthrough")
    ):
        yield "stages", kinds, "the walkthrough after the validation, as the training is"
    if NOT_ASSIGNED in (names := [each.name for each in plan.conditions]):
        yield f"conditions[{names.index(NOT_ASSIGNED)}].name", NOT_ASSIGNED, "another name"


def assignment_words(plan: Assigning) -> tuple[str, str]:
    """Return how people are assigned, in words, and what speaks against it; or an empty text."""
    common = common_of(plan)
    assert common is not None  # noqa: S101 - asked for where people are assigned late
    said = (
        "People who pass the validation are assigned to a condition. Until then everybody sees the "
        f"screens of {common.name}."
    )
    kinds = [each.kind for each in plan.stages]
    between = kinds[kinds.index(VALIDATION) : kinds.index(TEST)]
    panels = VIEWS[common.view_shown].panels
    is_new = any(VIEWS[each.view_shown].panels != panels for each in plan.conditions)
    if not is_new or {"page", TRAINING} & set(between):
        return said, ""
    return said, (
        "Nothing between the validation and the test introduces the conditions' explanations. Put "
        "the training there, or a page about them."
    )


def _is_later(kinds: Sequence[str], kind: str) -> bool:
    """Whether the first stage of a kind is after the validation."""
    return VALIDATION in kinds and kind in kinds[kinds.index(VALIDATION) :]
