"""The flow of participants as a drawing: a column of boxes per condition, as in CONSORT 2010."""

from __future__ import annotations

from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from pandas import DataFrame

from analysis.figures.figure_style import GREY, INK, WIDTH, wrapped
from analysis.figures.figure_texts import LOSSES
from trials.study.rule_words import rule_words

COLUMN, GAP, PAD = 1.45, 0.16, 0.06  # inches: a box, between boxes, inside of a box
LINE: Final = 0.135
ARROW: Final = 0.2
CHARACTERS: Final = 22
SHADE, LOST = "#e2f0ed", "#f6f6f4"
Level = tuple[list[str], str]


def flow_figure(flow: DataFrame) -> Figure:
    """Draw the flow (columns of ``analysis.tables.consort.CONSORT``)."""
    names = list(dict.fromkeys(flow["condition"].astype("str")))
    levels = levels_of(flow, names)
    width = max(WIDTH, len(names) * (COLUMN + GAP) + GAP)
    heights = [max(map(_n_lines, texts)) * LINE + 2 * PAD for texts, _ in levels]
    height = sum(heights) + ARROW * (len(levels) - 1) + 2 * GAP
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set(xlim=(0, width), ylim=(0, height))
    top = height - GAP
    for (texts, colour), tall in zip(levels, heights, strict=True):
        for place, text in enumerate(texts):
            left, wide = _span(place, len(texts), len(names), width)
            _box(axes, text, (left, top - tall, wide, tall), colour)
            if top < height - GAP:
                _arrow(axes, left + wide / 2, top)
        top -= tall + ARROW
    return figure


def levels_of(flow: DataFrame, names: list[str]) -> list[Level]:
    """Return the rows of boxes: their texts, one or one per condition, and their colour."""
    counts = flow.fillna({"reason": ""}).set_index(["condition", "count", "reason"])
    n: dict[Any, int] = counts["n_participants"].to_dict()
    rules = [str(rule) for rule in dict.fromkeys(flow.loc[flow["count"] == "excluded", "reason"])]
    rules = [rule for rule in rules if rule and rule != "nan"]
    whole = sum(n[name, "consented", ""] for name in names)
    levels: list[Level] = [([f"Gave consent: {whole:,}"], SHADE)]
    levels.append(
        ([f"{wrapped(name, CHARACTERS)}\n{n[name, 'consented', '']:,}" for name in names], SHADE)
    )
    levels.append(([_lost(n, name) for name in names], LOST))
    levels.append(([f"Completed: {n[name, 'completed', '']:,}" for name in names], SHADE))
    if (names[0], "analysed", "") in n:
        if rules:
            levels.append(([_excluded(n, name, rules) for name in names], LOST))
        levels.append(([f"Analysed: {n[name, 'analysed', '']:,}" for name in names], SHADE))
    return levels


def _lost(n: dict[Any, int], name: str) -> str:
    each = {words: n.get((name, count, ""), 0) for count, words in LOSSES.items()}
    lines = [f"{words}: {number:,}" for words, number in each.items() if number]
    return "\n".join([f"Did not complete: {sum(each.values()):,}", *lines])


def _excluded(n: dict[Any, int], name: str, rules: list[str]) -> str:
    # A number and its % stay together.
    words = {rule: rule_words(rule).replace(" %", "\u00a0%") for rule in rules}
    said = [f"{words[rule]}: {n[name, 'excluded', rule]:,}" for rule in rules]
    lines = [wrapped(each, CHARACTERS, lines=4) for each in said]
    return "\n".join([f"Excluded: {n[name, 'excluded', '']:,}", *lines])


def _n_lines(text: str) -> int:
    return text.count("\n") + 1


def _span(place: int, n: int, n_columns: int, width: float) -> tuple[float, float]:
    """Return the left end and the width of a box; a single box spans all columns."""
    column = (width - GAP) / n_columns
    if n == 1:
        return GAP, width - 2 * GAP
    return GAP + place * column, column - GAP


def _box(axes: Axes, text: str, at: tuple[float, float, float, float], colour: str) -> None:
    left, bottom, wide, tall = at
    axes.add_patch(Rectangle((left, bottom), wide, tall, facecolor=colour, edgecolor=GREY, lw=0.7))
    axes.text(left + wide / 2, bottom + tall / 2, text, ha="center", va="center", size=7, color=INK)


def _arrow(axes: Axes, x: float, top: float) -> None:
    style: dict[str, Any] = {"arrowstyle": "-|>", "color": GREY, "lw": 0.8, "shrinkA": 0}
    axes.annotate("", (x, top), (x, top + ARROW), arrowprops={**style, "shrinkB": 0})
