"""The declared tests: every pair of the family on the declared measure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame

from analysis.stats.analysis_plan import Declared
from analysis.stats.analysis_sets import Sample
from analysis.stats.crossed_measures import Crossed
from analysis.stats.inference import (
    Floats,
    holm,
    mean_draws,
    mean_interval,
    pairwise_tests,
    percentile_interval,
)
from analysis.stats.measures import MEASURES
from analysis.stats.twoway import TwoWay, arm_of, difference_of

_OF_TWO_GROUPS = ("u", "p", "p_holm", "cliffs_delta")


def pair_tests_table(sample: Sample, declared: Declared) -> DataFrame:
    """Return one row per pair of the family: the difference a − b, its intervals, its tests.

    The columns ``twoway_…`` treat people and photos as samples (``twoway``). ``low`` and ``high``
    come from resampling the participants of each condition; ``u``, ``p`` and ``cliffs_delta``
    compare participants. Both treat the photos as fixed. Holm's correction is over the family.
    Within people, the resampled values are each participant's differences, and tests of two
    groups of people are missing.
    """
    names, measure = declared.names, declared.measure
    values = {name: sample.values(name, measure) for name in names}
    draws = _people_draws(values, declared.seed)
    means = {name: pd.Series(each).mean() for name, each in values.items()}
    twoway = twoway_of(sample, declared, measure)
    corrected = holm([each.p for each in twoway])
    rows = []
    tests = pairwise_tests(values, declared.pairs)
    for test, both, p_holm in zip(tests, twoway, corrected, strict=True):
        a, b = test.pair
        low, high = _difference(draws[a], draws[b])
        if declared.is_within:
            low, high = _paired_interval(sample, declared, test.pair)
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
                **twoway_cells(both),
                "twoway_p_holm": p_holm,
                "u": test.u,
                "p": test.p,
                "p_holm": test.p_holm,
                "cliffs_delta": test.cliffs_delta,
            }
        )
    table = DataFrame(rows)
    return table.assign(**dict.fromkeys(_OF_TWO_GROUPS, np.nan)) if declared.is_within else table


def _paired_interval(
    sample: Sample, declared: Declared, pair: tuple[str, str]
) -> tuple[float, float]:
    """Return the interval over people of their own difference, of those who have both values."""
    a, b = (
        sample.people_of(name).set_index("participant_id")[declared.measure].astype(float)
        for name in pair
    )
    return mean_interval((a - b).to_numpy(), seed=declared.seed)


def twoway_cells(both: TwoWay) -> dict[str, float | bool]:
    """Return the cells of a two-way difference, by the column names of the table ``tests``."""
    return {
        "twoway_difference": both.difference,
        "twoway_low": both.low,
        "twoway_high": both.high,
        "twoway_p": both.p,
        "shares_photos": both.shares_photos,
    }


def differences_table(sample: Sample, declared: Declared) -> DataFrame:
    """Return one row per pair of the family and measure: the two-way difference."""
    crossed = crossed_of(sample, declared)
    counts = {
        name: sample.people_of(name)[list(MEASURES)].astype(float).notna().sum()
        for name in declared.names
    }
    rows = []
    for measure in MEASURES:
        found = twoway_of(sample, declared, measure, crossed)
        for (a, b), each in zip(declared.pairs, found, strict=True):
            sizes = [int(counts[name][measure]) for name in (a, b)]
            rows.append(
                {
                    "a": a,
                    "b": b,
                    "measure": measure,
                    "n_a": sizes[0],
                    "n_b": sizes[1],
                    "n_images": each.n_images,
                    "difference": each.difference,
                    "se": each.se,
                    "low": each.low,
                    "high": each.high,
                    "p": each.p,
                    "shares_photos": each.shares_photos,
                }
            )
    return DataFrame(rows)


def twoway_of(
    sample: Sample,
    declared: Declared,
    measure: str,
    crossed: Mapping[str, Crossed] | None = None,
) -> list[TwoWay]:
    """Return the differences of the declared pairs, with people and photos treated as samples.

    ``crossed`` (from ``crossed_of``) saves work if the caller has it. A condition in which nobody
    has the measure (reliance without an AI) has no difference from any other.
    """
    answers = crossed_of(sample, declared) if crossed is None else crossed
    has_it = {name: not np.isnan(sample.values(name, measure)).all() for name in declared.names}
    arms = {
        name: arm_of(each if has_it[name] else each.none(), measure)
        for name, each in answers.items()
    }
    return [
        difference_of(arms[a], arms[b], is_within=declared.is_within) for a, b in declared.pairs
    ]


def _people_draws(values: dict[str, Floats], seed: int) -> dict[str, Floats]:
    # One random stream per condition: conditions of the same size must not draw the same rows.
    return {
        name: _if_enough(each, mean_draws(each[~np.isnan(each), None], seed=(seed, k))[:, 0])
        for k, (name, each) in enumerate(values.items())
    }


def _if_enough(values: Floats, draws: Floats) -> Floats:
    """Return the draws, or NaN if fewer than two participants have a value."""
    return draws if (~np.isnan(values)).sum() > 1 else np.full_like(draws, np.nan)


def _difference(a: Floats, b: Floats) -> tuple[float, float]:
    low, high = percentile_interval(a - b)
    return float(low), float(high)


def crossed_of(sample: Sample, declared: Declared) -> dict[str, Crossed]:
    """Return each condition's answers by participant and image, for images that somebody saw."""
    _, images = np.unique(sample.answers["item_id"].cat.codes, return_inverse=True)
    crossed = {}
    for name in declared.names:
        rows = np.flatnonzero((sample.answers["condition"] == name).to_numpy())
        answers = sample.answers.iloc[rows]
        people = answers["participant_id"].cat.codes.to_numpy()
        if not declared.is_within:  # else a code is the same person in every condition
            people = np.unique(people, return_inverse=True)[1]
        crossed[name] = Crossed(
            person=people.astype(np.int64),
            image=images[rows].astype(np.int64),
            is_ai_correct=answers["is_ai_correct"].to_numpy(),
            is_correct=answers["is_correct"].to_numpy(),
        )
    return crossed
