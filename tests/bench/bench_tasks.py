"""How often intervals of a task's measures hold the planted truth, and power within people.

300 simulated studies of each world, with the exact binomial interval of each rate. ``--quick``
takes 30. docs/metrics.md and docs/power.md have the figures of the whole run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))  # started as a file, it finds the packages

from analysis.power.power import Scenario, differing, participants_needed
from analysis.power.simulated import Layout
from analysis.power.within import Within
from analysis.stats.twoway import arm_of, difference_of
from tests.analysis.power.within_worlds import delivered, study
from tests.analysis.stats import choice_worlds
from tests.analysis.stats.task_worlds import People, false_findings, held
from tests.bench.bench_verdicts import Line, show
from trials.simulation.behaviour import Behaviour

CROWD = (1500, 1000)
WORLDS = {"60 people, 20 sets": (60, 20), "60 people, 2 sets": (60, 2), "12 people, 1 set": (12, 1)}
BASE = Behaviour.planted(0.9, 0.6, sd_skill=0.3, sd_bias=0.7, sd_image=1.0)
LEARNING = (0.01, 0.02, 0.04)  # accuracy from 61 to 69, 57 to 73, 49 to 79 % over the test
PLANS = (
    ("accuracy, 4 points, r .5, disjoint", "accuracy", 4, Within(0.5)),
    ("accuracy, 4 points, r .8, the same", "accuracy", 4, Within(0.8, "same")),
    ("AI right, 5 points, r .5, disjoint", "accuracy_ai_correct", 5, Within(0.5)),
    ("AI wrong, 8 points, r .5, disjoint", "accuracy_ai_wrong", 8, Within(0.5)),
    ("AI wrong, 8 points, r 0, the same", "accuracy_ai_wrong", 8, Within(0, "same")),
    ("accuracy, 6 points, r 1, disjoint", "accuracy", 6, Within(1)),
)


def coverage(n_people: int, n_sets: int, n: int) -> Iterator[Line]:
    for name, tally in held(People(), n_people, n_sets, n, crowd=CROWD).items():
        yield name, *tally


def choices(n_people: int, n_sets: int, n: int) -> Iterator[Line]:
    for name, tally in choice_worlds.held(n_people, n_sets, n, crowd=CROWD).items():
        yield name, *tally


def no_difference(n: int, *, is_within: bool) -> Iterator[Line]:
    for name, tally in false_findings(People(), 40, 4, n, is_within=is_within).items():
        yield name, *tally


def power(n: int) -> Iterator[Line]:
    for name, measure, points, within in PLANS:
        pair = (differing(BASE, measure, points), BASE)
        scenario = Scenario(pair, Layout(), measure, within=within)
        people = participants_needed(scenario, 0.8, n_studies=2000).n_needed
        yield f"{name}: {people} people", *delivered(scenario, people, n)


def power_of_learners(n: int) -> Iterator[Line]:
    """Deliver the first plan's people, who learn and have the planned rates amid their test."""
    name, measure, points, within = PLANS[0]
    layout, people = Layout(), 67
    for learning in LEARNING:
        planned = (differing(BASE, measure, points), BASE)
        first, second = (replace(each, learning=learning) for each in planned)
        pair = (first.after(-layout.n_test), second.after(-layout.n_test))
        scenario = Scenario(pair, layout, measure, within=within)
        yield f"{name}: {people} people, {learning:g} a trial", *delivered(scenario, people, n)


def equal_within(n: int) -> Iterator[Line]:
    rng = np.random.default_rng(4)
    for photos in ("disjoint", "same"):
        scenario = Scenario((BASE, BASE), Layout(n_sets=4), within=Within(0.5, photos))
        found = 0
        for _ in range(n):
            arms = [arm_of(each, "accuracy") for each in study(scenario, 30, rng)]
            found += difference_of(*arms, is_within=True).p <= 0.05
        yield f"accuracy of 30 people, {photos} photos", found, n


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the studies")
    n = 30 if parser.parse_args().quick else 300
    for name, size in WORLDS.items():
        show(f"Intervals that hold the planted truth (nominal 95 %), {name}", coverage(*size, n))
    for name, size in (("60 people, 20 sets", (60, 20)), ("20 people, 2 sets", (20, 2))):
        show(f"Intervals of choices that hold the truth (nominal 95 %), {name}", choices(*size, n))
    for is_within, people in ((False, "different people"), (True, "the same people")):
        title = f"Equal conditions called different (nominal 5 %), {people}, 40 a condition"
        show(title, no_difference(n, is_within=is_within))
    show("Equal conditions within people called different (nominal 5 %)", equal_within(3 * n))
    show("Power within people, claimed 80 %: delivered", power(3 * n))
    show("The same where people learn: delivered", power_of_learners(3 * n))


if __name__ == "__main__":
    main()
