"""What cannot be in the design of a study within people. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Protocol

from trials.study.layout import Planned, pools
from trials.study.registries import StagePlan

Found = Iterator[tuple[str, object, str]]
# Pages that the script adds; a study within people must not name its own pages so.
OWN_PAGES = ("before_practice", "before_block")


class Designed(Planned, Protocol):
    """The fields of a ``StudyPlan`` that a design is compared with."""

    @property
    def stages(self) -> tuple[StagePlan, ...]: ...


def design_problems(plan: Designed) -> Found:
    """Yield what contradicts the design: the field, what was found, what was expected."""
    if not plan.design.is_within:
        if plan.design.blocks:
            yield "design.blocks", plan.design.blocks, "none: only kind: within has blocks"
        return
    problems = list(_block_problems(plan))
    yield from problems
    if not problems:
        yield from _photo_problems(plan)
        yield from _training_problems(plan)
    yield from _quota_problems(plan)
    for position, each in enumerate(plan.stages):
        if getattr(each, "name", "") in OWN_PAGES:
            expected = f"another name than {' and '.join(OWN_PAGES)}: the blocks have such pages"
            yield f"stages[{position}].name", each.name, expected  # type: ignore[attr-defined]


def _block_problems(plan: Designed) -> Found:
    names = [condition.name for condition in plan.conditions]
    if len(names) < 2:
        yield "conditions", names, "at least two: with kind: within a person goes through several"
        return
    counts = Counter(name for block in plan.blocks for name in block)
    for number, block in enumerate(plan.blocks):
        unknown = [name for name in block if name not in names]
        if unknown:
            expected = f"names of conditions: {', '.join(names)}"
            yield f"design.blocks[{number}]", list(block), expected
    twice = [name for name, n in counts.items() if n > 1]
    if twice:
        yield "design.blocks", twice, "each condition in one block, and once"
    missing = [name for name in names if name not in counts]
    if missing:
        expected = f"every condition in a block; {', '.join(missing)} is in none"
        yield "design.blocks", plan.design.blocks, expected


def _photo_problems(plan: Designed) -> Found:
    of = pools(plan)
    if plan.design.is_same:
        if len(set(of.values())) > 1:
            listed = "; ".join(f"{name}: {pool}" for name, pool in of.items())
            expected = f"disjoint, or the same predictions in every condition ({listed})"
            yield "design.photos", plan.design.photos, expected
        return
    pool, n = Counter(of.values()).most_common(1)[0]
    if plan.test.n_sets < n and not plan.test.sets_file:
        place = plan.stages.index(plan.test)
        expected = (
            f"at least {n}: {n} conditions show predictions of {pool}, and with photos: disjoint a "
            "person has another set in each"
        )
        yield f"stages[{place}].n_sets", plan.test.n_sets, expected


def _training_problems(plan: Designed) -> Found:
    training, n = plan.training, len(plan.conditions)
    if training is None:
        return
    is_each, largest = plan.design.trains_in_blocks, max(map(len, plan.blocks))
    least = largest if is_each else n
    if training.n < least:
        place = plan.stages.index(training)
        expected = (
            f"at least {least}, one for each condition of a block"
            if is_each
            else f"at least {least}, one for each condition; or training: each"
        )
        yield f"stages[{place}].n", training.n, expected


def _quota_problems(plan: Designed) -> Found:
    quotas = {condition.name: condition.quota for condition in plan.conditions}
    if len(set(quotas.values())) > 1:
        first = next(iter(quotas.values()))
        for position, each in enumerate(plan.conditions):
            if each.quota != first:
                expected = f"{first}, as in the first condition: all people go through all of them"
                yield f"conditions[{position}].quota", each.quota, expected
