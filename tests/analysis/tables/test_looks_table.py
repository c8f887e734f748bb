"""The tables of the look that is reached: its people, and its bound of the verdict on teams."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas import DataFrame

from analysis.results.team_sheets import team_sheet, undecided
from analysis.stats.analysis_plan import Declared, DeclaredCondition
from analysis.stats.looks import looks_of
from analysis.tables.looks_table import TEAMS, TESTING, LookPlan, tables_at_look
from analysis.tables.tables import tables_of
from tests.analysis.simulated import simulate

TWINS = tuple(DeclaredCondition(name, "emd-corr") for name in ("EMD-NN", "EMD-Corr"))
DECLARED = Declared(TWINS, tuning_share=0.4)
SHARES = (0.3, 0.5, 1.0)
OTHERS = [name for name in TESTING if name not in TEAMS]
SURE = 14  # votes; this AI is always right from there on, and else one time in three


def _good_team() -> tuple[DataFrame, DataFrame, DataFrame]:
    """Return answers, people and items of people who are good only where the AI is not sure."""
    frames = simulate(24, n_trials=30, conditions=TWINS, seed=2)
    answers, rng = frames.responses, np.random.default_rng(2)
    for frame in (frames.items, answers):
        is_third = frame["item_id"].astype("str").map(lambda item: int(item, 16) % 3 == 0)
        frame["is_ai_correct"] = (frame["ai_votes"] >= SURE).to_numpy(dtype=bool) | is_third
    is_sure = (answers["ai_votes"] >= SURE).to_numpy(dtype=bool)
    answers["is_correct"] = rng.random(len(answers)) < np.where(is_sure, 0.5, 0.85)
    return answers, frames.people, frames.items


ANSWERS, PEOPLE, ITEMS = _good_team()
FIRST = tuple(PEOPLE.groupby("condition", sort=False).head(20)["participant_id"].astype(str))


def at_look(reached: int, participants: tuple[str, ...] = FIRST) -> dict[str, DataFrame]:
    """Return the tables of teams at a look."""
    plan = LookPlan(SHARES, 48, reached, participants)
    return tables_at_look(ANSWERS, PEOPLE, ITEMS, DECLARED, plan, without=OTHERS)


def test_teams_are_those_of_the_looks_people_at_the_looks_bound() -> None:
    own, whose = (frame[frame["participant_id"].isin(FIRST)] for frame in (ANSWERS, PEOPLE))
    found, p = at_look(2), looks_of(SHARES)[1].p
    assert list(found) == list(TEAMS)
    expected = tables_of(own, whose, ITEMS, DECLARED, without=OTHERS, p_bound=p)
    for name in TEAMS:
        pd.testing.assert_frame_equal(found[name], expected[name])
    assert found["team"]["n_participants"].max() == 20


def test_an_early_look_needs_more_than_an_interval_above_zero() -> None:
    early, late = (at_look(reached)["team"] for reached in (1, 3))
    assert (early["complementarity_low"] > 0).all()
    assert early["complementarity_low"].equals(late["complementarity_low"])
    assert (set(early["verdict"]), set(late["verdict"])) == ({"no"}, {"yes"})


def test_before_the_first_look_there_is_no_team() -> None:
    assert all(table.empty for table in at_look(0, ()).values())


def test_without_a_look_the_page_says_interim() -> None:
    assert undecided({}) == {}
    tables = at_look(3) | {"exclusions": DataFrame({"rule": []})}
    said = [row[10] for row in team_sheet(undecided(tables), "all").rows]
    assert set(said) == {"interim"}
