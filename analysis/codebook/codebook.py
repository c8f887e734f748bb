"""Every column of every exported file, as a literal table.

It is the only source of the frames' column order and types, of ``codebook.csv``, of the bundle's
metadata (Table Schema, Psych-DS, Croissant) and of the documentation. A column that is not
declared here is not exported. Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.codebook.collected_columns import ANSWERS
from analysis.codebook.column import Column, Columns
from analysis.codebook.data_columns import (
    DATA,
    EVENTS,
    ITEMS,
    PARTICIPANTS,
    RESPONSES,
    STAGES,
    STATUSES,
)

__all__ = [
    "ACCURACY", "ANALYSED", "ANSWERS", "CODEBOOK", "DATA", "EVENTS", "FILES", "ITEMS",
    "PARTICIPANTS", "RESPONSES", "STAGES", "STATUSES", "Column", "Columns", "codebook_rows",
    "column_names",
]  # fmt: skip

ANALYSED = Column(
    "analysed", "string", "",
    "The people that the row is about. all: participants who completed. kept: those of them whom "
    "no declared rule excludes and no researcher left out by hand. declared: those whom no "
    "declared rule excludes; these rows exist only if a researcher left somebody out by hand.",
    ("all", "declared", "kept"),
)  # fmt: skip
ACCURACY = (
    Column("condition", "string", "", "The arm; arms without people are also listed."),
    ANALYSED,
    Column(
        "n_participants", "integer", "people",
        "Number of participants; every number of the row is over them.",
    ),
    Column("n_simulated", "integer", "people", "Number of n_participants that are simulated."),
    Column("n_trials", "integer", "trials", "Their test trials."),
    Column(
        "accuracy_mean", "number", "percent (0-100)",
        "Mean over participants of the participant's share of correct answers. Guessing gives 50, "
        "and so does always answering yes. Empty without participants.",
        is_nullable=True, minimum=0, maximum=100,
    ),
    Column(
        "accuracy_sd", "number", "percentage points",
        "Standard deviation over participants (n - 1); empty for fewer than two.",
        is_nullable=True,
    ),
    Column(
        "accuracy_low", "number", "percent (0-100)",
        "Lower end of the 95 % interval over participants: the percentile bootstrap (2,000 draws "
        "of people with replacement), or Student's t for fewer than 20 people. Empty for fewer "
        "than three.",
        is_nullable=True,
    ),
    Column(
        "accuracy_high", "number", "percent (0-100)", "Upper end of the same interval.",
        is_nullable=True,
    ),
    Column(
        "accuracy_ai_correct_mean", "number", "percent (0-100)",
        "Like accuracy_mean, for the trials on which the AI is right; equals the share of yes. 0: "
        "every right answer was rejected.",
        is_nullable=True, minimum=0, maximum=100,
    ),
    Column(
        "accuracy_ai_wrong_mean", "number", "percent (0-100)",
        "Like accuracy_mean, for the trials on which the AI is wrong; equals the share of no. 0: "
        "every wrong answer was accepted.",
        is_nullable=True, minimum=0, maximum=100,
    ),
)  # fmt: skip

CODEBOOK = (
    Column("file", "string", "", "Name of the exported file."),
    Column("column", "string", "", "Name of the column, in the order of the file."),
    Column(
        "type", "string", "", "Type of the cells; booleans are written as TRUE and FALSE.",
        ("string", "integer", "number", "boolean", "datetime"),
    ),
    Column(
        "unit", "string", "", "Unit of measurement; empty if there is none.", is_nullable=True
    ),
    Column(
        "meaning", "string", "", "Definition of the column, its zero point, and when it is empty.",
    ),
)  # fmt: skip

FILES = {
    "responses.csv": RESPONSES,
    "accuracy.csv": ACCURACY,
    "answers.csv": ANSWERS,
    "codebook.csv": CODEBOOK,
}


def column_names(file: str) -> list[str]:
    """Return the columns of one file in order."""
    return [column.name for column in FILES[file]]


def codebook_rows(files: Mapping[str, Sequence[Column]] = FILES) -> list[tuple[str, ...]]:
    """Return the rows of ``codebook.csv`` for these files."""
    return [
        (file, column.name, column.type, column.unit, column.description)
        for file, columns in files.items()
        for column in columns
    ]
