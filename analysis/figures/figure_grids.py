"""Figures with one small panel per condition, all on the same scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from pandas import DataFrame, Series, isna

from analysis.figures.figure_points import CHANCE, LEAST_PEOPLE, arms_of, counted, is_few
from analysis.figures.figure_style import GREY, INK, WIDTH, Look, looks_of, wrapped

PANEL_HEIGHT, TITLE_LINE, FOOT = 1.05, 0.13, 0.75
TITLE_CHARACTERS = 24
AI_LINE: dict[str, Any] = {"color": INK, "lw": 1.0, "ls": (0, (5, 2))}
HUMAN_LINE: dict[str, Any] = {"color": GREY, "lw": 1.2, "ls": (0, (1, 1.5))}
TRIALS_LINE: dict[str, Any] = {"color": GREY, "lw": 1.0, "ls": (0, (4, 1, 1, 1))}
BEST_LINE: dict[str, Any] = {"color": GREY, "lw": 0.7, "ls": "-"}
BAND = 0.25
SEEN_AI = "after_ai"
CURVE = ("threshold", "team", "team_low", "team_high", "team_prevalence_corrected")
TEAM_AXIS = (
    "Threshold T: the AI decides if its confidence ≥ T\n"
    "Compare the point, the AI alone and people: natural\n"
    "mixture, photos that did not tune T*. The curve is on\n"
    "all photos. Do not compare the grey line (mixture of\n"
    "the trials) with the AI alone."
)


def position_grid(points: DataFrame) -> Figure:
    """Draw accuracy over positions in the test, with the 95 % interval as a band.

    A condition of fewer than ``LEAST_PEOPLE`` has a note instead: its line would jump by chance.
    """
    names = arms_of(points)
    figure, panels = panel_grid(names)
    looks = looks_of(names)
    for name, axes in zip(names, panels, strict=True):
        own = points[points["condition"] == name]
        place = own["series"].astype(int).to_numpy()
        n = own["n_participants"].max()
        if is_few(n) and own["value"].notna().any():
            axes.set_xlim(place.min() - 1, place.max() + 1)
            _say_inside(axes, f"{counted(n)}: no curve for\nfewer than {LEAST_PEOPLE} people")
        else:
            _curve(axes, place, own[["value", "low", "high"]], looks[name])
        axes.axhline(CHANCE, color=INK, lw=0.9, ls=(0, (4, 2)), zorder=1)
    if points.groupby("condition")["n_participants"].max().map(is_few).all():
        panels[0].set_ylim(-3, 103)  # all share it; there is no curve to fit it to
    label_panels(figure, panels, "Place in the test (trial)", "Correct answers (%)")
    guessing = Line2D([], [], color=INK, lw=0.9, ls=(0, (4, 2)))
    handles = [Line2D([], [], color=INK, lw=1.5), _band(), guessing]
    figure.legend(handles, ["mean", "95 % interval", "guessing"], loc="outside upper left", ncols=3)
    return figure


def team_grid(team: DataFrame, curve: DataFrame) -> Figure:
    """Draw the team's accuracy over the threshold, with T*, the AI alone and people alone.

    ``team`` has one row per condition (AI and people alone, T* and the team at T*), ``curve`` one
    per condition and threshold; the columns are those of ``analysis.tables.tables``. The point,
    the AI and people have the natural mixture and the same images. The team in the mixture of the
    trials is grey, since it must not be compared with the AI alone.
    """
    names = arms_of(curve)
    figure, panels = panel_grid(names, n_more_lines=2, more_foot=TEAM_AXIS.count("\n") * TITLE_LINE)
    looks = looks_of(names)
    for name, axes in zip(names, panels, strict=True):
        own = curve[curve["condition"] == name].sort_values("threshold")
        thresholds, trials, low, high, natural = (own[each].to_numpy(float) for each in CURVE)
        axes.fill_between(thresholds, low, high, color=GREY, alpha=BAND, lw=0)
        axes.plot(thresholds, trials, **TRIALS_LINE)
        axes.plot(thresholds, natural, color=looks[name].colour, lw=1.5)
        if not np.isfinite([trials, natural]).any():
            _say_inside(axes, "no data")
        for _, row in team[team["condition"] == name].iterrows():
            axes.axhline(row["ai_alone_natural"], **AI_LINE)
            axes.axhline(row["human_alone_natural"], **HUMAN_LINE)
            axes.axvline(row["threshold"], **BEST_LINE)
            at = [row["threshold"]], [row["team_natural"]]
            axes.plot(*at, ls="none", zorder=4, **looks[name].marks)
            _say(axes, row)
    label_panels(figure, panels, TEAM_AXIS, "Correct (%)")
    _team_legend(figure, team)
    return figure


def _say(axes: Axes, row: Series) -> None:
    """Write the numbers to compare between the panel and its title."""
    team, ai_alone = row["team_natural"], row["ai_alone_natural"]
    said = f"team {team:.1f}, AI alone {ai_alone:.1f}"
    if isna(team) or isna(ai_alone):
        why = ": no trial below T*" if row["n_trials_on_rest"] == 0 else ""
        said = f"no team{why}" if isna(row["team"]) else "natural mixture: no team"
    said += "\n" if isna(row["team"]) else f"\nteam as in the trials {row['team']:.1f}"
    place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
    axes.annotate(said, (0, 1), (0, 3), size=7, color=GREY, annotation_clip=False, **place)


def _team_legend(figure: Figure, team: DataFrame) -> None:
    has_seen = (team["human_alone_kind"] == SEEN_AI).all()
    people = "people who saw the AI" if has_seen else "people alone"
    best = Line2D([], [], **BEST_LINE, marker="o", markersize=4, markerfacecolor=GREY)
    band = Patch(facecolor=GREY, alpha=BAND, linewidth=0)
    entries: dict[str, Any] = {
        "team": Line2D([], [], color=INK, lw=1.5),
        "T*, chosen on the AI": best,
        "team as in the trials": (band, Line2D([], [], **TRIALS_LINE)),
        "AI alone": Line2D([], [], **AI_LINE),
        people: Line2D([], [], **HUMAN_LINE),
    }
    figure.legend(
        list(entries.values()), list(entries), loc="outside upper left", ncols=2, handlelength=2.2
    )


def _band() -> Patch:
    return Patch(facecolor=INK, alpha=BAND, linewidth=0)


def panel_grid(
    names: list[str], n_more_lines: int = 0, more_foot: float = 0.0
) -> tuple[Figure, list[Axes]]:
    """Return a figure of two columns with a named panel per condition.

    ``n_more_lines`` lines are left free between the name and the panel, and ``more_foot`` inches
    below the panels.
    """
    n_columns = min(2, len(names))
    n_rows = -(-len(names) // n_columns)
    titles = {name: wrapped(name, TITLE_CHARACTERS, 2) for name in names}
    n_lines = max(title.count("\n") + 1 for title in titles.values())
    n_lines += n_more_lines
    height = n_rows * (PANEL_HEIGHT + n_lines * TITLE_LINE) + FOOT + more_foot
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    grid = figure.subplots(n_rows, n_columns, squeeze=False, sharex=True, sharey=True).ravel()
    for axes in grid[len(names) :]:
        axes.set_visible(False)
    for name, axes in zip(names, grid, strict=False):
        axes.set_title(titles[name], loc="left", size=8, pad=4 + 9 * n_more_lines)
        axes.grid()
    # A panel above an empty place has no panel below that shows its tick labels.
    for axes in grid[len(names) - n_columns : len(names)]:
        axes.tick_params(labelbottom=True)
    return figure, list(grid[: len(names)])


def _curve(axes: Axes, x: Any, lines: DataFrame, look: Look) -> None:
    low, high = (lines[name].to_numpy(float) for name in ("low", "high"))
    axes.fill_between(x, low, high, color=look.colour, alpha=BAND, lw=0)
    axes.plot(x, lines["value"].to_numpy(float), color=look.colour, lw=1.5)
    if not np.isfinite(lines["value"]).any():
        _say_inside(axes, "no data")


def _say_inside(axes: Axes, said: str) -> None:
    look: dict[str, Any] = {"ha": "center", "va": "center", "size": 7, "style": "italic"}
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
    axes.text(0.5, 0.5, said, color=GREY, bbox=behind, transform=axes.transAxes, **look)


def label_panels(figure: Figure, panels: list[Axes], x: str, y: str) -> None:
    figure.supxlabel(x, size=8)
    figure.supylabel(y, size=8)
    low, high = panels[0].get_ylim()
    for axes in panels[:1]:  # all axes share their limits
        axes.set_ylim(max(low, -3), min(high, 103))
