"""Figures with one row per condition: a point for the mean, a line for its 95 % interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator
from pandas import DataFrame, Series

from analysis.figures.figure_points import SPECS, arms_of, counted, twins_adjacent
from analysis.figures.figure_style import (
    BLUE,
    GREY,
    INK,
    LINE_POINTS,
    VERMILLION,
    WIDTH,
    Look,
    looks_of,
    wrapped,
)

# Inches.
ROW_GAP = 0.1  # between groups of twins
ROW_MARGIN = 7 / 72
SHIFT = 0.065  # of the two points in one row
FOOT = 0.62  # inches for the axis, its label and the title
ABOVE = 0.22  # more inches for a legend, or for titles of panels
TWO_LOOKS = (Look(BLUE, "o", True), Look(VERMILLION, "s", False))


@dataclass(frozen=True, slots=True)
class Rows:
    """The position of each condition's row, in inches from the top of the axes downwards."""

    points: DataFrame
    places: dict[str, float]
    height: float

    @classmethod
    def of(cls, points: DataFrame) -> Rows:
        names = arms_of(points)
        groups = twins_adjacent(names)
        gap = ROW_GAP if len(groups) < len(names) else 0.0
        places: dict[str, float] = {}
        top = 0.0
        for group in groups:
            for name in group:
                n_lines = wrapped(name).count("\n") + 2
                row = n_lines * LINE_POINTS / 72 + ROW_MARGIN
                places[name] = top + row / 2
                top += row
            top += gap
        return cls(points, places, top - gap)

    def label(self, axes: Axes) -> None:
        """Write each condition's name and number of participants to the left of its row."""
        counts = self.points.groupby("condition", sort=False)["n_participants"].max()
        for name, place in self.places.items():
            words = wrapped(name)
            top = (words.count("\n") + 2) * LINE_POINTS / 2
            at: dict[str, Any] = {
                "xycoords": axes.get_yaxis_transform(),
                "textcoords": "offset points",
                "ha": "right",
                "annotation_clip": False,
            }
            axes.annotate(words, (0, place), (-7, top), va="top", size=8, **at)
            n = counted(counts[name])
            axes.annotate(n, (0, place), (-7, -top), va="bottom", size=7, color=GREY, **at)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_ylim(self.height, 0)


def single(name: str, points: DataFrame) -> Figure:
    """Draw one point per condition, with its value on the right."""
    rows = Rows.of(points)
    figure, (axes,) = _panels(rows, 1)
    looks = looks_of(list(points["condition"]))
    for _, point in points.iterrows():
        place = rows.places[point["condition"]]
        if _draw(axes, place, point, looks[point["condition"]]):
            axes.annotate(
                f"{point['value']:.1f}", (1, place), (5, 0), va="center", size=8,
                xycoords=axes.get_yaxis_transform(), textcoords="offset points",
                annotation_clip=False,
            )  # fmt: skip
    _scale(name, axes, points)
    rows.label(axes)
    figure.supxlabel(f"{SPECS[name].axis}, mean and 95 % interval", size=8)
    return figure


def paired(name: str, points: DataFrame) -> Figure:
    """Draw two series in each row, one slightly above the other."""
    rows = Rows.of(points)
    figure, (axes,) = _panels(rows, 1, ABOVE)
    handles = []
    for series, look, shift in zip(SPECS[name].series, TWO_LOOKS, (-SHIFT, SHIFT), strict=True):
        for _, point in points[points["series"] == series].iterrows():
            _draw(axes, rows.places[point["condition"]] + shift, point, look)
        handles += axes.plot([], [], lw=1.4, label=series, **look.marks)
    _scale(name, axes, points, is_whole=True)
    rows.label(axes)
    figure.supxlabel(f"{SPECS[name].axis}, mean and 95 % interval", size=8)
    figure.legend(handles=handles, loc="outside upper right", ncols=2)
    return figure


def beside(name: str, points: DataFrame) -> Figure:
    """Draw each series in its own panel, side by side on the same scale."""
    rows = Rows.of(points)
    series = SPECS[name].series
    figure, panels = _panels(rows, len(series), ABOVE)
    looks = looks_of(list(points["condition"]))
    for axes, each in zip(panels, series, strict=True):
        for _, point in points[points["series"] == each].iterrows():
            _draw(axes, rows.places[point["condition"]], point, looks[point["condition"]])
        axes.set_title(each.replace(": ", ":\n"), size=7.5, loc="left")
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_ylim(rows.height, 0)
        _scale(name, axes, points, is_whole=True)
    rows.label(panels[0])
    dashed = "" if SPECS[name].chance is None else "\ndashed: guessing"
    figure.supxlabel(f"{SPECS[name].axis}, mean and 95 % interval{dashed}", size=8)
    return figure


def _panels(rows: Rows, n: int, above: float = 0.0) -> tuple[Figure, Sequence[Axes]]:
    layout = ConstrainedLayoutEngine(w_pad=0.04, h_pad=0.04, wspace=0.06)
    figure = Figure(figsize=(WIDTH, rows.height + FOOT + above), layout=layout)
    panels = figure.subplots(1, n, squeeze=False)[0]
    return figure, list(panels)


def _draw(axes: Axes, place: float, point: Series, look: Look) -> bool:
    """Draw a point with its interval, if it has one; write ``no data`` if there is no point."""
    if np.isnan(point["value"]):
        axes.annotate(
            "no data", (0, place), (6, 0), va="center", size=7, color=GREY, style="italic",
            xycoords=axes.get_yaxis_transform(), textcoords="offset points",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0}, zorder=4,
        )  # fmt: skip
        return False
    if np.isfinite([point["low"], point["high"]]).all():
        axes.plot([point["low"], point["high"]], [place, place], color=look.colour, lw=1.4)
    # Do not clip a marker at the end of the axis, such as 100 percent.
    axes.plot([point["value"]], [place], ls="none", zorder=3, clip_on=False, **look.marks)
    return True


def _scale(name: str, axes: Axes, points: DataFrame, *, is_whole: bool = False) -> None:
    """Set the limits: from 0 if the absolute size matters, otherwise around the data."""
    chance = SPECS[name].chance
    known = points[["value", "low", "high"]].to_numpy(float).ravel()
    known = known[np.isfinite(known)]
    if not len(known) or (is_whole and chance is not None):
        axes.set_xlim(-3, 103)
        axes.set_xticks([0, 25, 50, 75, 100] if _is_wide(axes) else [0, 50, 100])
    elif chance is None:
        most = known.max() or 1.0  # all values may be 0
        axes.set_xlim(-0.03 * most, 1.06 * most)
        axes.xaxis.set_major_locator(MaxNLocator(6 if _is_wide(axes) else 3))
    else:
        axes.set_xlim(max(min(*known, chance) - 3, -3), min(max(*known, chance) + 3, 103))
    axes.grid(axis="x")
    if chance is not None:
        _draw_chance(axes, chance)


def _draw_chance(axes: Axes, chance: float) -> None:
    axes.axvline(chance, color=INK, lw=0.9, ls=(0, (4, 2)), zorder=1)
    if _is_wide(axes):
        axes.annotate(
            "guessing", (chance, 1), (0, 2), ha="center", va="bottom", size=7, color=GREY,
            xycoords=axes.get_xaxis_transform(), textcoords="offset points",
            annotation_clip=False,
        )  # fmt: skip


def _is_wide(axes: Axes) -> bool:
    return axes.get_subplotspec().get_geometry()[1] == 1  # type: ignore[union-attr]
