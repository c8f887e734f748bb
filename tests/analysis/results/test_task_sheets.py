"""The tables and figures of a task on the page: what is there, and why a number is not."""

from __future__ import annotations

import pytest
from pandas import DataFrame

from analysis.figures.figures import figure_bytes, figure_of
from analysis.results.sheets import Panel, panels_of
from analysis.results.study_tables import NOT_SHOWN
from analysis.results.task_sheets import AGREEMENT_TITLE, CONFIDENCE_TITLE, RELIANCE_TITLE
from analysis.tables.tables import tables_of
from tests.analysis import tasked
from tests.analysis.simulated import Frames, declared, row_of, simulate

Tables = dict[str, DataFrame]


def made(frames: Frames, **values: object) -> Tables:
    without = ("mixed_model", "detection_model")
    found = tasked.declared(**values)
    return tables_of(frames.responses, frames.people, frames.items, found, without=without)


@pytest.fixture(scope="module")
def advised() -> Tables:
    """Yes and No with confidence in percent, before and after the advice."""
    return made(tasked.advised(), confidence="percent")


@pytest.fixture(scope="module")
def chosen() -> Tables:
    """Choices with levels of confidence."""
    return made(tasked.chosen(), confidence="ordered")


def panels(tables: Tables) -> dict[str, Panel]:
    return {panel.title: panel for panel in panels_of(tables)}


def test_a_study_of_yes_and_no_alone_has_the_panels_that_it_had() -> None:
    frames = simulate(4)
    tables = tables_of(
        frames.responses, frames.people, frames.items, declared(), without=NOT_SHOWN
    )  # fmt: skip
    titles = set(panels(tables))
    assert not titles & {RELIANCE_TITLE, AGREEMENT_TITLE, CONFIDENCE_TITLE, "ROC curves of people"}


def test_the_page_shows_the_numbers_of_the_table(advised: Tables) -> None:
    sheet = panels(advised)[RELIANCE_TITLE].sheet
    own = row_of(advised["task_measures"], condition="kNN", measure="rair", analysed="kept")
    cells = dict(zip(sheet.columns, sheet.rows[1], strict=True))
    assert cells["RAIR"].startswith(f"{own['estimate']:.1f} ({own['low']:.1f} to")


def test_a_number_that_is_missing_has_its_reason_in_the_caption(
    advised: Tables, chosen: Tables
) -> None:
    sheet = panels(advised)[RELIANCE_TITLE].sheet
    assert sheet.rows[0][-1] == "–"
    reason = "– (Switched to the AI, RAIR, RSR in Alone): people did not see the AI"
    assert reason in sheet.caption
    caption = panels(chosen)[CONFIDENCE_TITLE].sheet.caption
    assert "– (Reader AUC): the task has more than two answers" in caption


def test_choices_have_their_classes_and_the_combination(chosen: Tables) -> None:
    found = panels(chosen)
    assert [row[0] for row in found["Choice by class"].sheet.rows] == list(tasked.CLASSES)
    assert found["People and AI combined"].sheet.rows[1][1] == "128"


def test_curves_have_a_row_a_condition_on_the_page(advised: Tables) -> None:
    roc = panels(advised)["ROC curves of people"].sheet
    rows = advised["reader_roc"].query(
        "condition == 'kNN' and occasion == 'final' and analysed == 'kept' and false_alarms <= 25"
    )
    assert (
        dict(zip(roc.columns, roc.rows[1], strict=True))["≤\u00a025\u00a0%"]
        == f"{rows['hits'].max():.1f}"
    )
    curve = panels(advised)["Confidence and correctness"].sheet
    first = advised["calibration"].query("occasion == 'final'").iloc[0]
    assert curve.columns[1] == "50 to 60"
    assert curve.rows[0][1] == f"{first['accuracy']:.1f} ({first['n_trials']})"


@pytest.mark.parametrize("name", ["calibration", "reader_roc"])
def test_curves_are_drawn_with_their_numbers_as_text(name: str, advised: Tables) -> None:
    figure = figure_of(name, advised)
    assert len(figure.axes) == 2
    assert "kNN: " in str(figure.get_label())
    assert figure_bytes(figure, "svg").startswith(b"<?xml")
