"""The groups that people are assigned to: conditions, or orders of blocks within people. Pure."""

from __future__ import annotations

from trials.study.assignment import NOT_ASSIGNED
from trials.study.design import Step, script
from trials.study.layout import layout_of
from trials.study.orders import order_read, order_text, orders_of
from trials.study.plan import StudyPlan

# The one group of a study in which each person's order is drawn.
ANY_ORDER = "any order"


def order_words(plan: StudyPlan, sequence: str) -> str:
    """Return an order of blocks by its conditions: ``unaided, then EMD-Corr``."""
    blocks = (plan.blocks[number - 1] for number in order_read(sequence))
    return ", then ".join(" and ".join(names) for names in blocks)


def groups_of(plan: StudyPlan) -> list[str]:
    """Return the groups that people are assigned to, in order.

    Where people are assigned after the validation, the last group has those who are not yet.
    """
    if not plan.design.is_within:
        last = [] if plan.common is None else [NOT_ASSIGNED]
        return [*(condition.name for condition in plan.conditions), *last]
    orders = orders_of(plan.design.order, len(plan.blocks))
    return [order_words(plan, order_text(each)) for each in orders] or [ANY_ORDER]


def group_of(plan: StudyPlan, condition: str, sequence: str, *, is_assigned: bool = True) -> str:
    """Return the group of a person with a condition and an order of blocks (empty: none)."""
    if not sequence:
        return condition if is_assigned else NOT_ASSIGNED
    return ANY_ORDER if plan.design.order == "random" else order_words(plan, sequence)


class Scripts:
    """The scripts of a study's people, each made once."""

    def __init__(self, plan: StudyPlan) -> None:
        self.plan = plan
        self._made: dict[tuple[str, str, int], tuple[Step, ...]] = {}
        # Only then does a person's seed decide the places of screens.
        self._is_mixed = plan.has_changes and any(len(block) > 1 for block in plan.blocks)

    def of(self, condition: str, sequence: str, seed: int = 0) -> tuple[Step, ...]:
        """Return the script of a person, as ``Participant.script`` does."""
        key = ("" if sequence else condition, sequence, seed if sequence and self._is_mixed else 0)
        if key not in self._made:
            self._made[key] = self._of(condition, sequence, key[2])
        return self._made[key]

    def _of(self, condition: str, sequence: str, seed: int) -> tuple[Step, ...]:
        if not sequence:
            return script(self.plan.of(condition))
        return script(self.plan.laid(layout_of(self.plan, order_read(sequence), seed)))
