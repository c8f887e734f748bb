"""Columns of the table ``looks``: the planned looks at a study. Standard library only.

Only a study whose document declares looks has this table.
"""

from __future__ import annotations

from analysis.codebook.codebook import Column

LOOKS = (
    Column("look", "integer", "", "Number of the look, from 1."),
    Column("share", "number", "share (0-1)", "Share of the planned people at which it is due."),
    Column("n_participants", "integer", "people", "The first people to complete that it is about."),
    Column(
        "alpha_spent", "number", "probability",
        "Two-sided error rate that may be spent up to this look (Lan and DeMets, spending like "
        "O'Brien and Fleming's bounds; 0.05 in all).",
    ),
    Column("z_bound", "number", "", "Bound of the absolute value of z at this look."),
    Column(
        "p_bound", "number", "probability",
        "p (Holm) of the table tests is significant at this look if it is below this bound.",
    ),
    Column(
        "is_reached", "boolean", "",
        "Whether the study has reached this look. The tests are those of the last look that it "
        "has reached.",
    ),
)  # fmt: skip
LOOKS_TABLES = {"looks": LOOKS}
