"""The planned looks of a study: the table ``looks``, and the verdicts of the look that is reached.

Verdicts are the tests between conditions, and those on teams.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pandas import DataFrame

from analysis.codebook.interaction_columns import INTERACTION_TABLES
from analysis.codebook.table_columns import TABLES
from analysis.codebook.task_columns import TASK_TABLES
from analysis.codebook.team_columns import DEFER_TABLES
from analysis.stats.analysis_plan import Declared
from analysis.stats.looks import looks_of, people_at
from analysis.tables.tables import DTYPES, tables_of

# Tables of the teams at the AI's threshold, with the verdict on each.
TEAMS: Final = ("team", "team_curve", "team_prevalence")
# Tables with verdicts: reading one of them is a look.
TESTING: Final = (
    "tests", "differences", "equivalence", "detection_model", "mixed_model", "task_differences",
    *TEAMS,
)  # fmt: skip
_OTHERS: Final = (
    {*TABLES, *TASK_TABLES, *INTERACTION_TABLES, *DEFER_TABLES} - set(TESTING)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LookPlan:
    """The planned looks, and the people whose answers the verdicts may use.

    ``shares`` (0 to 1) ascend to 1, ``wanted`` is the planned number of people, ``reached`` the
    number of looks that are reached. ``participants`` is None for a closed study: everybody.
    """

    shares: tuple[float, ...]
    wanted: int
    reached: int
    participants: tuple[str, ...] | None

    @classmethod
    def from_json(cls, plan: Mapping[str, Any]) -> LookPlan:
        people = plan["participants"]
        return cls(
            tuple(plan["shares"]), plan["wanted"], plan["reached"],
            None if people is None else tuple(people),
        )  # fmt: skip

    @property
    def limited(self) -> tuple[str, ...]:
        """The tables that are only for the people of the look; none once the study is closed."""
        return () if self.participants is None else TESTING

    @property
    def p_bound(self) -> float:
        """The bound of p at the last look that is reached; 0 before the first one."""
        return looks_of(self.shares)[self.reached - 1].p if self.reached else 0.0


def looks_table(plan: LookPlan) -> DataFrame:
    """Return one row per planned look, with its bounds."""
    return DataFrame(
        [
            {
                "look": number,
                "share": look.share,
                "n_participants": people_at(look.share, plan.wanted),
                "alpha_spent": look.alpha_spent,
                "z_bound": look.z,
                "p_bound": look.p,
                "is_reached": number <= plan.reached,
            }
            for number, look in enumerate(looks_of(plan.shares), 1)
        ]
    )


def tables_at_look(
    responses: DataFrame,
    people: DataFrame,
    items: DataFrame,
    declared: Declared,
    plan: LookPlan,
    *,
    without: Collection[str] = (),
) -> dict[str, DataFrame]:
    """Return the tables of ``plan.limited`` for the people of the look; without rows before it."""
    wanted = [name for name in plan.limited if name not in without]
    if not plan.participants:
        return {name: _empty(name) for name in wanted}
    own, whose = (
        frame[frame["participant_id"].astype("str").isin(plan.participants)]
        for frame in (responses, people)
    )
    left_out = {*_OTHERS, *without}
    tables = tables_of(own, whose, items, declared, without=left_out, p_bound=plan.p_bound)
    return {name: tables[name] for name in wanted if name in tables}


def _empty(name: str) -> DataFrame:
    columns = {column.name: DTYPES[column.type] for column in (TABLES | TASK_TABLES)[name]}
    return DataFrame(columns=list(columns)).astype(columns)
