"""Columns that several tables of the analysis have. Standard library only."""

from __future__ import annotations

from analysis.codebook.codebook import ANALYSED as ANALYSED
from analysis.codebook.codebook import Column

PERCENT, POINTS = "percent (0-100)", "percentage points"
RATE = "percent (0-100); SDs for d_prime and criterion"

CONDITION = Column("condition", "string", "", "The arm; arms without people are also listed.")
MEASURE = Column(
    "measure", "string", "", "The measure; docs/metrics.md has the formulas.",
    ("accuracy", "accuracy_ai_correct", "accuracy_ai_wrong", "balanced_accuracy", "accept_rate",
     "over_reliance", "under_reliance", "d_prime", "criterion"),
)  # fmt: skip
N_PEOPLE = Column("n_participants", "integer", "people", "Participants with a defined value.")
BOOTSTRAP = (
    "95 % percentile bootstrap over participants; Student's t for fewer than 20; empty for fewer "
    "than three."
)


def n_trials(meaning: str) -> Column:
    return Column("n_trials", "integer", "trials", meaning)
