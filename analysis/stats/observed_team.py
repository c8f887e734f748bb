"""The observed team of a study: the AI decides where it is sure, people judge the rest.

In a condition that defers, people get only the photos where the AI's confidence is below a
threshold. So the team is observed, and not put together from two samples as in ``team``:

    Team = r·A + (1 − r)·H        r: share of the AI's photos that the AI decides
                                  A: the AI's accuracy on them; it accepts its own answer
                                  H: people's accuracy on the photos that they judge

People may judge another mixture of right and wrong answers than the deferred photos hold. The
natural team takes H′ = π·H(AI right) + (1 − π)·H(AI wrong), with π the share of right answers among
the deferred photos. The intervals are of H and H′, with people and photos as samples (``twoway``);
r, A and π are counts over all of the AI's photos. Pure NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.stats.confidence import Bools
from analysis.stats.crossed_measures import Crossed
from analysis.stats.twoway import Arm, arm_of, estimate_of

Interval = tuple[float, float, float]
NOT_DEFINED: Interval = (math.nan, math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class ObservedTeam:
    """A condition's team in percent; ``human`` to ``natural`` are estimate, low and high.

    What is not defined is NaN: ``ai_accuracy`` if the AI decides no photo, an interval below two
    people or two photos.
    """

    n_images: int
    n_deferred: int
    ai_accuracy: float
    ai_always: float
    human: Interval
    human_natural: Interval
    team: Interval
    natural: Interval

    @property
    def ai_share(self) -> float:
        """Percentage of the photos that the AI decides."""
        return 100 * (1 - self.n_deferred / self.n_images)


def observed_team(is_ai_correct: Bools, is_deferred: Bools, answers: Crossed) -> ObservedTeam:
    """Return the team of an AI's photos, ``(n,)`` each, and of people's answers on deferred ones.

    Raises ``ValueError`` without photos.
    """
    n, n_deferred = is_ai_correct.size, int(is_deferred.sum())
    if not n:
        raise ValueError("No photo of the AI; expected at least one.")
    decided = is_ai_correct[~is_deferred]
    accuracy = 100 * float(decided.mean()) if decided.size else math.nan
    of_ai = 100 * float(decided.sum()) / n
    rest = n_deferred / n
    human = _estimate([(1.0, arm_of(answers, "accuracy"))])
    prevalence = float(is_ai_correct[is_deferred].mean()) if n_deferred else math.nan
    kinds = ((prevalence, "accuracy_ai_correct"), (1 - prevalence, "accuracy_ai_wrong"))
    natural = _estimate([(w, arm_of(answers, name)) for w, name in kinds if w != 0])
    return ObservedTeam(
        n, n_deferred, accuracy, 100 * float(is_ai_correct.mean()), human, natural,
        _joined(of_ai, rest, human), _joined(of_ai, rest, natural),
    )  # fmt: skip


def _estimate(parts: Sequence[tuple[float, Arm]]) -> Interval:
    """Return the weighted sum of a condition's measures with its two-way interval."""
    value = sum(weight * arm.value for weight, arm in parts)
    if math.isnan(value):
        return NOT_DEFINED
    psi = np.concatenate([weight * arm.psi for weight, arm in parts])
    person = np.concatenate([arm.person for _, arm in parts])
    image = np.concatenate([arm.image for _, arm in parts])
    return estimate_of(value, psi, person, image)


def _joined(of_ai: float, rest: float, human: Interval) -> Interval:
    low, value, high = (of_ai + rest * item for item in (human[1], human[0], human[2]))
    return value, low, high
