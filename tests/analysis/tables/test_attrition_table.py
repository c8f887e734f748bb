"""The table of people lost on the way, against counts by hand."""

from __future__ import annotations

import pytest
from pandas import DataFrame
from scipy import stats

from analysis.stats.analysis_plan import Declared, DeclaredCondition
from analysis.tables.tables import tables_of
from tests.analysis.simulated import declared
from tests.analysis.tables.test_tables import FRAMES


def lost(frame: DataFrame, condition: str, n: int, status: str) -> DataFrame:
    """Return ``n`` more people of a condition who did not complete."""
    one = frame[frame["condition"] == condition].iloc[[0] * n].assign(status=status)
    return one.assign(participant_id=[f"{status}-{condition}-{item}" for item in range(n)])


def test_people_lost_are_counted_by_stage_and_bound_the_difference() -> None:
    plan = declared()
    a, b = plan.pairs[0]
    people = FRAMES.people.astype({"status": "str", "participant_id": "str", "condition": "str"})
    frames = [people, lost(people, a, 3, "failed_validation"), lost(people, b, 2, "active")]
    whole = DataFrame([row for frame in frames for row in frame.to_dict("records")])
    found = tables_of(FRAMES.responses, whole, FRAMES.items, plan)["attrition"]
    rows = found[(found["a"] == a) & (found["b"] == b)].set_index("stage")
    n = [int((people["condition"] == item).sum()) for item in (a, b)]
    assert (rows["n_a"] == n[0] + 3).all()
    assert (rows["n_b"] == n[1]).all()
    assert rows["lost_a"].to_dict() == {"validation": 3, "attention": 0, "other": 0, "all": 3}
    p = stats.fisher_exact([[3, 0], n]).pvalue
    assert rows.loc["all", "p"] == pytest.approx(p)
    line = rows.loc["all"]
    assert line["lee_low"] <= line["difference"] <= line["lee_high"]
    assert rows["lee_low"].notna().sum() == 1


def test_a_pair_without_people_has_no_numbers() -> None:
    arms = tuple(DeclaredCondition(name, "knn") for name in ("x", "y"))
    empty = tables_of(
        FRAMES.responses.iloc[:0], FRAMES.people.iloc[:0], FRAMES.items, Declared(arms)
    )
    assert empty["attrition"]["p"].isna().all()
    assert len(empty["attrition"]) == 4
