"""How often verdicts say yes although nothing is there, and how often intervals hold the truth.

Rates over simulated studies with the exact binomial interval of each. ``--quick`` takes a tenth
of the studies. docs/metrics.md has the figures of the whole run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from scipy.stats import binomtest

sys.path.insert(0, str(Path(__file__).parents[2]))  # started as a file, it finds the packages

from tests.analysis.stats import complementarity_worlds as teams
from tests.analysis.stats.twoway_worlds import ALIKE, ALIKE_BETTER, NULLS, WORLDS, World, rates

Line = tuple[str, int, int]


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


def _yes(world: teams.World, n_pool: int, n: int) -> int:
    return [verdict.verdict for verdict in teams.verdicts(world, n_pool, n)].count("yes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the studies")
    n = 100 if parser.parse_args().quick else 1000
    show("Two-way intervals that hold the true difference (nominal 95 %)", twoway_coverage(n))
    show("Equal arms on different photos, called different (nominal 5 %)", twoway_false(n))
    show("A difference of 2.3 points found, photos alike", twoway_power(n))
    show("A team that is no better, 60 people: called better (2.5 %)", complementarity(n))
    show("A team that is better, 60 people: called better", complementarity_power(n))


if __name__ == "__main__":
    main()
