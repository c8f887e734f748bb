"""The difficulty of a trial, from the AI's confidence and correctness. Standard library only.

The draw of trial sets and the analysis both use this rule, and an export carries this file.
"""

from __future__ import annotations

import math
from typing import SupportsFloat

LEVELS = EASY, MEDIUM, HARD = "Easy", "Medium", "Hard"
# A sure AI (75 % or more) is easy to judge when right and hard when wrong. Unsure: below 35 %.
UNSURE_PERCENT, SURE_PERCENT = 35, 75
# In units of a percent. Decimal fractions are not stored exactly: 100 * 0.29 is below 29.
TOLERANCE = 1e-6


def whole_percent(share: SupportsFloat) -> int:
    """Return a confidence, a share between 0 and 1, as whole percent, rounded down."""
    return math.floor(float(share) * 100 + TOLERANCE)


def difficulty_of(percent: int, is_ai_correct: bool) -> str:
    """Return Easy, Medium or Hard: does the AI's confidence mislead?

    Where the AI is right, Easy is at least 75 percent and Hard is below 35; where it is wrong, the
    other way round; all others are Medium. The label describes the AI's confidence, not the photo
    (Nguyen, Taesiri & Nguyen, NeurIPS 2022).
    """
    if UNSURE_PERCENT <= percent < SURE_PERCENT:
        return MEDIUM
    return EASY if (percent >= SURE_PERCENT) == is_ai_correct else HARD
