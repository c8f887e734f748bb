"""The figures of a study's results: tables in, figures out. No Django, no pyplot.

Equal tables give equal bytes. A figure whose table is missing is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from matplotlib.figure import Figure
from pandas import DataFrame

from analysis.figures.figure_flow import flow_figure
from analysis.figures.figure_grids import position_grid, team_grid
from analysis.figures.figure_points import KEPT, Tables, analysed_rows, points_of
from analysis.figures.figure_rows import beside, paired, single
from analysis.figures.figure_style import (
    FORMATS,
    LINE_POINTS,
    WIDTH,
    described,
    figure_bytes,
    style,
    wrapped,
)
from analysis.figures.figure_tasks import calibration_grid, roc_grid
from analysis.figures.figure_texts import (
    ALL_NAMES,
    CALIBRATION,
    FLOW,
    NAMES,
    READER_ROC,
    TEAM,
    figure_names,
    figure_text,
    figure_title,
    has_figure,
)

__all__ = ["FORMATS", "NAMES", "figure_bytes", "figure_of", "figures_of"]

NOTE_CHARACTERS: Final = 52  # in a figure of one column
NOTE_LINES: Final = 3
DRAWN: Final[dict[str, Callable[[DataFrame], Figure]]] = {
    "accuracy": partial(single, "accuracy"),
    "accuracy_by_ai": partial(paired, "accuracy_by_ai"),
    "accuracy_by_difficulty": partial(beside, "accuracy_by_difficulty"),
    "reliance": partial(beside, "reliance"),
    "time": partial(single, "time"),
    "position": position_grid,
}
CURVES: Final[dict[str, Callable[[DataFrame], Figure]]] = {
    CALIBRATION: calibration_grid,
    READER_ROC: roc_grid,
}


def figures_of(
    tables: Mapping[str, DataFrame], *, analysed: str = KEPT, note: str = ""
) -> dict[str, Figure]:
    """Draw every figure that the tables allow, keyed by its name in ``ALL_NAMES``.

    ``tables`` are those of ``analysis.tables.tables`` (percent 0-100, times in ms). ``analysed`` is
    ``kept`` or ``all``. ``note`` is written below each figure: a warning that must stay with the
    file, such as that simulated people are included.
    """
    names = figure_names(tables, analysed)
    return {name: figure_of(name, tables, analysed=analysed, note=note) for name in names}


def figure_of(name: str, tables: Tables, *, analysed: str = KEPT, note: str = "") -> Figure:
    """Draw one figure. Raises ``KeyError`` for a figure that the tables do not allow."""
    if name not in ALL_NAMES or not has_figure(name, tables, analysed):
        raise KeyError(f"No figure {name!r} of the tables {', '.join(tables) or '(none)'}.")
    with style():
        figure = _drawn(name, tables, analysed)
        if note:
            _note(figure, note)
    text = figure_text(name, tables, analysed)
    return described(figure, figure_title(name), f"{text} {note}".strip())


def _drawn(name: str, tables: Tables, analysed: str) -> Figure:
    if name == TEAM:
        team, curve = (analysed_rows(tables[item], analysed) for item in ("team", "team_curve"))
        return team_grid(team, curve)
    if name == FLOW:
        return flow_figure(tables["consort"])
    if name in CURVES:
        rows = analysed_rows(tables[name], analysed)
        return CURVES[name](rows[rows["occasion"] == "final"])
    return DRAWN[name](points_of(name, tables, analysed))


def _note(figure: Figure, note: str) -> None:
    """Write a note below the axis, in its own space."""
    width, height = figure.get_size_inches()
    lines = wrapped(note, int(NOTE_CHARACTERS * width / WIDTH), NOTE_LINES)
    figure.set_size_inches(width, height + LINE_POINTS / 72 * (lines.count("\n") + 1))
    figure.supxlabel(f"{figure.get_supxlabel()}\n{lines}", size=8)
