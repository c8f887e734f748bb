"""How often intervals hold what was planted, and how often tests find what is not there.

Rates over simulated studies with the exact binomial interval of each. ``--quick`` takes a tenth
of the studies.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from scipy.stats import binomtest
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parents[2]))  # started as a file, it finds the packages

from analysis.power.simulated import Layout
from tests.analysis.calibration import (
    IMAGES,
    PEOPLE,
    Tally,
    bootstrap_coverage,
    false_equivalence,
    false_positives,
    mean_coverage,
    mixed_coverage,
    mixed_false_positives,
)
from trials.simulation.behaviour import Behaviour

ALIKE = Behaviour(0.92, 0.55, sd_skill=0.3, sd_image=0.5)
BIASED = Behaviour(0.92, 0.55, sd_skill=0.3, sd_bias=0.7, sd_image=0.5)
NULL = Behaviour(0.9, 0.6, sd_skill=0.3, sd_image=1)
NAMES = ("ResNet-50", "kNN")


def show(title: str, tally: Tally, rate: float) -> None:
    print(f"\n{title} (nominal {100 * rate:g} %)")
    for name, (hits, n) in tally.items():
        low, high = binomtest(hits, n).proportion_ci()
        share = f"{100 * hits / n:5.1f} %"
        print(f"  {name:34} {share}  [{100 * low:5.1f}, {100 * high:5.1f}]  {hits} of {n}")


def equal_conditions(layout: Layout, n_studies: int, test: str) -> Tally:
    """Count what six conditions that do not differ seem to show."""
    return false_positives(NULL, layout, n=60, n_studies=n_studies, test=test)


def sections(factor: float) -> list[tuple[str, float, Callable[[], Tally]]]:
    """Return a title, the nominal rate and the count of each part."""

    def n(studies: int) -> int:
        return max(20, round(factor * studies))

    sizes = {"n": 300, "n_studies": n(500), "n_resamples": 1000}
    few = Layout(n_sets=4)
    images = dict(zip(NAMES, IMAGES, strict=True))
    parts: list[tuple[str, float, Callable[[], Tally]]] = [
        ("Participant bootstrap, images alike: planted values", 0.95,
         lambda: bootstrap_coverage(PEOPLE, Layout(), **sizes)[0]),
        ("Participant bootstrap of a mean, 60 people", 0.95,
         lambda: mean_coverage(PEOPLE[0], Layout(), n=60, n_studies=n(500))),
        ("Participant bootstrap, 120 images that differ: planted values over ALL images", 0.95,
         lambda: bootstrap_coverage(IMAGES, few, **sizes)[0]),
        ("The same intervals: values ON THESE images", 0.95,
         lambda: bootstrap_coverage(IMAGES, few, **sizes)[1]),
        ("Mixed model, 2 x 120 people, 300 images", 0.95,
         lambda: mixed_coverage(images, Layout(n_sets=10), n=120, seeds=range(n(200)))),
        ("Mixed model, equal conditions, 2 x 60 people alike in bias", 0.05,
         lambda: mixed_false_positives(ALIKE, Layout(n_sets=10), n=60, seeds=range(n(300)))),
        ("Mixed model, equal conditions, 2 x 60 people of unequal bias (SD 0.7)", 0.05,
         lambda: mixed_false_positives(BIASED, Layout(n_sets=10), n=60, seeds=range(n(300)))),
        ("Two one-sided tests, true difference = margin: called equivalent", 0.05,
         lambda: false_equivalence(4, n=60, n_studies=n(2000))),
    ]  # fmt: skip
    for test in ("mann_whitney", "welch"):
        title = f"Six equal conditions, 60 people each, {test}: one test; any of Holm's 15"
        parts.append((title, 0.05, partial(equal_conditions, Layout(), n(500), test)))
    own = Layout(is_shared=False)
    title = "The same, each condition with images of its own"
    parts.append((title, 0.05, partial(equal_conditions, own, n(500), "mann_whitney")))
    return parts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the studies")
    factor = 0.1 if parser.parse_args().quick else 1.0
    for title, rate, count in tqdm(sections(factor), desc="calibration", leave=False):
        tally = count()
        with tqdm.external_write_mode():
            show(title, tally, rate)


if __name__ == "__main__":
    main()
