"""Which of an AI's photos people judge where the AI decides the others. Pure.

A confidence is a share from 0 to 1: a probability, or votes / voters. Both a threshold that is
written in decimals and a quotient of whole numbers are the nearest float of the same number, so
that they compare exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from trials.study.plan_parts import DeferPlan


class CannotDefer(ValueError):
    """The AI's confidences do not give the part that was asked for; the message says why."""


def confidence_of(confidence: float | None, n_votes: int | None, n_voters: int | None) -> float:
    """Return a prediction's confidence; votes are exact. NaN if the AI states none."""
    if n_votes is not None and n_voters:
        return n_votes / n_voters
    return math.nan if confidence is None else confidence


def is_deferred(confidence: float, threshold: float | None) -> bool:
    """Return whether people judge the photo, not the AI; without a threshold they judge all."""
    return threshold is None or confidence < threshold


def threshold_of(confidences: Sequence[float], defer: DeferPlan) -> float | None:
    """Return the confidence from which on the AI decides; None if people judge all photos.

    For a share of N photos it is the least confidence that has at least ``share * N`` photos below
    it. Photos with the same confidence are on the same side. Raises ``CannotDefer`` if a prediction
    has no confidence, or if too many photos have the highest one.
    """
    if not defer.is_on:
        return None
    n_unstated = sum(map(math.isnan, confidences))
    if n_unstated:
        raise CannotDefer(
            f"{n_unstated} of {len(confidences)} predictions state no confidence; expected one "
            "for each, because defer asks where the AI is unsure"
        )
    if defer.below:
        return defer.below
    ordered = sorted(confidences)
    n = math.ceil(defer.share * len(ordered) - 1e-9)
    above = [confidence for confidence in ordered[n:] if n and confidence > ordered[n - 1]]
    if not above:
        n_lower = sum(confidence < ordered[-1] for confidence in ordered)
        raise CannotDefer(
            f"share is {defer.share:g}, and the AI is surest, and equally sure, of all but "
            f"{n_lower} of {len(ordered)} photos; expected a share up to "
            f"{n_lower / max(1, len(ordered)):.3f}"
        )
    return above[0]
