"""Accuracy of people, one row a condition and kind of sample, in percent. Pure pandas, no Django.

The narrow table that a reader opens first; ``people_tables`` has every measure. Who counts is
decided by ``samples``, so that no two tables are about other people.
"""

from __future__ import annotations

from collections.abc import Iterable

from pandas import DataFrame

from analysis.stats.analysis_plan import Declared
from analysis.stats.analysis_sets import Sample
from analysis.stats.inference import mean_intervals

_MEANS = ("accuracy_ai_correct", "accuracy_ai_wrong")


def accuracy_table(samples: Iterable[Sample], declared: Declared) -> DataFrame:
    """Return one row a sample and condition, in the order of the declaration, in percent.

    Every figure is a mean over participants, each with the same weight whatever their number of
    trials. The interval is that of the table of measures: the percentile bootstrap over
    participants, drawn by the declared seed, or Student's t where they are few. A condition
    without any has counts of 0 and NaN.
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
