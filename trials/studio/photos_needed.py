"""How many photos the short study needs, for the page on which photos are imported. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from trials.ready_made import ready_made
from trials.study.design import split_even
from trials.study.plan import StudyPlan
from trials.study.sets import needed

WRONG_IN: Final = 5
"""The AI of the example is wrong on one photo in five."""


@dataclass(frozen=True, slots=True)
class PhotosNeeded:
    """The short study's numbers: of one set, and what training and check need beside it.

    ``n_wrong`` are the photos where the AI is wrong that one set, training and check take together.
    ``n_judged`` photos have so many, ``n_further`` those of one more set. ``n_all`` also counts the
    AI's memory, where ``share`` of all photos are judged.
    """

    n: int
    n_half: int
    n_before: int
    n_wrong: int
    n_judged: int
    n_further: int
    n_all: int


def photos_needed(share: float) -> PhotosNeeded:
    """Return the numbers for the short ready-made study with one set."""
    plan = StudyPlan.from_json(ready_made("short"))
    _, n_half = split_even(plan.test.n)
    n_wrong = needed(plan)[False, ""] - (plan.test.n_sets - 1) * n_half
    return PhotosNeeded(
        n=plan.test.n,
        n_half=n_half,
        n_before=n_wrong - n_half,
        n_wrong=n_wrong,
        n_judged=WRONG_IN * n_wrong,
        n_further=WRONG_IN * n_half,
        n_all=round(WRONG_IN * n_wrong / share),
    )
