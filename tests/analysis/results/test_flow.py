"""The flow of participants on the results page: its counts, its table, its drawing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pandas import DataFrame, Series
from pandas.testing import assert_frame_equal

from analysis.figures.figure_texts import figure_text
from analysis.figures.figures import figure_of
from analysis.results.flow import flow_of_all, flow_sheet, flow_table
from analysis.stats.exclusions import Rule, exclusion_table
from analysis.tables.consort import consort_table
from tests.analysis.tables.test_consort import ARMS, PERSON, RULES, people_of

Rows = list[tuple[str, str, str, bool | None, set[str]]]


def flow_of(rows: Rows) -> DataFrame:
    """Return the page's flow, and check it against the flow of an export."""
    people = people_of(rows)
    excluded = ["; ".join(sorted(row[4])) for row in rows]
    everybody = people.assign(excluded_by=Series(excluded, dtype="object"))
    completed = everybody[people["status"] == "completed"]
    table = exclusion_table(completed, [Rule.parse(rule) for rule in RULES], ARMS)
    flow = flow_table(people, ARMS, table, has_validation=True)
    named = dict(zip(people["participant_id"], excluded, strict=True))
    assert_frame_equal(flow, consort_table(people, ARMS, named, RULES))
    return flow


@given(st.lists(PERSON, max_size=30))
def test_the_flow_of_the_page_is_that_of_an_export(rows: Rows) -> None:
    flow = flow_of(rows)
    sheet = flow_sheet({"consort": flow}, "kept")
    for row in sheet.rows:
        assert int(row[-1]) == sum(map(int, row[1:-1]))


def test_the_flow_of_all_arms_tells_no_arm_apart_and_no_rule() -> None:
    flow = flow_of(
        [("kNN", "completed", "test", True, {RULES[0]}), (ARMS[1], "active", "test", None, set())]
    )
    whole = flow_of_all(flow, "All arms")
    sheet = flow_sheet({"consort": whole}, "kept")
    assert sheet.columns == ["People who", "All arms"]
    assert [row[1] for row in sheet.rows] == ["2", "1", "1", "1", "1"]
    said = [row[0] for row in flow_sheet({"consort": flow}, "kept").rows]
    assert "– accuracy of at most 50 %" in said
    assert figure_text("flow", {"consort": whole}) == "All arms: 2 gave consent, 1 completed."


def test_a_note_is_as_wide_as_the_drawing() -> None:
    note = "Simulated participants are included. Interim: no target number."
    arms = [f"Arm {n}" for n in range(4)]
    flow = consort_table(people_of([]), arms, {}, [], has_validation=False)
    for names, n_lines in ((arms, 1), (arms[:1], 2)):
        shown = {"consort": flow[flow["condition"].isin(names)]}
        written = figure_of("flow", shown, note=note).get_supxlabel().strip()
        assert written.count("\n") + 1 == n_lines
        assert written.replace("\n", " ") == note


def test_the_drawing_has_each_count_of_the_flow() -> None:
    rows: Rows = [("kNN", "completed", "test", True, {RULES[0]})] * 2
    flow = flow_of([*rows, ("kNN", "returned", "training", None, set())])
    texts = [text.get_text() for text in figure_of("flow", {"consort": flow}).axes[0].texts]
    assert "Gave consent: 3" in texts
    assert "Did not complete: 1\nreturned: 1" in texts
    assert "Excluded: 2\naccuracy of at most\n50\u00a0%: 2\nd′ of less than 0: 0" in texts
    assert "Analysed: 0" in texts
