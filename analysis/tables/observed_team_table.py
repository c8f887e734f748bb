"""The table of observed teams, in studies whose AI decides the photos of which it is sure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from pandas import DataFrame

from analysis.stats.analysis_plan import Declared
from analysis.stats.analysis_sets import Sample
from analysis.stats.observed_team import Interval, ObservedTeam, observed_team
from analysis.stats.team import Team
from analysis.tables.inference_tables import crossed_of

NOBODY = "no answers"


def defers(items: DataFrame) -> bool:
    """Return whether some AI leaves photos to people."""
    return "is_deferred" in items and bool(items["is_deferred"].notna().any())


def team_observed_table(
    sample: Sample, declared: Declared, *, items: DataFrame, teams: Mapping[str, Team]
) -> DataFrame:
    """Return one row per condition that defers; ``items`` has all photos of each AI."""
    answers = crossed_of(sample, declared)
    rows = []
    for condition in declared.conditions:
        mine = items[items["classifier"] == condition.classifier]
        if not len(mine) or not defers(mine):
            continue
        given = answers[condition.name]
        found = observed_team(
            mine["is_ai_correct"].to_numpy(dtype=bool),
            mine["is_deferred"].to_numpy(dtype=bool),
            given,
        )
        team = teams.get(condition.name)
        rows.append(
            {
                "condition": condition.name,
                "n_participants": int(np.unique(given.person).size),
                "n_trials": int(given.person.size),
                **_cells(found),
                "team_simulated": None
                if team is None or condition.is_unaided
                else float(team.curve.team[team.best]),
                "note": None if given.person.size else NOBODY,
            }
        )
    return DataFrame(rows)


def _cells(found: ObservedTeam) -> dict[str, object]:
    named = {
        "human": found.human,
        "human_natural": found.human_natural,
        "team": found.team,
        "team_natural": found.natural,
    }
    return {
        "n_images": found.n_images,
        "n_deferred": found.n_deferred,
        "ai_share": found.ai_share,
        "ai_accuracy_on_share": found.ai_accuracy,
        "ai_always": found.ai_always,
        **{key: cell for name, each in named.items() for key, cell in _ends(name, each)},
    }


def _ends(name: str, interval: Interval) -> Iterator[tuple[str, float]]:
    return zip((name, f"{name}_low", f"{name}_high"), interval, strict=True)
