"""The power curve as a figure. Pure: no pyplot, so any thread may draw."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from analysis.power.power import Power

_INK, _GREY, _BLUE = "#1d2529", "#56636b", "#0072b2"


def power_figure(found: Power, power: float) -> Figure:
    """Draw power over participants per condition, with Monte-Carlo intervals and the needed number.

    The figure is for a column of 8.5 cm.
    """
    curve = found.curve
    figure = Figure(figsize=(3.4, 2.6), layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    share = 100 * curve["power"].to_numpy()
    spread = np.abs(100 * curve[["low", "high"]].to_numpy().T - share)
    axes.axhline(100 * power, color=_GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.axvspan(found.n_low, found.n_high, color=_BLUE, alpha=0.15, linewidth=0)
    axes.axvline(found.n_needed, color=_BLUE, linewidth=0.8)
    axes.errorbar(
        curve["n"], share, yerr=spread, color=_INK, marker="o", markersize=3.5, linewidth=1,
        capsize=2,
    )  # fmt: skip
    axes.annotate(
        f"{found.n_needed:,} per condition", (found.n_needed, 4), xytext=(4, 0),
        textcoords="offset points", fontsize=8, color=_BLUE,
    )  # fmt: skip
    axes.set_xlabel("Participants per condition", fontsize=8)
    axes.set_ylabel("Power (%)", fontsize=8)
    axes.set_ylim(0, 102)
    axes.set_xlim(left=0)
    axes.tick_params(labelsize=7.5, color=_GREY)
    axes.spines[["top", "right"]].set_visible(False)
    return figure
