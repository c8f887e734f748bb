"""How often intervals hold what was planted, and tests find what is not there.

``tests/analysis/power/test_calibration.py`` asks a few hundred studies, ``make bench`` many more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from scipy.stats import binomtest

from analysis.power.power import Scenario, rejections
from analysis.power.simulated import Counts, Layout, counts_on, simulated_responses
from analysis.stats.equivalence import tost
from analysis.stats.inference import mean_interval, percentile_interval, resampled_sums
from analysis.stats.laplace import Floats
from analysis.stats.mixed import KINDS, mixed_model
from trials.simulation.behaviour import Behaviour
from trials.simulation.chances import logit

Tally = dict[str, tuple[int, int]]  # name: how often it happened, of how many
MEASURES = (
    *("accuracy", "accuracy_ai_correct", "accuracy_ai_wrong", "balanced_accuracy"),
    *("over_reliance", "under_reliance"),
)
# Two conditions whose people differ, and two whose images do.
PEOPLE = (
    Behaviour(0.92, 0.55, sd_skill=0.5, sd_bias=0.4),
    Behaviour(0.85, 0.45, sd_skill=0.5, sd_bias=0.4),
)
IMAGES = (
    Behaviour(0.92, 0.55, sd_skill=0.3, sd_image=1.2),
    Behaviour(0.85, 0.45, sd_skill=0.3, sd_image=1.2),
)


def is_plausible(tally: tuple[int, int], rate: float, alternative: str = "two-sided") -> bool:
    """Whether so many of so many may be chance if the rate is the one given (p > 0.001)."""
    return bool(binomtest(*tally, rate, alternative).pvalue > 0.001)


def tallied(outcomes: Iterable[Mapping[str, bool]]) -> Tally:
    """Count how often each outcome is true."""
    rows = list(outcomes)
    return {name: (sum(row[name] for row in rows), len(rows)) for name in rows[0]}


def measures_of(sums: Floats, n: int, layout: Layout) -> dict[str, Floats]:
    """Return the measures in percent of sums ``(..., 2)`` over ``n`` participants."""
    n_right = int(layout.is_ai_correct.sum())
    n_wrong = layout.n_test - n_right
    right, wrong = sums[..., 0] / (n * n_right), sums[..., 1] / (n * n_wrong)
    values = {
        "accuracy": sums.sum(axis=-1) / (n * layout.n_test),
        "accuracy_ai_correct": right,
        "accuracy_ai_wrong": wrong,
        "balanced_accuracy": (right + wrong) / 2,
        "over_reliance": 1 - wrong,
        "under_reliance": 1 - right,
    }
    return {name: 100 * value for name, value in values.items()}


def bootstrap_coverage(
    behaviours: tuple[Behaviour, Behaviour],
    layout: Layout,
    *,
    n: int,
    n_studies: int,
    n_resamples: int,
    seed: int = 0,
) -> tuple[Tally, Tally]:
    """Count the 95 % participant bootstraps that hold the truth: over images, on these images.

    The measures are the first condition's; ``difference`` is that of the two accuracies.
    """
    rng = np.random.default_rng(seed)
    eases = layout.ease(behaviours, n_studies, rng)
    counts = [counts_on(b, layout, e, n, rng) for b, e in zip(behaviours, eases, strict=True)]
    everywhere = _truth([behaviour.measures() for behaviour in behaviours])
    right = layout.is_ai_correct
    rows: tuple[list[dict[str, bool]], ...] = ([], [])
    for study in range(n_studies):
        intervals = _intervals([count[study] for count in counts], n, layout, n_resamples, study)
        own = (e[study] for e in eases)
        here = _truth(
            [
                b.measures_on(e[:, right].ravel(), e[:, ~right].ravel())
                for b, e in zip(behaviours, own, strict=True)
            ]
        )
        for row, truth in zip(rows, (everywhere, here), strict=True):
            held = {k: bool(low <= truth[k] <= high) for k, (low, high) in intervals.items()}
            row.append(held)
    return tallied(rows[0]), tallied(rows[1])


def _truth(measures: list[dict[str, float]]) -> dict[str, float]:
    difference = measures[0]["accuracy"] - measures[1]["accuracy"]
    return {name: measures[0][name] for name in MEASURES} | {"difference": difference}


def _intervals(
    counts: list[Counts], n: int, layout: Layout, n_resamples: int, seed: int
) -> dict[str, tuple[Floats, Floats]]:
    draws = [
        measures_of(resampled_sums(each, n_resamples=n_resamples, seed=2 * seed + place), n, layout)
        for place, each in enumerate(counts)
    ]
    chosen = {name: draws[0][name] for name in MEASURES}
    chosen["difference"] = draws[0]["accuracy"] - draws[1]["accuracy"]
    return {name: percentile_interval(each) for name, each in chosen.items()}


def mean_coverage(behaviour: Behaviour, layout: Layout, *, n: int, n_studies: int) -> Tally:
    """Count the intervals of ``mean_interval`` that hold the population's mean accuracy."""
    rng, truth = np.random.default_rng(1), behaviour.measures()["accuracy"]
    ease = layout.ease([behaviour], n_studies, rng)[0]
    accuracies = 100 * counts_on(behaviour, layout, ease, n, rng).sum(-1) / layout.n_test
    ends = [mean_interval(each, seed=study) for study, each in enumerate(accuracies)]
    return tallied({"mean_interval": low <= truth <= high} for low, high in ends)


def mixed_coverage(
    behaviours: Mapping[str, Behaviour], layout: Layout, *, n: int, seeds: Iterable[int]
) -> Tally:
    """Count the Wald intervals of the mixed model that hold the planted log odds and SDs.

    The planted log odds hold at skill and ease 0, so the people must have no bias.
    """
    outcomes = []
    for seed in seeds:
        model = mixed_model(
            simulated_responses(behaviours, n_participants=n, layout=layout, seed=seed), seed=seed
        )
        assert not model.problem, model.problem
        rows = model.table.set_index("term")
        held = {
            term: bool(rows["low"][term] <= value <= rows["high"][term])
            for term, value in planted_terms(behaviours).items()
        }
        outcomes.append(held)
    return tallied(outcomes)


def planted_terms(behaviours: Mapping[str, Behaviour]) -> dict[str, float]:
    """Return what the mixed model should find."""
    wrong = {name: -logit(each.accept_wrong) for name, each in behaviours.items()}
    right = {name: logit(each.accept_right) for name, each in behaviours.items()}
    first, *others = behaviours
    terms = {"Intercept": wrong[first], "is_ai_correct": right[first] - wrong[first]}
    for name in others:
        pair = f"{name} - {first} | "
        terms[pair + KINDS[False]] = wrong[name] - wrong[first]
        terms[pair + KINDS[True]] = right[name] - right[first]
    spread = behaviours[first]
    return terms | {"participant": spread.sd_skill, "image": spread.sd_image}


def false_positives(
    behaviour: Behaviour, layout: Layout, *, n: int, n_studies: int, test: str = "mann_whitney"
) -> Tally:
    """Count what six equal conditions seem to show: of one declared test, of Holm's family."""
    tally: Tally = {}
    for correction in ("none", "holm"):
        scenario = Scenario((behaviour,) * 6, layout, test=test, correction=correction)  # type: ignore[arg-type]
        found = rejections(scenario, n, n_studies, np.random.default_rng(7))
        one = found[:, 0] if correction == "none" else found.any(axis=1)
        tally[f"{test}, {correction}"] = (int(one.sum()), n_studies)
    return tally


def mixed_false_positives(
    behaviour: Behaviour, layout: Layout, *, n: int, seeds: Iterable[int]
) -> Tally:
    """Count the contrasts of two equal conditions that the mixed model calls different."""
    outcomes = []
    for seed in seeds:
        people = dict.fromkeys(("a", "b"), behaviour)
        frame = simulated_responses(people, n_participants=n, layout=layout, seed=seed)
        table = mixed_model(frame).table
        contrasts = table[table["kind"] == "contrast"].set_index("term")["p"]
        outcomes.append({str(term): bool(p <= 0.05) for term, p in contrasts.items()})
    return tallied(outcomes)


def false_equivalence(points: float, *, n: int, n_studies: int) -> Tally:
    """Count the pairs called equivalent although they differ by just the margin."""
    rng = np.random.default_rng(8)
    a, b = rng.normal(70 + points, 8, (n_studies, n)), rng.normal(70, 10, (n_studies, n))
    results = (tost(x, y, points).is_equivalent is True for x, y in zip(a, b, strict=True))
    return tallied({"TOST at the margin": result} for result in results)
