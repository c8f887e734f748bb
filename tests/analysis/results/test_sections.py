"""The sections of the results page, its first tables, and the link of each number."""

from __future__ import annotations

import pytest
from pandas import concat

from analysis.codebook.anchors import ANCHORS, FIGURES
from analysis.figures.figure_texts import ALL_NAMES
from analysis.results import sections, sheets
from analysis.results.cells import estimate, number
from analysis.results.headline import arms_sheet, comparisons_sheet, result_words
from analysis.results.sections import OF_COLUMN, OF_FIGURE, OF_TABLE_COLUMN, sections_of
from analysis.results.sheets import panels_of
from tests.analysis.result_tables import NAN, make_tables

NAMES = ("ResNet-50", "kNN", "EMD-Corr")


def test_every_panel_has_a_section_and_its_numbers_lead_to_a_formula() -> None:
    panels = panels_of(make_tables(NAMES, rule="accuracy<=50"))
    made = sections_of(panels)
    assert [section.name for section in made] == list(sections.SECTIONS)
    parts = [part for section in made for part in section.parts]
    assert sorted(part.panel.title for part in parts) == sorted(panel.title for panel in panels)
    assert {part.anchor for part in parts} <= set(ANCHORS.values())
    assert all([head.words for head in part.heads] == part.panel.sheet.columns for part in parts)


def test_no_figure_title_or_column_is_without_its_place() -> None:
    assert set(OF_FIGURE) == set(FIGURES) == set(ALL_NAMES)
    titles = {sheets.OBSERVED, sheets.PREVALENCE, sheets.TESTS, "Exclusions", "Attrition"}
    assert titles <= set(sections.OF_TITLE)
    for table, key in [*OF_COLUMN.values(), *OF_TABLE_COLUMN.values()]:
        assert (f"{table}.{key}" if key else table) in ANCHORS


def test_a_column_of_the_team_leads_to_the_formula_of_its_own_number() -> None:
    parts = [part for each in sections_of(panels_of(make_tables(NAMES))) for part in each.parts]
    (part,) = [part for part in parts if part.panel.title == "Human-AI team"]
    assert {head.words: head.anchor for head in part.heads if "Team" in head.words} == {
        "Team": "team-complementarity",  # the natural mixture, without the tuning photos
        "Team − best of the others": "team-complementarity_low",
        "Team, mixture of the trials": "team-team",
    }


def test_the_first_table_says_who_was_compared_with_whom_and_who_was_not() -> None:
    sheet = arms_sheet(make_tables(NAMES), "all")
    compared, left = (sheet.columns.index(name) for name in ("Compared with", "Not compared with"))
    said = {row[0]: (row[compared], row[left]) for row in sheet.rows}
    assert said == {
        "ResNet-50": ("EMD-Corr", "kNN"),
        "kNN": ("none", "ResNet-50, EMD-Corr"),
        "EMD-Corr": ("ResNet-50", "kNN"),
    }
    assert [row[1] for row in sheet.rows] == ["40", "41", "42"]


def test_an_arm_that_was_compared_with_all_others_does_not_list_them() -> None:
    tables = make_tables(["A", "B", "C", "D"])
    row = tables["tests"].iloc[[0]]
    tables["tests"] = concat([row.assign(a="A", b=other) for other in "BCD"])
    sheet = arms_sheet(tables, "all")
    compared = sheet.columns.index("Compared with")
    assert [row[compared] for row in sheet.rows] == ["all others", "A", "A", "A"]


def test_where_all_arms_were_compared_no_column_says_which_were_not() -> None:
    tables = make_tables(["A", "B", "C"])
    row = tables["tests"].iloc[[0]]
    tables["tests"] = concat([row.assign(a=a, b=b) for a, b in ("AB", "AC", "BC")])
    columns = arms_sheet(tables, "all").columns
    assert "Compared with" in columns
    assert "Not compared with" not in columns


@pytest.mark.parametrize(("value", "said"), [(-0.04, "0.0"), (-0.05001, "−0.1"), (None, "–")])
def test_what_rounds_to_zero_has_no_sign(value: float | None, said: str) -> None:
    assert number(value) == said


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (66.7, 66.7 + 1e-12, "66.7 (no spread)"),
        (66.66, 66.74, "66.7 (66.7 to 66.7)"),
        (NAN, 66.7, "66.7"),
    ],
)
def test_an_interval_without_width_is_no_certainty(low: float, high: float, said: str) -> None:
    assert estimate(66.7, low, high) == said


def test_a_number_of_people_is_in_a_cell_only_where_it_is_not_that_of_the_row() -> None:
    tables = make_tables(["a"])
    tables["accuracy_by"]["n_participants"] = 4
    tables["accuracy_by"].loc[tables["accuracy_by"]["level"] == "wrong", "n_participants"] = 3
    panels = {panel.title: panel.sheet for panel in panels_of(tables, "all")}
    (row, _) = panels["Accuracy where the AI is right and where it is wrong"].rows
    assert row == ["a", "4", "90.0 (87.0 to 93.0)", "40.0 (37.0 to 43.0, n = 3)"]


def test_before_the_tests_nothing_is_said_of_comparisons() -> None:
    tables = make_tables(NAMES)
    tables["tests"] = tables["tests"].iloc[:0]
    assert "Compared with" not in arms_sheet(tables, "all").columns
    assert comparisons_sheet(tables, "all", 0.05) is None


@pytest.mark.parametrize(("n", "is_rough"), [(9, True), (10, False)])
def test_comparisons_of_few_people_say_what_they_assume(n: int, is_rough: bool) -> None:
    tables = make_tables(NAMES)
    tables["tests"]["n_b"] = n
    sheet = comparisons_sheet(tables, "all", 0.05)
    assert sheet is not None
    assert ("interval and p are rough" in sheet.caption) == is_rough


@pytest.mark.parametrize(
    ("difference", "p", "bound", "words"),
    [
        (3.0, 0.01, 0.05, "a is higher"),
        (-3.0, 0.01, 0.05, "b is higher"),
        (3.0, 0.05, 0.05, "not decided"),
        (3.0, 0.01, 0.005, "not decided"),
        (3.0, 0.01, None, "interim"),
        (NAN, NAN, 0.05, "no data"),
    ],
)
def test_a_result_is_said_in_words(
    difference: float, p: float, bound: float | None, words: str
) -> None:
    row = {"a": "a", "b": "b", "difference": difference, "twoway_p_holm": p}
    assert result_words(row, bound) == words


def test_tables_of_details_are_folded_and_those_beside_a_figure_are_not() -> None:
    parts = [part for each in sections_of(panels_of(make_tables(NAMES))) for part in each.parts]
    folded = {part.panel.title: part.is_folded for part in parts}
    assert folded["Tests"]
    assert not folded["Accuracy"]
    assert all(part.is_folded or part.panel.name for part in parts)
