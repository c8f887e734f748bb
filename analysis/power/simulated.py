"""Studies of simulated people without pages: frames of responses, and counts of many studies.

People and images follow ``trials.simulation.behaviour``, like the robots on the real pages. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

from trials.simulation.behaviour import Behaviour
from trials.simulation.chances import Floats
from trials.study.design import split_even

Counts = NDArray[np.int64]

_BLOCK = 3_000_000  # answers drawn at a time; limits the memory


@dataclass(frozen=True, slots=True)
class Layout:
    """The images of a study: ``n_sets`` disjoint sets of ``n_test`` images, half with a right AI.

    Participants are assigned to sets in turn. If ``is_shared``, every condition judges the same
    images (two explanations of one AI); otherwise each condition has different images (two AIs).
    """

    n_test: int = 30
    n_sets: int = 20
    is_shared: bool = True

    def __post_init__(self) -> None:
        if self.n_test < 2 or self.n_sets < 1:
            raise ValueError(
                f"{self.n_sets} sets of {self.n_test} images: expected one set or more, of at "
                "least two images, so that the AI is right on one and wrong on another."
            )

    @property
    def is_ai_correct(self) -> NDArray[np.bool_]:
        """Whether the AI is right on each image of a set, the right ones first: ``(n_test,)``."""
        return np.arange(self.n_test) < split_even(self.n_test)[0]

    def sets(self, n: int) -> NDArray[np.int64]:
        """Return the set of each of ``n`` participants of a condition."""
        return np.arange(n) % self.n_sets

    def ease(
        self, behaviours: Sequence[Behaviour], n_studies: int, rng: np.random.Generator
    ) -> list[Floats]:
        """Draw image effects in log odds for each condition: ``(n_studies, n_sets, n_test)``."""
        shape = (n_studies, self.n_sets, self.n_test)
        if not any(each.sd_all_images for each in behaviours):
            return [np.zeros(shape)] * len(behaviours)
        if not self.is_shared:
            return [each.sd_all_images * rng.standard_normal(shape) for each in behaviours]
        common = rng.standard_normal(shape)
        eases = [each.sd_image * common for each in behaviours]
        return [
            ease + each.sd_image_arm * rng.standard_normal(shape) if each.sd_image_arm else ease
            for ease, each in zip(eases, behaviours, strict=True)
        ]


def correct_counts(
    behaviours: Sequence[Behaviour],
    layout: Layout,
    n: int,
    n_studies: int,
    rng: np.random.Generator,
) -> Counts:
    """Simulate studies of ``n`` participants per condition, and count their correct answers.

    The shape is ``(n_studies, n_conditions, n, 2)``; the last axis is AI right, AI wrong. Every
    study has new people and new images.
    """
    counts = np.empty((n_studies, len(behaviours), n, 2), dtype=np.int64)
    for block in _blocks(n_studies, n * layout.n_test):
        size = block.stop - block.start
        for place, ease in enumerate(layout.ease(behaviours, size, rng)):
            counts[block, place] = counts_on(behaviours[place], layout, ease, n, rng)
    return counts


def _blocks(n_studies: int, n_answers: int) -> Iterator[slice]:
    step = max(1, _BLOCK // n_answers)
    for start in range(0, n_studies, step):
        yield slice(start, min(start + step, n_studies))


def counts_on(
    behaviour: Behaviour, layout: Layout, ease: Floats, n: int, rng: np.random.Generator
) -> Counts:
    """Count the correct answers of ``n`` new participants on these images.

    ``ease`` is ``(n_studies, n_sets, n_test)``; the result ``(n_studies, n, 2)``.
    """
    right = layout.is_ai_correct
    people = behaviour.people(rng, (len(ease), n, 1))
    if (
        behaviour.sd_all_images == 0
    ):  # a person's trials of a kind have the same probability: one draw for all
        kinds = np.array([True, False])
        accepted = behaviour.accept_chance(people, kinds, np.zeros(2))
        sizes = [right.sum(), (~right).sum()]
        return rng.binomial(sizes, np.where(kinds, accepted, 1 - accepted))
    chances = behaviour.accept_chance(people, right, ease[:, layout.sets(n)])
    is_correct = (rng.random(chances.shape) < chances) == right
    return np.stack([is_correct[..., right].sum(-1), is_correct[..., ~right].sum(-1)], axis=-1)


def simulated_responses(
    behaviours: Mapping[str, Behaviour],
    *,
    n_participants: int,
    layout: Layout | None = None,
    seed: int = 0,
) -> DataFrame:
    """Return the responses of one study, one row per trial, as ``analysis.rows.frame`` would.

    It has the codebook's columns that a simulation can know: ``participant_id``, ``is_simulated``,
    ``participant_status``, ``condition``, ``trial_set``, ``trial_index``, ``item_id``, ``image``,
    ``is_ai_correct``, ``response``, ``is_correct``, ``rt_ms``. Each condition has
    ``n_participants`` people, and each person sees the set in a different order.
    """
    layout = layout or Layout()
    rng = np.random.default_rng(seed)
    eases = layout.ease(list(behaviours.values()), 1, rng)
    order = np.argsort(rng.random((layout.n_sets, layout.n_test)), axis=1)
    parts = [
        _responses(place, name, behaviour, n_participants, layout, ease[0], order, rng)
        for place, ((name, behaviour), ease) in enumerate(
            zip(behaviours.items(), eases, strict=True)
        )
    ]
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(condition=pd.Categorical(frame["condition"], list(behaviours)))


def _responses(
    place: int,
    condition: str,
    behaviour: Behaviour,
    n: int,
    layout: Layout,
    ease: Floats,
    order: NDArray[np.int64],
    rng: np.random.Generator,
) -> DataFrame:
    sets = layout.sets(n)
    shown = order[sets]  # (n, n_test): the image of the set at each position
    is_ai_correct = layout.is_ai_correct[shown]
    own = np.take_along_axis(ease[sets], shown, axis=1)
    own = own + behaviour.learning * np.arange(layout.n_test)
    chances = behaviour.accept_chance(behaviour.people(rng, (n, 1)), is_ai_correct, own)
    is_accepted = (rng.random(chances.shape) < chances).ravel()
    prefix = "shared" if layout.is_shared else condition
    judged = (layout.n_test * sets[:, None] + shown).ravel()
    images = [f"{prefix}/{item:04d}.jpg" for item in range(layout.n_sets * layout.n_test)]
    items = [hashlib.sha256(image.encode()).hexdigest()[:16] for image in images]
    numbers = 1 + place * n + np.repeat(np.arange(n), layout.n_test)
    return DataFrame(
        {
            "participant_id": [f"r{number:04d}" for number in numbers],
            "is_simulated": True,
            "participant_status": "completed",
            "condition": condition,
            "trial_set": 1 + np.repeat(sets, layout.n_test),
            "trial_index": 1 + np.tile(np.arange(layout.n_test), n),
            "item_id": np.array(items)[judged],
            "image": np.array(images)[judged],
            "is_ai_correct": is_ai_correct.ravel(),
            "response": np.where(is_accepted, "yes", "no"),
            "is_correct": is_accepted == is_ai_correct.ravel(),
            "rt_ms": behaviour.times.sample(rng, (is_accepted.size,)),
        }
    )
