"""Intervals hold what was planted as often as they say; tests err as seldom as they say.

A few hundred studies each; ``tests/bench/bench_calibration.py`` asks more.
"""

from __future__ import annotations

import pytest

from analysis.power.simulated import Layout
from tests.analysis.calibration import (
    IMAGES,
    PEOPLE,
    bootstrap_coverage,
    false_equivalence,
    false_positives,
    is_plausible,
    mean_coverage,
    mixed_coverage,
    mixed_false_positives,
)
from trials.simulation.behaviour import Behaviour


def test_bootstrap_intervals_hold_planted_values_at_their_rate() -> None:
    tally, _ = bootstrap_coverage(PEOPLE, Layout(), n=300, n_studies=200, n_resamples=400)
    assert len(tally) == 7
    for name, each in tally.items():
        assert is_plausible(each, 0.95), (name, each)


def test_the_bootstrap_of_a_mean_holds_it_at_its_rate() -> None:
    tally = mean_coverage(PEOPLE[0], Layout(), n=100, n_studies=120)
    assert is_plausible(tally["mean_interval"], 0.95)


def test_a_bootstrap_of_people_speaks_of_these_images_and_of_no_others() -> None:
    """The limit that docs/power.md tells: other images would have given other values."""
    layout = Layout(n_sets=4)
    options = {"n": 300, "n_studies": 100, "n_resamples": 300}
    everywhere, here = bootstrap_coverage(IMAGES, layout, **options)
    assert everywhere["accuracy"][0] < 0.75 * 100
    for name, each in here.items():
        assert is_plausible(each, 0.95, "less"), (name, each)


def test_the_mixed_model_holds_what_was_planted() -> None:
    names = dict(zip(("ResNet-50", "kNN"), IMAGES, strict=True))
    tally = mixed_coverage(names, Layout(n_sets=10), n=100, seeds=range(8))
    for name, each in tally.items():
        if name != "image":  # Laplace's approximation makes it about 4 % too small
            assert is_plausible(each, 0.95, "less"), (name, each)


def test_the_mixed_model_errs_where_people_differ_in_bias_but_for_the_plain_mean() -> None:
    """The limit that its specification tells; the model has no random slope."""
    biased = Behaviour(0.92, 0.55, sd_skill=0.3, sd_bias=0.9, sd_image=0.5)
    tally = mixed_false_positives(biased, Layout(n_sets=5), n=40, seeds=range(24))
    assert tally["b - a | AI wrong"][0] > 3
    assert is_plausible(tally["b - a | both alike"], 0.05, "greater")


@pytest.mark.parametrize("test", ["mann_whitney", "welch"])
@pytest.mark.parametrize("behaviour", [PEOPLE[0], IMAGES[0]])
def test_equal_conditions_seldom_seem_to_differ(test: str, behaviour: Behaviour) -> None:
    tally = false_positives(behaviour, Layout(), n=40, n_studies=300, test=test)
    assert is_plausible(tally[f"{test}, none"], 0.05)
    assert is_plausible(tally[f"{test}, holm"], 0.05, "greater")


def test_a_difference_of_the_margin_is_seldom_called_equivalent() -> None:
    tally = false_equivalence(4, n=60, n_studies=500)
    assert is_plausible(tally["TOST at the margin"], 0.05)
