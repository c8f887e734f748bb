"""How many photos and people a design within people needs, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import lcm

from trials.study.layout import layout_of, n_training_sets, pools
from trials.study.orders import orders_of, orders_shown
from trials.study.plan import StudyPlan
from trials.study.sets import needed


@dataclass(frozen=True, slots=True)
class Needs:
    """The numbers of a study within people.

    ``photos`` are those that each AI's sets take. ``n_orders`` are the orders that people are
    spread over, 0 where they are drawn. A multiple of ``n_even`` people fills all orders alike, and
    a multiple of ``n_full`` also uses each set in each condition equally often.
    """

    n_conditions: int
    n_blocks: int
    n_test: int
    n_training: int
    photos: dict[str, int]
    n_orders: int
    n_even: int
    n_full: int
    quota: int


def needs_of(plan: StudyPlan) -> Needs:
    """Return the numbers of a study within people."""
    names = dict.fromkeys(pools(plan).values())
    n_orders = len(orders_of(plan.design.order, len(plan.blocks)))
    first = orders_shown(plan.design.order, len(plan.blocks))[0]
    even = max(1, n_orders)
    return Needs(
        n_conditions=len(plan.conditions),
        n_blocks=len(plan.blocks),
        n_test=plan.n_test,
        n_training=len(layout_of(plan, first, plan.seed).training),
        photos={
            name: sum(needed(plan, (), n_training_sets(plan, name)).values()) for name in names
        },
        n_orders=n_orders,
        n_even=even,
        n_full=lcm(even, plan.test.n_sets) if n_orders < 2 else even * plan.test.n_sets,
        quota=max(condition.quota for condition in plan.conditions),
    )


def design_words(plan: StudyPlan) -> tuple[str, list[str]]:
    """Return a study's design in a paragraph, and what speaks against it."""
    needs = needs_of(plan)
    return " ".join(_said(plan, needs)), list(_doubts(plan, needs))


def _said(plan: StudyPlan, needs: Needs) -> Iterator[str]:
    training = f", and {needs.n_training} of training" if needs.n_training else ""
    yield (
        f"Each person goes through {needs.n_conditions} conditions in {needs.n_blocks} "
        f"block{'s' * (needs.n_blocks > 1)}: {needs.n_test} photos in the test{training}."
    )
    total = sum(needs.photos.values())
    listed = ", ".join(f"{n:,} of {name}" for name, n in needs.photos.items())
    own = "" if len(needs.photos) == 1 else f", {total:,} different ones"
    lists = " beside the given trial lists" if plan.test.sets_file else ""
    yield f"The sets take {listed}{own}{lists}."
    if needs.n_orders > 1:
        yield (
            f"There are {needs.n_orders} orders of the blocks. With a multiple of {needs.n_even} "
            f"people all have equally many; with a multiple of {needs.n_full}, each set is also in "
            "each condition equally often."
        )
    elif not needs.n_orders:
        yield "Each person's order is drawn, so orders are alike only by chance."
    yield "How many people a difference needs is computed by: power --within."


def _doubts(plan: StudyPlan, needs: Needs) -> Iterator[str]:
    if needs.quota % needs.n_even:
        below = needs.quota - needs.quota % needs.n_even
        options = [str(n) for n in (below, below + needs.n_even) if n]
        yield (
            f"{needs.quota} people do not fill {needs.n_orders} orders alike. "
            f"Ask for {' or '.join(options)}."
        )
    if plan.design.order == "fixed" and needs.n_blocks > 1:
        yield (
            "Everyone has the blocks in the same order, so a difference between conditions may be "
            "one of practice or tiredness."
        )
    if plan.design.is_same:
        yield "People see each photo in every condition, and may remember it and their answer."
