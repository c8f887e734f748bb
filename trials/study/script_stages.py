"""Which stage of a study each screen belongs to, and who passed the validation. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from trials.study.design import SCREENS, Phase, Step

# A block of a study within people is a part of the test, with a number from 1.
BLOCK = "block_"
WITHDRAWN, FAILED_VALIDATION = "withdrawn", "failed_validation"


def stage_of(step: Step) -> str:
    """Return the part of the study that a screen belongs to; of a block, the block."""
    return f"{BLOCK}{step.block}" if step.block else SCREENS[step.kind].part_of(step)


def stages_of(script: Sequence[Step]) -> list[tuple[str, range]]:
    """Return the parts of a session in order, each with its screens."""
    found = []
    for stage, group in groupby(enumerate(script), key=lambda each: stage_of(each[1])):
        places = [place for place, _ in group]
        found.append((stage, range(places[0], places[-1] + 1)))
    return found


def validation_end(script: Sequence[Step]) -> int | None:
    """Return the place of the first screen after the validation; None without one."""
    places = [place for place, step in enumerate(script) if stage_of(step) == Phase.VALIDATION]
    return places[-1] + 1 if places else None


def place_of(status: str, step: int, script: Sequence[Step]) -> int:
    """Return the screen where a person is, or where the session ended.

    The stored step counts the screens that are done. For a person who failed the validation, the
    stored step is the one after its last screen, but that screen was never shown.
    """
    # The end is looked for only here, because a monitor asks for the places of all people.
    if status == FAILED_VALIDATION and (end := validation_end(script)) is not None:
        return min(step, end - 1)
    return min(step, len(script) - 1)


def place_among(step: int, own: Sequence[Step], common: Sequence[Step]) -> int:
    """Return the screen of ``common`` where a person is who is at ``step`` of the ``own`` script.

    Conditions may have screens that others lack, such as the question for prior knowledge. A person
    on a screen that ``common`` lacks is counted at the next one that it has.
    """
    if own == common:
        return step
    places = {screen: place for place, screen in enumerate(common)}
    return next((places[item] for item in own[step:] if item in places), len(common) - 1)


def has_passed(status: str, step: int, end: int | None) -> bool | None:
    """Say whether a person at ``step`` passed the validation that ends at ``end``.

    The step is kept even if the answers are deleted. None without a validation, before its end, and
    for a person who withdrew exactly at its end: a person who failed has the same step, and the
    answers that would tell them apart are deleted.
    """
    if end is None or (status == WITHDRAWN and step == end):
        return None
    if status == FAILED_VALIDATION:
        return False
    return True if step >= end else None
