"""Studies in which every person goes through all conditions: their counts and their test. Pure.

A person's skill and bias in two conditions are normal with a correlation. Only what differs
between the conditions is in the way of a difference, so such a study needs fewer people, the
fewer the higher the correlation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from analysis.power.simulated import Counts, Layout
from trials.simulation.behaviour import Behaviour


@dataclass(frozen=True, slots=True)
class Within:
    """A design within people.

    ``correlation`` (0 to 1) is that of a person's skill, and of their bias, between two
    conditions. ``photos``: a person judges another set in each condition (``disjoint``), or the
    ``same`` set in all of them. Sets rotate, so every condition has every set equally often.
    """

    correlation: float
    photos: Literal["disjoint", "same"] = "disjoint"

    def __post_init__(self) -> None:
        if not 0 <= self.correlation <= 1:
            raise ValueError(
                f"A correlation of {self.correlation:g} between a person's conditions: expected "
                "0 (nothing in common) to 1 (the same person in both)."
            )

    def sets(self, layout: Layout, n: int, place: int) -> Counts:
        """Return the set of each of ``n`` people in the condition at ``place``."""
        shift = place if self.photos == "disjoint" else 0
        return (layout.sets(n) + shift) % layout.n_sets

    def check(self, layout: Layout, n_conditions: int) -> None:
        """Raise ``ValueError`` if there are too few sets for photos that nobody sees twice."""
        if self.photos == "disjoint" and layout.n_sets < n_conditions:
            raise ValueError(
                f"{layout.n_sets} sets for {n_conditions} conditions of the same people: expected "
                "as many sets as conditions or more, so that nobody sees a photo twice."
            )


def within_counts(
    behaviours: Sequence[Behaviour],
    layout: Layout,
    within: Within,
    n: int,
    n_studies: int,
    rng: np.random.Generator,
) -> Counts:
    """Simulate studies of ``n`` people in all conditions, and count their correct answers.

    Shape ``(n_studies, n_conditions, n, 2)``: on trials where the AI is right, where it is wrong.
    """
    within.check(layout, len(behaviours))
    counts = np.empty((n_studies, len(behaviours), n, 2), dtype=np.int64)
    right = layout.is_ai_correct
    shape = (n_studies, n, 1)
    common = rng.standard_normal((2, *shape))
    for place, ease in enumerate(layout.ease(behaviours, n_studies, rng)):
        behaviour = behaviours[place]
        own = rng.standard_normal((2, *shape))
        effect = np.sqrt(within.correlation) * common + np.sqrt(1 - within.correlation) * own
        people = behaviour.people(rng, shape)
        people = replace(
            people, skill=behaviour.sd_skill * effect[0], bias=behaviour.sd_bias * effect[1]
        )
        shown = ease[:, within.sets(layout, n, place)]
        chances = behaviour.accept_chance(people, right, shown)
        is_correct = (rng.random(chances.shape) < chances) == right
        counts[:, place, :, 0] = is_correct[..., right].sum(-1)
        counts[:, place, :, 1] = is_correct[..., ~right].sum(-1)
    return counts
