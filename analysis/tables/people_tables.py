"""Tables of what people did: measures, cells, times and images. The codebook defines the rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame

from analysis.stats.analysis_plan import Declared
from analysis.stats.analysis_sets import OF_ACCEPTING, RELIANCE, Sample
from analysis.stats.confidence import DIFFICULTIES
from analysis.stats.inference import (
    N_INTERVAL,
    Floats,
    Ints,
    mean_intervals,
    percentile_interval,
    resampled_sums,
)
from analysis.stats.measures import COUNTS, MEASURES, reliance
from analysis.stats.task_answers import is_choice

# An image is confusing if a smaller share of its answers is correct, over all conditions (the rule
# of the reference study).
CONFUSING_PERCENT = 25
AI_LEVELS = ("correct", "wrong")
PERCENT = (0, 100)  # limits of a mean in percent
UNLIMITED = ("d_prime", "criterion")
_HIGHEST = np.array([np.inf if measure in UNLIMITED else 100 for measure in MEASURES])
_LIMITS = (np.where(np.isinf(_HIGHEST), -np.inf, 0), _HIGHEST)
_ON_RIGHT, _ON_WRONG = (
    ("accuracy_ai_correct", "under_reliance"),
    ("accuracy_ai_wrong", "over_reliance"),
)


def measures_table(sample: Sample, declared: Declared) -> DataFrame:
    """Return each measure of each condition: over participants, and pooled over trials."""
    rows, is_chosen = [], is_choice(sample.answers)
    for condition in declared.conditions:
        people = sample.people_of(condition.name)
        counts = people[list(COUNTS)]
        columns = people[list(MEASURES)].to_numpy(dtype=float)
        low, high = mean_intervals(columns, seed=declared.seed, limits=_LIMITS)
        lost = (RELIANCE if condition.is_unaided else ()) + (OF_ACCEPTING if is_chosen else ())
        pooled = _pooled(counts, lost, declared.seed)
        for place, measure in enumerate(MEASURES):
            is_defined = ~np.isnan(columns[:, place])
            values = pd.Series(columns[is_defined, place])
            n_trials = _n_trials(counts, measure).to_numpy()
            over_people = (values.mean(), values.std(), low[place], high[place])
            is_pooled = (n_trials > 0) & ~np.isnan(pooled[measure][0])
            for weight, whose, numbers in (
                ("participants", is_defined, over_people),
                ("trials", is_pooled, pooled[measure]),
            ):
                rows.append(
                    {
                        "condition": condition.name,
                        "measure": measure,
                        "weight": weight,
                        "n_participants": int(whose.sum()),
                        "n_trials": int(n_trials[whose].sum()),
                        **dict(zip(("estimate", "sd", "low", "high"), numbers, strict=True)),
                    }
                )
    return DataFrame(rows)


def _pooled(
    counts: DataFrame, undefined: Collection[str], seed: int
) -> dict[str, tuple[float, float, float, float]]:
    """Return the pooled estimate, SD (none) and interval of each measure; trials weigh the same."""
    value = reliance(DataFrame([counts.sum()]))
    draws = reliance(DataFrame(resampled_sums(counts, seed=seed), columns=list(COUNTS)))
    pooled = {}
    for measure in MEASURES:
        low, high = percentile_interval(draws[measure].to_numpy(dtype=float))
        numbers = (float(value[measure].iloc[0]), np.nan, float(low), float(high))
        if measure in undefined:
            numbers = (np.nan,) * 4
        elif len(counts) < N_INTERVAL:
            numbers = (numbers[0], np.nan, np.nan, np.nan)
        pooled[measure] = numbers
    return pooled


def _n_trials(counts: DataFrame, measure: str) -> pd.Series:
    """Return how many of each person's trials a measure uses: one kind of AI answer, or both."""
    if measure in _ON_RIGHT:
        return counts["n_ai_correct"]
    if measure in _ON_WRONG:
        return counts["n_ai_wrong"]
    return counts["n_ai_correct"] + counts["n_ai_wrong"]


@dataclass(frozen=True, slots=True, eq=False)
class Factor:
    """A factor that splits the answers: each has a level (``codes``, −1 for none) of ``levels``."""

    name: str
    levels: tuple[str, ...]
    codes: Ints


def factors_of(answers: DataFrame) -> Iterator[Factor]:
    """Yield every factor for which the answers have the columns."""
    ai = np.where(answers["is_ai_correct"], 0, 1)
    hardness = _category_codes(answers, "difficulty")
    yield Factor("ai", AI_LEVELS, ai)
    yield Factor("difficulty", DIFFICULTIES, hardness)
    yield _crossed("difficulty_by_ai", Factor("", DIFFICULTIES, hardness), ai)
    if "prior_knowledge" in answers and answers["prior_knowledge"].notna().any():
        known = answers["prior_knowledge"].to_numpy()
        codes = np.select([known == 1, known == 0], [0, 1], -1)
        yield Factor("prior_knowledge", ("known", "unknown"), codes)
        yield _crossed("prior_knowledge_by_ai", Factor("", ("known", "unknown"), codes), ai)
    yield Factor("half", ("first", "second"), _category_codes(answers, "half"))
    if "block" in answers and answers["block"].notna().any():
        block = answers["block"].fillna(0).to_numpy(dtype=np.int64)
        yield Factor("block", tuple(str(n + 1) for n in range(block.max())), block - 1)
    place = answers["trial_index"].to_numpy(dtype=np.int64)
    yield Factor("position", tuple(str(n + 1) for n in range(place.max(initial=0))), place - 1)


def _category_codes(answers: DataFrame, column: str) -> Ints:
    return np.asarray(answers[column].cat.codes, dtype=np.int64)


def _crossed(name: str, factor: Factor, ai: Ints) -> Factor:
    levels = tuple(f"{level}, AI {kind}" for level in factor.levels for kind in AI_LEVELS)
    codes = np.where(factor.codes < 0, -1, len(AI_LEVELS) * factor.codes + ai)
    return Factor(name, levels, codes)


def accuracy_by_table(sample: Sample, declared: Declared) -> DataFrame:
    """Return accuracy in every cell: pooled, and the mean over participants who have the cell."""
    tables = []
    factors = list(factors_of(sample.answers))
    person = sample.answers["participant_id"].cat.codes.to_numpy(dtype=np.int64)
    is_correct = sample.answers["is_correct"].to_numpy()
    for condition in declared.names:
        rows = np.flatnonzero((sample.answers["condition"] == condition).to_numpy())
        _, people = np.unique(person[rows], return_inverse=True)
        cells = [
            cell_counts(people, factor.codes[rows], is_correct[rows], len(factor.levels))
            for factor in factors
        ]
        n_trials = np.hstack([n for n, _ in cells])  # (p, all levels of all factors)
        n_correct = np.hstack([correct for _, correct in cells])
        table = _cells_table(n_trials, n_correct, declared.seed)
        table.insert(0, "condition", condition)
        table.insert(1, "factor", [factor.name for factor in factors for _ in factor.levels])
        table.insert(2, "level", [level for factor in factors for level in factor.levels])
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def cell_counts(person: Ints, level: Ints, is_correct: object, n_levels: int) -> tuple[Ints, Ints]:
    """Count each participant's trials and correct answers in each level, ``(p, n_levels)`` each.

    ``person`` and ``level`` hold codes from 0, with level −1 for an answer in no level. All have
    shape ``(n,)``.
    """
    n_people = int(person.max(initial=-1)) + 1
    place = person * n_levels + level
    counts = [
        np.bincount(place[kind], minlength=n_people * n_levels).reshape(n_people, n_levels)
        for kind in (level >= 0, (level >= 0) & np.asarray(is_correct, dtype=bool))
    ]
    return counts[0], counts[1]


def _cells_table(n_trials: Ints, n_correct: Ints, seed: int) -> DataFrame:
    percent = 100 * _quotient(n_correct, n_trials)  # (p, cells)
    low, high = mean_intervals(percent, seed=seed, limits=PERCENT)
    people = DataFrame(percent)
    return DataFrame(
        {
            "n_participants": (n_trials > 0).sum(0),
            "n_trials": n_trials.sum(0),
            "accuracy_mean": people.mean(),
            "accuracy_sd": people.std(),
            "accuracy_low": low,
            "accuracy_high": high,
            "accuracy_pooled": 100 * _quotient(n_correct.sum(0), n_trials.sum(0)),
        }
    )


def _quotient(part: Ints, whole: Ints) -> Floats:
    quotient: Floats = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return quotient


def times_table(sample: Sample, declared: Declared) -> DataFrame:
    """Return the times of each condition in ms, one number per participant.

    For ``rt_ms`` and ``rt_clean_ms``, a participant's number is the median over their answers. For
    a stage (columns of people that end in ``_ms``), it is their time in the stage.
    """
    times = DataFrame({"condition": sample.people["condition"].to_numpy()})
    ids = sample.people["participant_id"].astype("str")
    for name in ("rt_ms", "rt_clean_ms"):
        if name in sample.answers:
            medians = sample.answers.groupby("participant_id", observed=True)[name].median()
            times[name] = medians.reindex(ids).to_numpy(dtype=float)
    for name in map(str, sample.people):
        if name.endswith("_ms") and name != "median_rt_ms":
            times[name] = sample.people[name].to_numpy(dtype=float, na_value=np.nan)
    names = [name for name in times if name != "condition"]
    rows = [
        row
        for condition in declared.names
        for row in _times_rows(times.loc[times["condition"] == condition, names], declared.seed)
    ]
    table = DataFrame(rows)
    table.insert(0, "condition", np.repeat(declared.names, len(names)))
    return table


def _times_rows(times: DataFrame, seed: int) -> list[dict[str, object]]:
    low, high = mean_intervals(times, seed=seed)
    return [
        {
            "measure": name,
            "n_participants": int(times[name].notna().sum()),
            "median": times[name].median(),
            "mean": times[name].mean(),
            "sd": times[name].std(),
            "low": low[place],
            "high": high[place],
        }
        for place, name in enumerate(times)
    ]


def images_table(sample: Sample, declared: Declared) -> DataFrame:
    """Return one row per image that a condition showed: its answers and people's agreement.

    Agreement is the share of pairs of people who gave the same answer (Fleiss 1971), in percent: (Σ
    n_k² − n) / (n² − n) over the clicks k; NaN for a single answer.
    """
    answers = sample.answers
    item = answers["item_id"].cat
    n_items = len(item.categories)
    condition = answers["condition"].cat.codes.to_numpy(dtype=np.int64)
    place = condition * n_items + item.codes.to_numpy(dtype=np.int64)
    is_correct, is_right = answers["is_correct"].to_numpy(), answers["is_ai_correct"].to_numpy()
    size = len(declared.names) * n_items
    n, n_correct, n_accepted = (
        np.bincount(place[kind], minlength=size)
        for kind in (slice(None), is_correct, is_correct == is_right)
    )
    n_all, correct_all = (
        entry.reshape(len(declared.names), n_items).sum(0) for entry in (n, n_correct)
    )
    seen = np.flatnonzero(n)
    arm, image = np.divmod(seen, max(1, n_items))
    pairs = n_accepted**2 + (n - n_accepted) ** 2 - n
    accuracy_all = 100 * _quotient(correct_all, n_all)
    sources = answers.drop_duplicates("item_id").set_index("item_id")["image"].astype("str")
    ids = item.categories[image]
    return DataFrame(
        {
            "item_id": ids,
            "image": sources.reindex(ids).to_numpy(),
            "condition": np.asarray(declared.names, dtype=object)[arm],
            "n_answers": n[seen],
            "accuracy": 100 * _quotient(n_correct, n)[seen],
            "agreement": 100 * _quotient(pairs, n**2 - n)[seen],
            "n_answers_all": n_all[image],
            "accuracy_all": accuracy_all[image],
            "is_confusing": accuracy_all[image] < CONFUSING_PERCENT,
        }
    )
