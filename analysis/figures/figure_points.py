"""The numbers of each figure: tables in, points out. Pure pandas, nothing is drawn.

The figure, its text alternative and the table next to it read the same points, so that they agree.
``analysis.tables.tables`` defines the tables and their columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from pandas import DataFrame, isna

from analysis.stats.confidence import DIFFICULTIES

ALL, KEPT = "all", "kept"
POINT_COLUMNS: Final = [
    "condition", "series", "n_participants", "n_trials", "value", "sd", "low", "high"
]  # fmt: skip
AI_RIGHT, AI_WRONG = "AI right", "AI wrong"
OVER, UNDER = "Over-reliance: wrong AI accepted", "Under-reliance: right AI rejected"
CHANCE: Final = 50.0
MS_PER_S: Final = 1000.0
WITH_AWAY: Final = "rt_ms"
WITHOUT_AWAY: Final = "rt_clean_ms"

LEAST_PEOPLE: Final = 10  # for a curve over trials: each person adds one answer to a point

Tables = Mapping[str, DataFrame]


@dataclass(frozen=True, slots=True)
class Spec:
    """One figure: its table, a function that selects its points, and its texts.

    ``pick`` takes the rows of one value of ``analysed`` and returns ``POINT_COLUMNS``, with rows in
    the order of ``series``. ``chance`` is the value of guessing, if there is one.
    """

    title: str
    axis: str
    table: str
    pick: Callable[[DataFrame], DataFrame]
    series: tuple[str, ...]
    chance: float | None = None
    unit: str = "%"


def points_of(name: str, tables: Tables, analysed: str = KEPT) -> DataFrame:
    """Return the points of the figure ``name``, columns ``POINT_COLUMNS``; may be empty.

    ``analysed`` is ``kept`` (after exclusions) or ``all``; for a table without ``kept`` rows, all
    are used. Values are in the unit of ``SPECS[name]``; NaN is unknown. Raises ``KeyError`` for an
    unknown name.
    """
    spec = SPECS[name]
    if spec.table not in tables:
        return DataFrame(columns=POINT_COLUMNS)
    return spec.pick(analysed_rows(tables[spec.table], analysed)).reset_index(drop=True)


def analysed_rows(table: DataFrame, analysed: str = KEPT) -> DataFrame:
    """Return the rows after (``kept``) or before (``all``) the exclusions.

    If no rule excluded anybody, there are no ``kept`` rows, and all rows are returned.
    """
    chosen = table[table["analysed"] == analysed]
    return chosen if len(chosen) else table[table["analysed"] == ALL]


def twins_adjacent(names: Sequence[str]) -> list[list[str]]:
    """Return the conditions in their order, in groups: twins X-NN and X-Corr share a group.

    Twins judge the same AI on the same images and differ only in the boxes, so they are drawn next
    to each other.
    """
    groups: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        groups.setdefault(stem_of(name, names), []).append(name)
    return [sorted(group, key=lambda name: name.endswith("-Corr")) for group in groups.values()]


def stem_of(name: str, names: Sequence[str]) -> str:
    """Return the part of the name that twins share; the whole name without a twin."""
    for mine, other in (("-NN", "-Corr"), ("-Corr", "-NN")):
        stem = name.removesuffix(mine)
        if stem != name and stem + other in names:
            return stem
    return name


def _measures(named: Mapping[str, str]) -> Callable[[DataFrame], DataFrame]:
    """Select measures of participants; ``named`` maps each measure to the name of its series."""

    def pick(rows: DataFrame) -> DataFrame:
        of_people = rows[rows["weight"] == "participants"]
        return _stacked(of_people.rename(columns={"estimate": "value"}), "measure", named)

    return pick


def _levels(factor: str, named: Mapping[str, str]) -> Callable[[DataFrame], DataFrame]:
    """Select the levels of one factor of ``accuracy_by``."""

    def pick(rows: DataFrame) -> DataFrame:
        return _stacked(_accuracies(rows, factor), "level", named)

    return pick


def _accuracies(rows: DataFrame, factor: str) -> DataFrame:
    chosen = rows[rows["factor"] == factor]
    names = {"accuracy_mean": "value"}
    names |= {f"accuracy_{name}": name for name in ("sd", "low", "high")}
    return chosen.rename(columns=names)


def _positions(rows: DataFrame) -> DataFrame:
    """Select the positions in the test; their numbers are the series, in order."""
    chosen = _accuracies(rows, "position")
    places = chosen["level"].astype(int)
    named = {str(place): str(place) for place in sorted(places.unique())}
    return _stacked(chosen.assign(level=places.astype(str)), "level", named)


def _seconds(rows: DataFrame) -> DataFrame:
    """Select the response times: the mean over people of each person's median."""
    named = {time_shown(rows): "Time to answer"}
    points = _stacked(rows.rename(columns={"mean": "value"}), "measure", named)
    times = points[["value", "sd", "low", "high"]] / MS_PER_S
    return points.assign(**{str(name): times[name] for name in times})


def time_shown(rows: DataFrame) -> str:
    """Return the shown time: without time away from the page, if everyone who has a time has it.

    Otherwise it is the time with time away, so that nobody with a time is left out.
    """
    n, n_without_away = (n_timed(rows, measure) for measure in (WITH_AWAY, WITHOUT_AWAY))
    return WITHOUT_AWAY if n_without_away and n_without_away >= n else WITH_AWAY


def n_timed(rows: DataFrame, measure: str) -> int:
    """Return how many people have this time, over all conditions."""
    return int(rows.loc[rows["measure"] == measure, "n_participants"].sum())


def _stacked(rows: DataFrame, key: str, named: Mapping[str, str]) -> DataFrame:
    """Return the rows with a named ``key`` as points, ordered by series."""
    named_rows = rows[rows[key].isin(list(named))]
    places = named_rows[key].map({each: place for place, each in enumerate(named)}).to_numpy(int)
    points = named_rows.assign(series=named_rows[key].map(dict(named)).astype(str))
    in_order = points.iloc[np.argsort(places, kind="stable")]
    return in_order.reindex(columns=POINT_COLUMNS).astype(
        dict.fromkeys(("value", "sd", "low", "high"), float)
    )


def arms_of(points: DataFrame) -> list[str]:
    """Return the conditions of points in drawing order."""
    return [name for group in twins_adjacent(list(points["condition"])) for name in group]


def counted(n: Any) -> str:
    """Return ``n = 40``; empty if the number is hidden because arms are blinded."""
    return "" if isna(n) else f"n = {int(n)}"


def is_few(n: Any) -> bool:
    """Return whether a curve over trials is not drawn for so few people; NaN is not few."""
    return bool(n < LEAST_PEOPLE)


def pooled(points: DataFrame) -> tuple[int, float]:
    """Return the participants of all conditions and the mean over all of them.

    It is the mean of the conditions' means, weighted by their n; NaN without participants.
    """
    known = points[points["value"].notna() & (points["n_participants"] > 0)]
    if not len(known):
        return 0, float("nan")
    n = known["n_participants"].to_numpy(float)
    return int(n.sum()), float(np.average(known["value"], weights=n))


SPECS: Final[dict[str, Spec]] = {
    "accuracy": Spec(
        "Accuracy",
        "Correct answers (%)",
        "measures",
        _measures({"accuracy": "Correct answers"}),
        ("Correct answers",),
        CHANCE,
    ),
    "accuracy_by_ai": Spec(
        "Accuracy where the AI is right and where it is wrong",
        "Correct answers (%)",
        "accuracy_by",
        _levels("ai", {"correct": AI_RIGHT, "wrong": AI_WRONG}),
        (AI_RIGHT, AI_WRONG),
        CHANCE,
    ),
    "accuracy_by_difficulty": Spec(
        "Accuracy by difficulty",
        "Correct answers (%)",
        "accuracy_by",
        _levels("difficulty", {level: level for level in DIFFICULTIES}),
        DIFFICULTIES,
        CHANCE,
    ),
    "reliance": Spec(
        "Reliance on the AI",
        "Answers (%)",
        "measures",
        _measures({"over_reliance": OVER, "under_reliance": UNDER}),
        (OVER, UNDER),
    ),
    "time": Spec(
        "Time to answer",
        "Median time per answer (s)",
        "times",
        _seconds,
        ("Time to answer",),
        unit="s",
    ),
    "position": Spec(
        "Accuracy by place in the test",
        "Correct answers (%)",
        "accuracy_by",
        _positions,
        (),
        CHANCE,
    ),
}
