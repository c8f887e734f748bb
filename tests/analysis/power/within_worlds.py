"""The power that a study within people delivers, by the test that its analysis makes."""

from __future__ import annotations

import numpy as np

from analysis.power.power import Scenario
from analysis.power.within import Within
from analysis.stats.crossed_measures import Crossed
from analysis.stats.twoway import arm_of, difference_of


def delivered(scenario: Scenario, n: int, n_studies: int) -> tuple[int, int]:
    """Count the studies of ``n`` people whose two-way test within people finds the pair."""
    rng = np.random.default_rng(17)
    found = 0
    for _ in range(n_studies):
        arms = [arm_of(each, scenario.measure) for each in study(scenario, n, rng)]
        found += difference_of(*arms, is_within=True).p <= scenario.alpha
    return found, n_studies


def study(scenario: Scenario, n: int, rng: np.random.Generator) -> list[Crossed]:
    """Draw one study answer by answer, from the words of ``Within`` and not by its code.

    People who learn have the pair's conditions in two orders, each as often with each set.
    """
    layout, within = scenario.layout, scenario.within or Within(1)
    pair = scenario.behaviours[:2]
    right = np.arange(layout.n_test) < layout.n_test // 2
    ease = pair[0].sd_image * rng.standard_normal((layout.n_sets, layout.n_test))
    common = rng.standard_normal((2, n))
    answers = []
    for place, behaviour in enumerate(pair):
        own = rng.standard_normal((2, n))
        effect = np.sqrt(within.correlation) * common + np.sqrt(1 - within.correlation) * own
        skill, bias = behaviour.sd_skill * effect[0], behaviour.sd_bias * effect[1]
        sets = (np.arange(n) + place * (within.photos == "disjoint")) % layout.n_sets
        typical = np.log([p / (1 - p) for p in (behaviour.accept_wrong, behaviour.accept_right)])
        side = np.where(right, 1, -1)
        odds = typical[right.astype(int)] + bias[:, None] + side * (skill[:, None] + ease[sets])
        if behaviour.learning:
            block = (np.arange(n) + np.arange(n) // layout.n_sets + place) % 2
            at = rng.permuted(np.tile(np.arange(layout.n_test), (n, 1)), axis=1)
            odds += side * behaviour.learning * (layout.n_test * block[:, None] + at)
        accepted = rng.random(odds.shape) < 1 / (1 + np.exp(-odds))
        image = layout.n_test * sets[:, None] + np.arange(layout.n_test)
        person = np.repeat(np.arange(n), layout.n_test)
        kinds = np.tile(right, n)
        answers.append(Crossed(person, image.ravel(), kinds, accepted.ravel() == kinds))
    return answers
