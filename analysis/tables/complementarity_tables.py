"""Tables of the verdict on a team: whether it is better than the AI and better than people."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame

from analysis.stats.analysis_plan import Declared, DeclaredCondition
from analysis.stats.analysis_sets import Sample
from analysis.stats.complementarity import ALPHA, Complementarity, Judged, complementarity_of
from analysis.stats.confidence import threshold_grid
from analysis.stats.team import Team
from analysis.tables.team_tables import TunedPool, confidence_units, team_table


def verdicts_of(
    sample: Sample,
    declared: Declared,
    pools: Mapping[str, TunedPool],
    *,
    p_bound: float = ALPHA,
) -> dict[str, Complementarity]:
    """Return the verdict on the team of each condition that saw an AI with a pool.

    ``p_bound`` is that of a planned look.

    People alone are those of the first unaided condition with the same AI. If there is none, they
    are the condition's own people, who saw the AI.
    """
    image = np.unique(sample.answers["item_id"].cat.codes, return_inverse=True)[1]
    verdicts = {}
    for place, each in enumerate(declared.conditions):
        if each.is_unaided or each.classifier not in pools:
            continue
        tuned = pools[each.classifier]
        twin = declared.unaided_twin(each)
        verdicts[each.name] = complementarity_of(
            tuned.pool,
            tuned.is_tuning,
            _judged(sample, each, image, tuned),
            threshold_grid(tuned.pool.scale),
            alone=None if twin is None else _judged(sample, twin, image, tuned),
            seed=(declared.seed, place),
            p_bound=p_bound,
        )
    return verdicts


def _judged(
    sample: Sample, condition: DeclaredCondition, image: np.ndarray, tuned: TunedPool
) -> Judged:
    rows = np.flatnonzero((sample.answers["condition"] == condition.name).to_numpy())
    answers = sample.answers.iloc[rows]
    person = np.unique(answers["participant_id"].cat.codes, return_inverse=True)[1]
    return Judged(
        person=person.astype(np.int64),
        image=image[rows].astype(np.int64),
        units=confidence_units(answers, tuned.pool.scale),
        is_ai_correct=answers["is_ai_correct"].to_numpy(dtype=bool),
        is_correct=answers["is_correct"].to_numpy(dtype=bool),
    )


def verdict_cells(found: Complementarity) -> dict[str, object]:
    """Return the cells of a verdict, by the column names of the table ``team``."""
    return {
        "team_natural": found.team,
        "human_alone_natural": found.human_alone,
        "ai_alone_natural": found.ai_alone,
        "ai_always": found.ai_always,
        "n_people_on_rest": found.n_people,
        "complementarity": found.value,
        "complementarity_low": found.low,
        "complementarity_high": found.high,
        "verdict": found.verdict,
    }


def team_and_verdict_table(
    sample: Sample,
    declared: Declared,
    teams: Mapping[str, Team],
    verdicts: Mapping[str, Complementarity],
) -> DataFrame:
    """Return one row per condition: the team at the AI's threshold, and the verdict on it."""
    table = team_table(sample, declared, teams)
    cells = DataFrame(
        [verdict_cells(verdicts[n]) if n in verdicts else {} for n in table["condition"]],
        index=table.index,
    )
    return pd.concat([table, cells], axis="columns")


def team_prevalence_table(verdicts: Mapping[str, Complementarity]) -> DataFrame:
    """Return one row per condition and share of right answers: the verdict's curve."""
    tables = []
    for condition, found in verdicts.items():
        curve = found.curve
        tables.append(
            DataFrame(
                {
                    "condition": condition,
                    "prevalence": 100 * curve.prevalence,
                    "team_natural": curve.scores.team,
                    "human_alone_natural": curve.scores.human_alone,
                    "ai_alone_natural": curve.scores.ai_alone,
                    "ai_always": curve.scores.ai_always,
                    "complementarity": curve.scores.complementarity,
                    "complementarity_low": curve.low,
                    "complementarity_high": curve.high,
                }
            )
        )
    columns = ["condition", "prevalence"]
    return pd.concat(tables, ignore_index=True) if tables else DataFrame(columns=columns)
