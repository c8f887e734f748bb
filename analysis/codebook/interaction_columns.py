"""Columns of the table of an interactive view. Standard library only."""

from __future__ import annotations

from analysis.codebook.column import Column
from analysis.codebook.shared_columns import ANALYSED, CONDITION, PERCENT

INTERACTION = (
    CONDITION,
    ANALYSED,
    Column(
        "used", "string", "",
        "Which answers. yes: the participant had the AI answer for another selection at least "
        "once. no: never. all: both.",
        ("all", "yes", "no"),
    ),
    Column("n_participants", "integer", "people", "Participants with such an answer."),
    Column("n_trials", "integer", "trials", "Their answers of this kind."),
    Column("share", "number", PERCENT, "Share of the condition's answers."),
    Column("changes_mean", "number", "changes", "Mean n_mask_changes."),
    Column(
        "cells_mean", "number", "cells",
        "Mean number of selected cells at the answer, over the answers with one at least.",
    ),
    Column("rt_median", "number", "ms", "Median response time."),
    Column("accuracy", "number", PERCENT, "Share of correct answers; each answer counts alike."),
    Column(
        "n_other_label", "integer", "trials",
        "Answers at which the label on the screen was not the AI's first one.",
    ),
    Column(
        "n_better", "integer", "trials", "Of these: the first label was wrong and this one right."
    ),
    Column(
        "n_worse", "integer", "trials", "Of these: the first label was right and this one wrong."
    ),
    Column("n_neither", "integer", "trials", "Of these: both labels were wrong, or both right."),
    Column(
        "shown_accuracy", "number", PERCENT, "Share of answers at which the label shown was right."
    ),
    Column("ai_accuracy", "number", PERCENT, "Share of answers at which the first one was right."),
)  # fmt: skip
INTERACTION_TABLES = {"interaction": INTERACTION}
