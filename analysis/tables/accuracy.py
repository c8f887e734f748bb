"""Accuracy of people in percent, one row per condition and sample. Pure pandas, no Django.

This is the narrow table that a reader opens first; ``people_tables`` has every measure.
``analysis_sets`` decides who is counted, so all tables are about the same people.
"""

from __future__ import annotations

from collections.abc import Iterable

from pandas import DataFrame

from analysis.stats.analysis_plan import Declared
from analysis.stats.analysis_sets import Sample
from analysis.stats.inference import mean_intervals

_MEANS = ("accuracy_ai_correct", "accuracy_ai_wrong")


def accuracy_table(samples: Iterable[Sample], declared: Declared) -> DataFrame:
    """Return one row per sample and condition, in the order of the declaration, in percent.

    Every number is a mean over participants; each has the same weight, whatever their number of
    trials. The interval is the same as in the table of measures: the percentile bootstrap over
    participants with the declared seed, or Student's t if they are few. A condition without
    participants has counts of 0 and NaN.
    """
    rows = [
        {"condition": name, "analysed": sample.name, **_numbers(sample.people_of(name), declared)}
        for sample in samples
        for name in declared.names
    ]
    return DataFrame(rows)


def _numbers(people: DataFrame, declared: Declared) -> dict[str, object]:
    accuracy = people[["accuracy"]].to_numpy(dtype=float)
    low, high = mean_intervals(accuracy, seed=declared.seed, limits=(0, 100))
    return {
        "n_participants": len(people),
        "n_simulated": int(people["is_simulated"].sum()),
        "n_trials": int(people["n_trials"].sum()),
        "accuracy_mean": people["accuracy"].mean(),
        "accuracy_sd": people["accuracy"].std(),
        "accuracy_low": float(low[0]),
        "accuracy_high": float(high[0]),
        **{f"{measure}_mean": people[measure].mean() for measure in _MEANS},
    }
