"""Figures of confidence: calibration and ROC curves, one small panel per condition."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from pandas import DataFrame

from analysis.figures.figure_grids import label_panels, panel_grid
from analysis.figures.figure_points import arms_of
from analysis.figures.figure_style import INK, looks_of

DIAGONAL: dict[str, Any] = {"color": INK, "lw": 0.9, "ls": (0, (4, 2)), "zorder": 1}
LEAST_AREA, MOST_AREA = 6.0, 60.0  # of a marker, in square points


def calibration_grid(rows: DataFrame) -> Figure:
    """Draw the share of right answers over mean confidence; marker areas are numbers of answers.

    ``rows`` are those of the table ``calibration``. The diagonal is perfect calibration; levels
    have none, because they are no probabilities.
    """
    figure = _curves(rows, "mean_confidence", "accuracy", has_sizes=True)
    is_percent = bool((rows["low"] < rows["high"]).all())
    for axes in figure.axes if is_percent else ():
        axes.plot([0, 100], [0, 100], **DIAGONAL)
        axes.set_xlim(rows["low"].min() - 3, 103)
    label_panels(figure, figure.axes, "Mean confidence", "Correct answers (%)")
    handles, names = [_answers(rows)], ["answers (area: how many)"]
    if is_percent:
        handles, names = [*handles, Line2D([], [], **DIAGONAL)], [*names, "perfect calibration"]
    figure.legend(handles, names, loc="outside upper left", ncols=2)
    return figure


def roc_grid(rows: DataFrame) -> Figure:
    """Draw hits over false alarms at each rating; ``rows`` are those of ``reader_roc``."""
    ends = [
        {"condition": name, "false_alarms": 0.0, "hits": 0.0, "threshold": float("inf")}
        for name in arms_of(rows)
    ]
    figure = _curves(_with(rows, ends), "false_alarms", "hits", has_sizes=False)
    for axes in figure.axes:
        axes.plot([0, 100], [0, 100], **DIAGONAL)
        axes.set_xlim(-3, 103)
    label_panels(
        figure, figure.axes, "False alarms: rated as high, AI wrong (%)", "Hits: AI right (%)"
    )
    handles = [_answers(rows), Line2D([], [], **DIAGONAL)]
    figure.legend(handles, ["ratings", "chance"], loc="outside upper left", ncols=2)
    return figure


def _with(rows: DataFrame, ends: list[dict[str, object]]) -> DataFrame:
    """Return the points of each curve with its beginning at no alarm and no hit."""
    columns = ["condition", "false_alarms", "hits", "threshold"]
    parts = [*rows[columns].astype({"condition": "str"}).to_dict("records"), *ends]
    return DataFrame(parts).sort_values("threshold", ascending=False, kind="stable")


def _answers(rows: DataFrame) -> Line2D:
    look = looks_of(arms_of(rows))[arms_of(rows)[0]]
    return Line2D([], [], lw=1.5, **look.marks)


def _curves(rows: DataFrame, x: str, y: str, *, has_sizes: bool) -> Figure:
    names = arms_of(rows)
    figure, panels = panel_grid(names)
    looks = looks_of(names)
    largest = float(rows["n_trials"].max()) if has_sizes else 1.0
    for name, axes in zip(names, panels, strict=True):
        own = rows[rows["condition"] == name]
        places, heights = own[x].to_numpy(float), own[y].to_numpy(float)
        axes.plot(places, heights, color=looks[name].colour, lw=1.5)
        sizes: Any = LEAST_AREA
        if has_sizes:
            sizes = (
                LEAST_AREA + (MOST_AREA - LEAST_AREA) * own["n_trials"].to_numpy(float) / largest
            )
        axes.scatter(places, heights, s=sizes, color=looks[name].colour, zorder=3, lw=0)
        axes.set_ylim(-3, 103)
    return figure
