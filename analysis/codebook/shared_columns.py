"""Columns that several tables of the analysis have. Standard library only."""

from __future__ import annotations

from analysis.codebook.codebook import ANALYSED as ANALYSED
from analysis.codebook.codebook import Column

PERCENT, POINTS = "percent (0-100)", "percentage points"
RATE = "percent (0-100); SDs for d_prime and criterion"

CONDITION = Column("condition", "string", "", "The arm; arms without anyone are listed too.")
MEASURE = Column(
    "measure", "string", "", "What is measured; formulas in docs/metrics.md.",
    ("accuracy", "accuracy_ai_correct", "accuracy_ai_wrong", "balanced_accuracy", "accept_rate",
     "over_reliance", "under_reliance", "d_prime", "criterion"),
)  # fmt: skip
N_PEOPLE = Column(
    "n_participants", "integer", "people", "Participants for whom the figure is defined."
)
BOOTSTRAP = "95 % percentile bootstrap over participants; Student's t below 20; empty below three."


def n_trials(meaning: str) -> Column:
    return Column("n_trials", "integer", "trials", meaning)
