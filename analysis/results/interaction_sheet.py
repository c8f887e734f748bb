"""The table of an interactive view for the results page."""

from __future__ import annotations

from typing import Any, Final

from analysis.figures.figure_points import Tables, analysed_rows
from analysis.results.cells import Sheet, number

TITLE: Final = "Parts that people selected"
_USED: Final = {"all": "all answers", "yes": "selected", "no": "did not select"}
_MS_PER_S: Final = 1000


def interaction_sheet(tables: Tables, analysed: str) -> Sheet:
    """Return one row per condition and kind of answer."""
    rows = analysed_rows(tables["interaction"], analysed)
    return Sheet(
        "How people used the grid over the photo. The question is about the AI’s first label; "
        "better and worse compare the label on the screen at the answer with it",
        [
            "Condition", "Answers", "Share", "Changes", "Cells", "Median s", "Correct",
            "Other label", "Better", "Worse", "AI right: first", "shown",
        ],
        [_row(row) for row in rows.to_dict("records")],
    )  # fmt: skip


def _row(row: dict[Any, Any]) -> list[str]:
    return [
        f"{row['condition']}: {_USED[str(row['used'])]}",
        number(row["n_trials"], 0),
        number(row["share"]),
        number(row["changes_mean"]),
        number(row["cells_mean"]),
        number(row["rt_median"] / _MS_PER_S),
        number(row["accuracy"]),
        number(row["n_other_label"], 0),
        number(row["n_better"], 0),
        number(row["n_worse"], 0),
        number(row["ai_accuracy"]),
        number(row["shown_accuracy"]),
    ]
