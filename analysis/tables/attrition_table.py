"""The table ``attrition``: people lost by condition and stage, and bounds of each difference."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from pandas import DataFrame

from analysis.stats.analysis_plan import Declared
from analysis.stats.analysis_sets import Sample
from analysis.stats.attrition import lee_bounds, lost_by_stage, lost_p, with_guesses

STAGE_OF: Final = {
    "failed_validation": "validation",
    "failed_attention": "attention",
    "returned": "other",
    "timed_out": "other",
    "withdrawn": "other",
}
ALL_STAGES: Final = "all"
GUESS: Final = {"accuracy": 50.0, "balanced_accuracy": 50.0}  # accuracy of guessing, in percent


def attrition_table(people: DataFrame, everyone: Sample, declared: Declared) -> DataFrame:
    """Return one row per declared pair and stage; ``people`` has all who began, with ``status``.

    People under way are not counted, because they may still complete. ``everyone`` is the sample of
    all who completed. The row for all stages has the difference with its bounds.
    """
    rows: list[dict[str, object]] = []
    # In a study within people, nobody is lost from one condition only.
    for pair in () if declared.is_within else declared.pairs:
        own = [people.loc[people["condition"] == name, "status"].astype("str") for name in pair]
        ended = [list(item[item != "active"]) for item in own]
        n = len(ended[0]), len(ended[1])
        counts = [lost_by_stage(item, STAGE_OF) for item in ended]
        stages = [(stage, (counts[0][stage], counts[1][stage])) for stage in counts[0]]
        stages.append((ALL_STAGES, (sum(counts[0].values()), sum(counts[1].values()))))
        for stage, lost in stages:
            row: dict[str, object] = {
                "a": pair[0],
                "b": pair[1],
                "measure": declared.measure,
                "stage": stage,
            }
            numbers = zip(("n_a", "n_b", "lost_a", "lost_b"), (*n, *lost), strict=True)
            more = _bounds(everyone, pair, declared.measure, n) if stage == ALL_STAGES else {}
            rows.append(
                {**row, **dict(numbers), "measure": declared.measure, "p": lost_p(lost, n), **more}
            )
    return DataFrame(rows)


def _bounds(
    everyone: Sample, pair: tuple[str, str], measure: str, n: tuple[int, int]
) -> dict[str, float]:
    values = [np.asarray(everyone.values(name, measure), dtype=float) for name in pair]
    a, b = (value[~np.isnan(value)] for value in values)
    low, high = lee_bounds(a, b, n)
    guess = GUESS.get(measure, math.nan)
    return {
        "difference": float(a.mean() - b.mean()) if a.size and b.size else math.nan,
        "lee_low": low,
        "lee_high": high,
        "all_randomised": with_guesses(a, n[0], guess) - with_guesses(b, n[1], guess),
    }
