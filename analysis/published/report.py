"""All numbers of a published file: tidy rows in, ``results.json`` and tables out. Pure.

Every table is made twice: for all participants, and for those whom no rule excludes. The column
``sample`` says which. Percentages are 0 to 100.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from pandas import DataFrame, Series

from analysis.published.checks import stage_times
from analysis.published.responses import JUDGED_AI, Published
from analysis.published.results import Sample, Teams, curve_table, judged_of, results_of, team_table
from analysis.stats.complementarity import complementarity_of
from analysis.stats.confidence import threshold_grid
from analysis.stats.exclusions import Rule, exclusion_table, rules_apply
from analysis.stats.inference import (
    mean_interval,
    pairwise_tests,
    percentile_interval,
    resampled_sums,
)
from analysis.stats.measures import (
    COUNTS,
    accuracy_by,
    difficulty_means,
    halves,
    image_accuracy,
    participant_measures,
    pooled_measures,
    reliance,
)
from analysis.stats.team import SEED, Pool, team_of, trials_below, tuning_splits
from analysis.stats.twoway import arm_of, difference_of
from analysis.tables.complementarity_tables import team_prevalence_table, verdict_cells
from analysis.tables.inference_tables import twoway_cells

TESTED = ("accuracy", "balanced_accuracy")
_TEST_COLUMNS = ["measure", "condition_a", "condition_b", "n_a", "n_b"]
_TEST_COLUMNS += ["u", "p", "p_holm", "cliffs_delta"]
_TEST_COLUMNS += ["twoway_difference", "twoway_low", "twoway_high", "twoway_p", "shares_photos"]
POOLED = ("over_reliance", "under_reliance", "accept_rate", "d_prime", "criterion")


@dataclass(frozen=True, slots=True)
class Settings:
    """Options of the analysis: who is excluded, and how thresholds are tuned and compared."""

    rules: tuple[Rule, ...] = ()
    n_tuning: int | None = None
    paper: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """``results`` is the content of ``results.json``; ``tables`` is keyed by file names."""

    results: dict[str, object]
    tables: dict[str, DataFrame]


def report_of(
    published: Published,
    pools: Mapping[str, Pool] | None = None,
    is_named: Series | None = None,
    settings: Settings | None = None,
) -> Report:
    """Analyse a file of responses, with the AIs' pool if there is one.

    ``is_named`` marks the sessions (index of ``published.sessions``) that are excluded by id.
    Without a pool there are no teams. Raises ``ValueError`` for a pool that is too small.
    """
    chosen = settings or Settings()
    everyone, kept = _samples(published, is_named, chosen.rules)
    samples = (everyone, kept)
    teams = {
        sample.name: _teams(sample, pools, chosen, published.schema.n_tuning) for sample in samples
    }
    tables = {
        "participants.csv": _participants_table(everyone),
        "exclusions.csv": exclusion_table(everyone.people, chosen.rules),
        "accuracy.csv": _of_both(samples, _accuracy_table),
        "cells.csv": _of_both(samples, _cells_table),
        "difficulty.csv": _of_both(samples, _difficulty_table),
        "tests.csv": _of_both(samples, _tests_table),
        "times.csv": _of_both(samples, lambda sample: stage_times(sample.sessions)),
        "images.csv": _of_both(samples, lambda sample: image_accuracy(sample.responses)),
        "oddities.csv": DataFrame(published.oddities, columns=["what", "n_affected", "done"]),
    }
    if pools is not None:
        tables["team.csv"] = _of_both(samples, lambda each: _team_table(each, teams[each.name]))
        tables["team_curve.csv"] = _of_both(
            samples, lambda each: _with_n(each, curve_table(teams[each.name].published))
        )
        tables["team_prevalence.csv"] = _of_both(
            samples, lambda each: team_prevalence_table(teams[each.name].verdicts)
        )
    results = results_of(everyone, kept, teams["kept"], tables)
    return Report(results, tables)


def _samples(
    published: Published, is_named: Series | None, rules: Sequence[Rule]
) -> tuple[Sample, Sample]:
    responses, sessions = published.responses, published.sessions
    present = [name for name in JUDGED_AI if (sessions["condition"] == name).any()]
    people = participant_measures(responses).merge(
        sessions[["participant_id", "person_id", "session_number"]], on="participant_id"
    )
    people["condition"] = pd.Categorical(people["condition"].astype("str"), present, ordered=True)
    named = set() if is_named is None else set(sessions.loc[is_named, "participant_id"])
    people["excluded_by"] = rules_apply(people, rules, people["participant_id"].isin(named))
    kept = people[people["excluded_by"] == ""]
    inside = {name: frame["participant_id"].isin(kept["participant_id"]) for name, frame in (
        ("responses", responses), ("sessions", sessions))}  # fmt: skip
    return (
        Sample("all", responses, people, sessions),
        Sample("kept", responses[inside["responses"]], kept, sessions[inside["sessions"]]),
    )


def _of_both(samples: Sequence[Sample], make: Callable[[Sample], DataFrame]) -> DataFrame:
    tables = [make(sample) for sample in samples]
    for sample, table in zip(samples, tables, strict=True):
        table.insert(0, "sample", sample.name)
    return pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)


def _participants_table(everyone: Sample) -> DataFrame:
    first = ["participant_id", "person_id", "session_number", "condition", "excluded_by"]
    return everyone.people[[*first, *(c for c in everyone.people if c not in first)]]


def _accuracy_table(sample: Sample) -> DataFrame:
    pooled = pooled_measures(sample.responses)
    rows = []
    for condition in sample.conditions():
        people = sample.of(condition)
        low, high = mean_interval(people["accuracy"])
        rows.append(
            {
                "condition": condition,
                "n_participants": len(people),
                "n_trials": int(people["n_trials"].sum()),
                "accuracy_mean": people["accuracy"].mean(),
                "accuracy_sd": people["accuracy"].std(),
                "accuracy_low": low,
                "accuracy_high": high,
                "balanced_accuracy_mean": people["balanced_accuracy"].mean(),
                "accuracy_ai_correct_mean": people["accuracy_ai_correct"].mean(),
                "accuracy_ai_wrong_mean": people["accuracy_ai_wrong"].mean(),
                "n_accepted": _count(pooled, condition, "n_accepted"),
                "n_rejected": _count(pooled, condition, "n_rejected"),
                **_pooled_intervals(people),
            }
        )
    return DataFrame(rows)


def _count(table: DataFrame, condition: str, column: str) -> int:
    return int(table[column].get(condition, 0))


def _pooled_intervals(people: DataFrame) -> dict[str, float]:
    """Return the pooled rates with their 95 % bootstrap intervals over participants."""
    counts = people[list(COUNTS)]
    value = reliance(DataFrame([counts.sum()]))
    draws = reliance(DataFrame(resampled_sums(counts), columns=list(COUNTS)))
    cells: dict[str, float] = {}
    for name in POOLED:
        low, high = percentile_interval(draws[name].to_numpy(dtype=float))
        cells[name] = float(value[name].iloc[0])
        cells[f"{name}_low"], cells[f"{name}_high"] = float(low), float(high)
    return cells


def _cells_table(sample: Sample) -> DataFrame:
    """Return accuracy in every requested cell, under the name of the split."""
    frame = sample.responses.assign(half=halves(sample.responses))
    splits = [["is_ai_correct"], ["difficulty"], ["is_ai_correct", "difficulty"], ["half"]]
    if "is_known" in frame:
        splits += [["is_known"], ["is_known", "is_ai_correct"]]
    return pd.concat([accuracy_by(frame, by) for by in splits], ignore_index=True)


def _difficulty_table(sample: Sample) -> DataFrame:
    means = difficulty_means(sample.responses).reindex(sample.conditions()).reset_index()
    return _with_n(sample, means)


def _with_n(sample: Sample, table: DataFrame) -> DataFrame:
    n_people = {name: len(sample.of(name)) for name in sample.conditions()}
    table.insert(1, "n_participants", table["condition"].astype("str").map(n_people))
    return table


def _tests_table(sample: Sample) -> DataFrame:
    answers = judged_of(sample)
    arms = {
        measure: {name: arm_of(each.crossed, measure) for name, each in answers.items()}
        for measure in TESTED
    }
    rows = [
        {
            "measure": measure,
            "condition_a": test.pair[0],
            "condition_b": test.pair[1],
            "n_a": test.n[0],
            "n_b": test.n[1],
            "u": test.u,
            "p": test.p,
            "p_holm": test.p_holm,
            "cliffs_delta": test.cliffs_delta,
            **twoway_cells(difference_of(*(arms[measure][name] for name in test.pair))),
        }
        for measure in TESTED
        for test in pairwise_tests(_values(sample, measure))
    ]
    return DataFrame(rows, columns=_TEST_COLUMNS)


def _values(sample: Sample, measure: str) -> dict[str, Series]:
    return {condition: sample.of(condition)[measure] for condition in sample.conditions()}


def _team_table(sample: Sample, teams: Teams) -> DataFrame:
    people = {name: float(sample.of(name)["accuracy"].mean()) for name in sample.conditions()}
    table = team_table(teams.published, people)
    found = [teams.verdicts[name] for name in table["condition"]]
    cells = DataFrame([verdict_cells(item) for item in found], index=table.index)
    return _with_n(sample, pd.concat([table, cells], axis="columns"))


def _teams(
    sample: Sample, pools: Mapping[str, Pool] | None, settings: Settings, n_tuning: int
) -> Teams:
    if pools is None:
        return Teams({}, {})
    n_images = next(iter(pools.values())).units.size
    wanted = n_tuning if settings.n_tuning is None else settings.n_tuning
    splits = tuning_splits(n_images, tuple(pools), wanted)
    teams, verdicts = {}, {}
    answers = judged_of(sample)
    for place, condition in enumerate(sample.conditions()):
        ai = JUDGED_AI[condition]
        grid = threshold_grid(pools[ai].scale, paper=settings.paper)
        mine = answers[condition]
        people = trials_below(mine.person, mine.units, mine.is_ai_correct, mine.is_correct, grid)
        teams[condition] = team_of(pools[ai], splits[ai], people, grid)
        # The published study has no verdict; the verdict uses integer thresholds.
        exact = threshold_grid(pools[ai].scale)
        verdicts[condition] = complementarity_of(
            pools[ai], splits[ai], mine, exact, seed=(SEED, place)
        )
    return Teams(teams, verdicts)
