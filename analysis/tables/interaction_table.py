"""How people used an interactive view, and how the AI's label changed. Pure pandas."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pandas import DataFrame

from analysis.stats.analysis_plan import Declared
from analysis.stats.analysis_sets import Sample

RT = "rt_ms"


def interaction_table(sample: Sample, declared: Declared) -> DataFrame:
    """Return one row per interactive condition for all answers, and for those with and without use.

    Answers count alike: a person who used the grid often has more answers in ``yes``.
    """
    return DataFrame(
        [row for name in declared.names for row in _rows(sample.answers_of(name), name)]
    )


def _rows(answers: DataFrame, condition: str) -> Iterator[dict[str, object]]:
    own = answers[answers["n_mask_changes"].notna()]
    if own.empty:
        return
    is_used = own["n_mask_changes"] > 0
    for used, those in (("all", own), ("yes", own[is_used]), ("no", own[~is_used])):
        yield {"condition": condition, "used": used} | _cells(those, len(own))


def _cells(those: DataFrame, n_all: int) -> dict[str, object]:
    is_other, was_right = those["is_other_label"] == 1, those["is_ai_correct"].astype(bool)
    is_right = those["is_shown_correct"] == 1
    n_better = int((is_other & ~was_right & is_right).sum())
    n_worse = int((is_other & was_right & ~is_right).sum())
    return {
        "n_participants": those["participant_id"].nunique(),
        "n_trials": len(those),
        "share": 100 * len(those) / n_all,
        "changes_mean": those["n_mask_changes"].mean(),
        "cells_mean": those.loc[those["n_cells"] > 0, "n_cells"].mean(),
        "rt_median": those[RT].median() if RT in those else np.nan,
        "accuracy": 100 * those["is_correct"].mean(),
        "n_other_label": int(is_other.sum()),
        "n_better": n_better,
        "n_worse": n_worse,
        "n_neither": int(is_other.sum()) - n_better - n_worse,
        "shown_accuracy": 100 * is_right.mean(),
        "ai_accuracy": 100 * was_right.mean(),
    }
