"""The declared tests: every pair of the family on the declared measure."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas import DataFrame

from analysis.stats.analysis_plan import Declared
from analysis.stats.analysis_sets import Sample
from analysis.stats.inference import Floats, mean_draws, pairwise_tests, percentile_interval
from analysis.stats.twoway import Crossed, twoway_draws


def pair_tests_table(sample: Sample, declared: Declared) -> DataFrame:
    """Return one row a pair of the family: the difference a − b, its intervals, its test.

    ``low`` and ``high`` draw participants, each condition its own; ``twoway_low`` and
    ``twoway_high`` draw images too. Holm's correction goes over the family.
    """
    names, measure = declared.names, declared.measure
    values = {name: sample.values(name, measure) for name in names}
    draws = _people_draws(values, declared.seed)
    twoway = _twoway_draws(sample, values, declared)
    means = {name: pd.Series(each).mean() for name, each in values.items()}
    rows = []
    for test in pairwise_tests(values, declared.pairs):
        a, b = test.pair
        low, high = _difference(draws[a], draws[b])
        twoway_low, twoway_high = _difference(twoway[a], twoway[b])
        rows.append(
            {
                "a": a,
                "b": b,
                "measure": measure,
                "n_a": test.n[0],
                "n_b": test.n[1],
                "difference": means[a] - means[b],
                "low": low,
                "high": high,
                "twoway_low": twoway_low,
                "twoway_high": twoway_high,
                "u": test.u,
                "p": test.p,
                "p_holm": test.p_holm,
                "cliffs_delta": test.cliffs_delta,
            }
        )
    return DataFrame(rows)


def _people_draws(values: dict[str, Floats], seed: int) -> dict[str, Floats]:
    # A stream of draws a condition: two of the same size must not draw the same places.
    return {
        name: _if_enough(each, mean_draws(each[~np.isnan(each), None], seed=(seed, k))[:, 0])
        for k, (name, each) in enumerate(values.items())
    }


def _twoway_draws(
    sample: Sample, values: dict[str, Floats], declared: Declared
) -> dict[str, Floats]:
    draws = twoway_draws(crossed_of(sample, declared), declared.measure, seed=declared.seed)
    return {name: _if_enough(values[name], each) for name, each in draws.items()}


def _if_enough(values: Floats, draws: Floats) -> Floats:
    """Return the draws, or NaN if fewer than two participants have a value."""
    return draws if (~np.isnan(values)).sum() > 1 else np.full_like(draws, np.nan)


def _difference(a: Floats, b: Floats) -> tuple[float, float]:
    low, high = percentile_interval(a - b)
    return float(low), float(high)


def crossed_of(sample: Sample, declared: Declared) -> dict[str, Crossed]:
    """Return each condition's answers by participant and image; only images that somebody saw."""
    _, images = np.unique(sample.answers["item_id"].cat.codes, return_inverse=True)
    crossed = {}
    for name in declared.names:
        rows = np.flatnonzero((sample.answers["condition"] == name).to_numpy())
        answers = sample.answers.iloc[rows]
        people = np.unique(answers["participant_id"].cat.codes, return_inverse=True)[1]
        crossed[name] = Crossed(
            person=people.astype(np.int64),
            image=images[rows].astype(np.int64),
            is_ai_correct=answers["is_ai_correct"].to_numpy(),
            is_correct=answers["is_correct"].to_numpy(),
        )
    return crossed
