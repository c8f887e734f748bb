"""The numbers of a published file for ``results.json``, and the teams' tables. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame

from analysis.stats.complementarity import Complementarity, Judged
from analysis.stats.confidence import DIFFICULTIES
from analysis.stats.team import Team

MEANS = (
    "accuracy_mean",
    "accuracy_sd",
    "balanced_accuracy_mean",
    "accuracy_ai_wrong_mean",
    "accuracy_ai_correct_mean",
    "over_reliance",
    "under_reliance",
    "n_accepted",
    "n_rejected",
)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Some of the participants: their rows, their measures, their sessions."""

    name: str
    responses: DataFrame
    people: DataFrame
    sessions: DataFrame

    def conditions(self) -> list[str]:
        """The file's conditions in the study's order, including those without people."""
        return [str(name) for name in self.people["condition"].cat.categories]

    def of(self, condition: str) -> DataFrame:
        """Return the participants of one condition."""
        return self.people[self.people["condition"] == condition]


@dataclass(frozen=True, slots=True, eq=False)
class Teams:
    """A sample's teams by condition: those of the published study, and the verdicts on them."""

    published: Mapping[str, Team]
    verdicts: Mapping[str, Complementarity]


def judged_of(sample: Sample) -> dict[str, Judged]:
    """Return each condition's answers, with participants and photos as codes."""
    rows = sample.responses
    image = pd.factorize(rows["image"])[0].astype(np.int64)
    judged = {}
    for name in sample.conditions():
        mine = (rows["condition"] == name).to_numpy()
        judged[name] = Judged(
            pd.factorize(rows.loc[mine, "participant_id"])[0].astype(np.int64),
            image[mine],
            rows.loc[mine, "ai_units"].to_numpy(),
            rows.loc[mine, "is_ai_correct"].to_numpy(dtype=bool),
            rows.loc[mine, "is_correct"].to_numpy(dtype=bool),
        )
    return judged


def results_of(
    everyone: Sample, kept: Sample, teams: Teams, tables: Mapping[str, DataFrame]
) -> dict[str, object]:
    """Return the content of ``results.json``: for kept participants, except the keys with ``raw``.

    A number that is not defined is ``None``.
    """
    accuracy, difficulty = (_kept(tables[f"{name}.csv"]) for name in ("accuracy", "difficulty"))
    means = accuracy.set_index("condition")
    levels = difficulty.set_index("condition")
    methods = {
        name: {
            "n_users_raw": len(everyone.of(name)),
            "n_users": len(kept.of(name)),
            "accuracy_raw_mean": plain(everyone.of(name)["accuracy"].mean()),
            **{key: plain(means.at[name, key]) for key in MEANS},
            "accuracy_by_difficulty": {item: plain(levels.at[name, item]) for item in DIFFICULTIES},
            "team": _team(teams, name) if name in teams.published else None,
        }
        for name in kept.conditions()
    }
    return {
        "n_users_raw": len(everyone.people),
        "n_users": len(kept.people),
        "methods": methods,
        "tests": _tests(_kept(tables["tests.csv"])),
    }


def _kept(table: DataFrame) -> DataFrame:
    return table[table["sample"] == "kept"]


def _tests(table: DataFrame) -> list[dict[str, object]]:
    rows = table[table["measure"] == "accuracy"].to_dict("records")
    return [
        {
            "pair": [row["condition_a"], row["condition_b"]],
            **{key: plain(row[key]) for key in ("u", "p", "p_holm", "cliffs_delta")},
            "two_way": {
                **{key: plain(row[f"twoway_{key}"]) for key in ("difference", "low", "high", "p")},
                "shares_photos": bool(row["shares_photos"]),
            },
        }
        for row in rows
    ]


def _team(teams: Teams, condition: str) -> dict[str, object]:
    team = teams.published[condition]
    curve, best = team.curve, team.best
    return {
        "threshold": plain(team.grid.values[best]),
        "ai_share": plain(curve.ai_share[best]),
        "ai_accuracy_on_share": plain(curve.ai_accuracy[best]),
        "human_accuracy_on_rest": plain(curve.human_accuracy[best]),
        "ai_alone": plain(team.ai_alone),
        "team": plain(curve.team[best]),
        "team_prevalence_corrected": plain(curve.team_prevalence_corrected[best]),
        "complementarity": _verdict(teams.verdicts[condition]),
    }


def _verdict(found: Complementarity) -> dict[str, object]:
    return {
        "value": plain(found.value),
        "low": plain(found.low),
        "high": plain(found.high),
        "verdict": found.verdict,
        "human_alone_natural": plain(found.human_alone),
        "ai_alone": plain(found.ai_alone),
        "ai_always": plain(found.ai_always),
        "team_natural": plain(found.team),
        "n_trials": found.n_trials,
        "n_people": found.n_people,
    }


def plain(value: Any) -> int | float | None:
    """Return a number that JSON can represent: an int, a float, or ``None`` for NaN."""
    if isinstance(value, (int, np.integer)):
        return int(value)
    return None if math.isnan(value) else float(value)


def team_table(teams: Mapping[str, Team], human_accuracy: Mapping[str, float]) -> DataFrame:
    """Return one row per condition: the team at the tuned threshold, with the AI and the people.

    ``human_accuracy`` is people's mean accuracy on all their trials. By the definition of the
    published study, a team is complementary if it is above both the AI alone and the people; empty
    if the team is not defined.
    """
    rows = []
    for condition, team in teams.items():
        best, human = team.best, human_accuracy[condition]
        row = _curve_rows(condition, team)[best]
        is_above = row["team"] > max(team.ai_alone, human)
        rows.append(
            {
                **row,
                "ai_alone": team.ai_alone,
                "ai_top1": team.ai_top1,
                "human_decides_all": human,
                "team_minus_ai_alone": row["team"] - team.ai_alone,
                "is_complementary": None if math.isnan(row["team"] + human) else is_above,
            }
        )
    return DataFrame(rows)


def curve_table(teams: Mapping[str, Team]) -> DataFrame:
    """Return one row per condition and threshold, with the bands over participants."""
    return DataFrame([row for name, team in teams.items() for row in _curve_rows(name, team)])


def _curve_rows(condition: str, team: Team) -> list[dict[str, Any]]:
    curve = team.curve
    columns = {
        "threshold": team.grid.values,
        "threshold_units": team.grid.units,
        "n_trials_below": team.n_trials,
        "ai_share": curve.ai_share,
        "ai_accuracy_on_share": curve.ai_accuracy,
        "human_accuracy_on_rest": curve.human_accuracy,
        "team": curve.team,
        "team_low": team.team_band[0],
        "team_high": team.team_band[1],
        "pool_ai_correct_on_rest": curve.pool_ai_correct,
        "trials_ai_correct_on_rest": curve.trials_ai_correct,
        "team_prevalence_corrected": curve.team_prevalence_corrected,
        "team_prevalence_corrected_low": team.corrected_band[0],
        "team_prevalence_corrected_high": team.corrected_band[1],
    }
    table = DataFrame(columns)
    table.insert(0, "condition", condition)
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]
