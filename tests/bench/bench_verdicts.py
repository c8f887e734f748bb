"""How often verdicts say yes although nothing is there, and how often intervals hold the truth.

Rates over simulated studies with the exact binomial interval of each. ``--quick`` takes a tenth
of the studies, ``--only NAME`` one part. docs/metrics.md has the figures of the whole run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from scipy.stats import binomtest

sys.path.insert(0, str(Path(__file__).parents[2]))  # started as a file, it finds the packages

from analysis.power.simulated import Layout
from analysis.stats.detection import QUANTITIES
from tests.analysis.stats import complementarity_worlds as teams
from tests.analysis.stats.detection_worlds import CAREFUL, false_findings, findings
from tests.analysis.stats.twoway_worlds import ALIKE, ALIKE_BETTER, NULLS, WORLDS, World, rates

Line = tuple[str, int, int]
LOOKS = (1 / 3, 2 / 3, 1.0)


def show(title: str, lines: Iterator[Line]) -> None:
    print(f"\n{title}")
    for name, hits, n in lines:
        low, high = binomtest(hits, n).proportion_ci()
        print(
            f"  {name:44} {100 * hits / n:5.1f} %  [{100 * low:5.1f}, {100 * high:5.1f}]",
            flush=True,
        )


def twoway_coverage(n: int) -> Iterator[Line]:
    for name, world in WORLDS.items():
        yield name, rates(world, n).held, n


def twoway_false(n: int) -> Iterator[Line]:
    for name, world in NULLS.items():
        for measure in ("accuracy", "accuracy_ai_wrong", "d_prime"):
            yield f"{name}, {measure}", rates(world, n, measure=measure).found, n


def twoway_power(n: int) -> Iterator[Line]:
    found = rates(World((ALIKE_BETTER, ALIKE)), n, n_people_draws=n)
    yield "people and photos", found.found, n
    yield "bootstrap over people alone", found.people_found, n


def complementarity(n: int) -> Iterator[Line]:
    for name, world in teams.NULLS.items():
        for n_pool in teams.POOLS:
            yield f"{name}, pool of {n_pool:,}", _yes(world(), n_pool, n), n


def complementarity_power(n: int) -> Iterator[Line]:
    for gain in (2, 4):
        for n_pool in teams.POOLS:
            world = teams.as_good_as_the_ai(gain)
            yield f"true gain of {gain} points, pool of {n_pool:,}", _yes(world, n_pool, n), n


def looks(n: int) -> Iterator[Line]:
    for name, world in teams.NULLS.items():
        for n_pool in teams.POOLS:
            yes = teams.yes_by_look(world(), n_pool, n, LOOKS)
            for number, hits in enumerate(yes, 1):
                yield f"{name}, pool of {n_pool:,}, up to look {number}", hits, n


def detection_false(n: int) -> Iterator[Line]:
    for n_people, part in ((10, n), (60, 3 * n // 5)):
        for n_sets in (10, 4):
            for first in (0, 10_000):
                found, fitted = false_findings(
                    part, n_people=n_people, n_sets=n_sets, first_seed=first
                )
                for name in QUANTITIES:
                    yield f"{n_people} people, {n_sets} sets, {name}", found[name], fitted


def detection_power(n: int) -> Iterator[Line]:
    for n_people in (10, 30):
        found, fitted = findings(
            CAREFUL, n // 2, n_people=n_people, layout=Layout(n_sets=10), first_seed=50_000
        )
        for name in QUANTITIES:
            yield f"{n_people} people, {name}", found[name], fitted


def _yes(world: teams.World, n_pool: int, n: int) -> int:
    return [verdict.verdict for verdict in teams.verdicts(world, n_pool, n)].count("yes")


PARTS: dict[str, tuple[tuple[str, Callable[[int], Iterator[Line]]], ...]] = {
    "twoway": (
        ("Two-way intervals that hold the true difference (nominal 95 %)", twoway_coverage),
        ("Equal arms on different photos, called different (nominal 5 %)", twoway_false),
        ("A difference of 2.3 points found, photos alike", twoway_power),
    ),
    "teams": (
        ("A team that is no better, 60 people: called better (2.5 %)", complementarity),
        ("A team that is better, 60 people: called better", complementarity_power),
    ),
    "looks": (("A team that is no better, at three looks: called better (2.5 %)", looks),),
    "detection": (
        ("Equal arms called different by the signal-detection model (5 %)", detection_false),
        ("Fewer wrong answers accepted (30, not 55 %): called different", detection_power),
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the studies")
    parser.add_argument("--only", choices=PARTS, help="one part alone")
    asked = parser.parse_args()
    for name, parts in PARTS.items():
        for title, lines in parts if asked.only in (None, name) else ():
            show(title, lines(100 if asked.quick else 1000))


if __name__ == "__main__":
    main()
