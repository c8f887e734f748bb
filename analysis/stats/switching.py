"""Reliance if people answer once before the AI's advice and once after it. Pure NumPy.

Of one trial: was the first answer right, was the AI right, is the final answer right, and does
each answer agree with the AI's. Pooled over trials (Schemmer et al. 2023,
doi:10.1145/3581641.3584066):

    RAIR = (first wrong, AI right, final right) / (first wrong, AI right)
    RSR  = (first right, AI wrong, final right) / (first right, AI wrong)

RAIR is relative AI reliance, RSR relative self-reliance. The switch fraction is the share of
trials with a first answer other than the AI's whose final answer is the AI's (Lu & Yin 2021,
doi:10.1145/3411764.3445562). The gain is accuracy of the final answers minus that of the first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from analysis.stats.confidence import Bools
from analysis.stats.inference import Floats, Ints
from analysis.stats.mrmc import Terms, mean_terms

PERCENT: Final = (0.0, 100.0)
POINTS: Final = (-100.0, 100.0)


@dataclass(frozen=True, slots=True, eq=False)
class Advised:
    """The answers of one condition, ``(n,)`` each, of trials with a first and a final answer.

    ``person`` and ``photo`` are codes as in ``mrmc.Terms``; ``…_agrees`` says that the answer is
    the AI's.
    """

    person: Ints
    photo: Ints
    is_ai_correct: Bools
    first_is_correct: Bools
    first_agrees: Bools
    is_correct: Bools
    agrees: Bools


_Measure = Callable[[Advised], Terms]


def _share(of: Callable[[Advised], Bools], hit: Callable[[Advised], Bools], empty: str) -> _Measure:
    """Return a measure: the pooled share of ``hit`` among the trials ``of``, in percent."""

    def measured(data: Advised) -> Terms:
        rows = of(data)
        outcome = _percent(hit(data)[rows])
        person, photo = data.person[rows], data.photo[rows]
        return mean_terms(outcome, person, photo, of_people=False, limits=PERCENT, reason=empty)

    return measured


def _mean(
    outcome: Callable[[Advised], Floats],
    kind: bool | None = None,
    limits: tuple[float, float] = PERCENT,
) -> _Measure:
    """Return a measure: the mean over people of each one's mean, over trials of a kind or all."""

    def measured(data: Advised) -> Terms:
        rows = np.ones(data.person.size, bool) if kind is None else data.is_ai_correct == kind
        of_kind = data.is_ai_correct[rows].astype(np.int64)
        values, person, photo = outcome(data)[rows], data.person[rows], data.photo[rows]
        return mean_terms(values, person, photo, kind=of_kind, limits=limits)

    return measured


def _percent(hits: Bools) -> Floats:
    return np.where(hits, 100.0, 0.0)


def _gain(data: Advised) -> Floats:
    gain: Floats = _percent(data.is_correct) - _percent(data.first_is_correct)
    return gain


def _differs(kind: bool | None) -> Callable[[Advised], Bools]:
    def of(data: Advised) -> Bools:
        is_kind = True if kind is None else data.is_ai_correct == kind
        return np.asarray(~data.first_agrees & is_kind, dtype=np.bool_)

    return of


def _agrees(data: Advised) -> Bools:
    return data.agrees


def _is_correct(data: Advised) -> Bools:
    return data.is_correct


def _first_wrong_ai_right(data: Advised) -> Bools:
    return np.asarray(~data.first_is_correct & data.is_ai_correct, dtype=np.bool_)


def _first_right_ai_wrong(data: Advised) -> Bools:
    return np.asarray(data.first_is_correct & ~data.is_ai_correct, dtype=np.bool_)


_ALL_AGREE = "no first answer differs from the AI's"
SWITCHING: Final[Mapping[str, _Measure]] = {
    "first_accuracy": _mean(lambda data: _percent(data.first_is_correct)),
    "final_accuracy": _mean(lambda data: _percent(data.is_correct)),
    "gain": _mean(_gain, limits=POINTS),
    "gain_ai_correct": _mean(_gain, True, POINTS),
    "gain_ai_wrong": _mean(_gain, False, POINTS),
    "switch_fraction": _share(_differs(None), _agrees, _ALL_AGREE),
    "switch_fraction_ai_correct": _share(
        _differs(True), _agrees, f"{_ALL_AGREE} where the AI is right"
    ),
    "switch_fraction_ai_wrong": _share(
        _differs(False), _agrees, f"{_ALL_AGREE} where the AI is wrong"
    ),
    "rair": _share(
        _first_wrong_ai_right, _is_correct, "no first answer is wrong where the AI is right"
    ),
    "rsr": _share(
        _first_right_ai_wrong, _is_correct, "no first answer is right where the AI is wrong"
    ),
}
