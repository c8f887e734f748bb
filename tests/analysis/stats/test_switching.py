"""Reliance after a first answer: numbers computed by hand, and when there are none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.stats.mrmc import estimate_of
from analysis.stats.switching import SWITCHING, Advised

# Of each trial: AI right, first answer right, final answer right (to verify: Yes or No).
TRIALS = [
    (1, 0, 1), (1, 0, 1), (1, 0, 0), (1, 1, 1), (1, 1, 0),
    (0, 1, 1), (0, 1, 0), (0, 1, 0), (0, 1, 1), (0, 0, 0),
]  # fmt: skip
# By hand: first wrong and AI right 3, of them 2 finally right; first right and AI wrong 4, of them
# 2 stay. First answers against the AI: these 3 and 4, of them 2 and 2 switch. Right: first 6, final
# 5; where the AI is right 2 and 3 of 5, where it is wrong 4 and 2 of 5.
BY_HAND = {
    "first_accuracy": 60, "final_accuracy": 50, "gain": -10, "gain_ai_correct": 20,
    "gain_ai_wrong": -40, "switch_fraction": 100 * 4 / 7, "switch_fraction_ai_correct": 200 / 3,
    "switch_fraction_ai_wrong": 50, "rair": 200 / 3, "rsr": 50,
}  # fmt: skip


def advised(trials: list[tuple[int, int, int]]) -> Advised:
    ai, first, final = np.array(trials, dtype=bool).reshape(-1, 3).T
    place = np.arange(len(trials))
    return Advised(place % 5, place, ai, first, first == ai, final, final == ai)


@pytest.mark.parametrize("name", SWITCHING)
def test_each_measure_is_what_is_counted_by_hand(name: str) -> None:
    assert estimate_of(SWITCHING[name](advised(TRIALS))).value == pytest.approx(BY_HAND[name])


def test_choosing_another_wrong_class_is_no_reliance_on_the_ai() -> None:
    data = advised([(1, 0, 0), (1, 0, 1)])
    assert estimate_of(SWITCHING["rair"](data)).value == 50
    assert estimate_of(SWITCHING["switch_fraction"](data)).value == 50


@pytest.mark.parametrize(
    ("name", "trials", "reason"),
    [
        ("rair", [(0, 0, 1)], "no first answer is wrong where the AI is right"),
        ("rsr", [(1, 1, 1)], "no first answer is right where the AI is wrong"),
        ("switch_fraction", [(1, 1, 1)], "no first answer differs from the AI's"),
        ("gain", [], "no such trials"),
    ],
)
def test_what_is_not_defined_says_why(
    name: str, trials: list[tuple[int, int, int]], reason: str
) -> None:
    found = estimate_of(SWITCHING[name](advised(trials)))
    assert (found.note, math.isnan(found.value)) == (reason, True)
