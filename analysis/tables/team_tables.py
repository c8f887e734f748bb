"""Tables of the AI alone, the people alone and the human-AI team."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame

from analysis.stats.analysis_plan import Declared, DeclaredCondition
from analysis.stats.analysis_sets import Sample, SampleRefused
from analysis.stats.confidence import PERCENT, Bools, Floats, Ints, Scale, threshold_grid
from analysis.stats.team import Pool, Team, team_of, trials_below, tuning_splits

_CURVE = (
    "threshold", "ai_share", "ai_accuracy", "human_accuracy", "n_trials", "team", "team_low",
    "team_high", "team_prevalence_corrected", "corrected_low", "corrected_high",
)  # fmt: skip
_PEOPLE_COLUMNS = _CURVE[3:4] + _CURVE[5:]  # columns that need people who saw the AI


@dataclass(frozen=True, slots=True, eq=False)
class TunedPool:
    """An AI's images, and which of them tune its threshold."""

    pool: Pool
    is_tuning: Bools


def pools_of(items: DataFrame, declared: Declared) -> dict[str, TunedPool]:
    """Return the declared classifiers' pools; an AI with fewer than two images, or without
    confidences, has none.

    Each AI's images are sorted by id and shuffled with the declared seed; the first ones tune its
    threshold. So AIs of the same pool are tuned on the same images, and neither the order of rows
    nor people's answers matter. Raises ``SampleRefused`` for an AI with two answers to an image, or
    with different numbers of voters.
    """
    pools = {}
    for classifier in dict.fromkeys(condition.classifier for condition in declared.conditions):
        mine = items[items["classifier"] == classifier].sort_values("item_id", kind="stable")
        if mine["item_id"].duplicated().any():
            raise SampleRefused(f"{classifier} answers an image twice; expected one row an image.")
        if len(mine) < 2 or mine["ai_confidence"].isna().any():
            continue
        scale = scale_of(mine["n_voters"], classifier)
        pool = Pool(
            mine["is_ai_correct"].to_numpy(dtype=bool), confidence_units(mine, scale), scale
        )
        n_tuning = min(max(1, round(declared.tuning_share * len(mine))), len(mine) - 1)
        split = tuning_splits(len(mine), (classifier,), n_tuning, declared.seed)[classifier]
        pools[classifier] = TunedPool(pool, split)
    return pools


def scale_of(n_voters: pd.Series, classifier: str) -> Scale:
    """Return the scale of an AI's confidence: votes of its number of voters, otherwise percent."""
    numbers = n_voters.unique()
    if len(numbers) > 1:
        raise SampleRefused(
            f"{classifier} has {', '.join(map(str, numbers))} voters; expected one number."
        )
    if pd.isna(numbers[0]):
        return PERCENT
    return Scale("votes", int(numbers[0]), is_whole=True)


def confidence_units(frame: DataFrame, scale: Scale) -> Ints:
    """Return confidences as whole numbers: votes are used directly, without division."""
    if scale is PERCENT:
        return PERCENT.units(frame["ai_confidence"].to_numpy(dtype=float))
    votes = frame["ai_votes"].to_numpy(dtype=float, na_value=np.nan)
    is_wrong = ~((votes >= 0) & (votes <= scale.n))
    if is_wrong.any():
        raise SampleRefused(f"{votes[is_wrong][0]} votes; expected 0 to {scale.n}, as voters.")
    return votes.astype(np.int64)


def teams_of(sample: Sample, declared: Declared, pools: Mapping[str, TunedPool]) -> dict[str, Team]:
    """Return the team of each condition whose AI has a pool."""
    teams = {}
    for condition in declared.conditions:
        if condition.classifier not in pools:
            continue
        tuned = pools[condition.classifier]
        answers = sample.answers_of(condition.name)
        grid = threshold_grid(tuned.pool.scale)
        people = trials_below(
            np.unique(answers["participant_id"].cat.codes, return_inverse=True)[1].astype(np.int64),
            confidence_units(answers, tuned.pool.scale),
            answers["is_ai_correct"].to_numpy(),
            answers["is_correct"].to_numpy(),
            grid,
        )
        teams[condition.name] = team_of(
            tuned.pool, tuned.is_tuning, people, grid, seed=declared.seed
        )
    return teams


def team_table(sample: Sample, declared: Declared, teams: Mapping[str, Team]) -> DataFrame:
    """Return one row per condition: the team at the AI's threshold, with the AI and the people."""
    rows = [
        _team_row(sample, declared, condition, teams.get(condition.name))
        for condition in declared.conditions
    ]
    return DataFrame(rows)


def _team_row(
    sample: Sample, declared: Declared, condition: DeclaredCondition, team: Team | None
) -> dict[str, object]:
    alone = declared.unaided_twin(condition) or condition
    row: dict[str, object] = {
        "condition": condition.name,
        "n_participants": int(sample.people_of(condition.name)["accuracy"].notna().sum()),
        "human_alone": pd.Series(sample.values(alone.name, "accuracy")).mean(),
        "human_alone_kind": "unaided" if alone.is_unaided else "after_ai",
    }
    if team is None:
        return row
    point = curve_rows(condition, team).iloc[team.best]
    return row | {
        **{name: point[name] for name in _CURVE if name.startswith(("team", "corrected"))},
        "threshold": point["threshold"],
        "n_votes": None if team.scale is PERCENT else int(team.grid.units[team.best]),
        "ai_share": point["ai_share"],
        "ai_accuracy_on_share": point["ai_accuracy"],
        "n_trials_on_rest": point["n_trials"],
        "human_accuracy_on_rest": point["human_accuracy"],
        "ai_top1": team.ai_top1,
        "ai_alone": team.ai_alone,
    }


def team_curve_table(sample: Sample, declared: Declared, teams: Mapping[str, Team]) -> DataFrame:
    """Return one row per condition and threshold, with 95 % bands over participants."""
    tables = [curve_rows(c, teams[c.name]) for c in declared.conditions if c.name in teams]
    return pd.concat(tables, ignore_index=True) if tables else DataFrame(columns=list(_CURVE))


def curve_rows(condition: DeclaredCondition, team: Team) -> DataFrame:
    """Return a condition's team at every threshold.

    In an unaided condition nobody saw the AI, so there is no team: only the AI has columns.
    """
    curve = team.curve
    columns: dict[str, Floats | Ints] = dict(
        zip(
            _CURVE,
            (
                team.grid.values, curve.ai_share, curve.ai_accuracy, curve.human_accuracy,
                team.n_trials, curve.team, *team.team_band, curve.team_prevalence_corrected,
                *team.corrected_band,
            ),
            strict=True,
        )
    )  # fmt: skip
    table = DataFrame(columns)
    if condition.is_unaided:
        table[list(_PEOPLE_COLUMNS)] = np.nan
    table.insert(0, "condition", condition.name)
    return table
