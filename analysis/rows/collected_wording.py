"""The texts of answers to questions and of marked cells in a file. No Django."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from classifiers.decision import GRID
from trials.study.plan import QuestionPlan


def answer_of(question: QuestionPlan, value: str) -> tuple[str, float | None]:
    """Return an answer as a text and, if a number was asked for, as a number.

    A choice is written as in the study document, whatever white space a browser sent.
    """
    if question.answer == "choice":
        same = (choice for choice in question.choices if choice.split() == value.split())
        return next(same, value), None
    return value, number_of(value) if question.answer == "number" else None


def number_of(text: str) -> float | None:
    """Parse a number with a decimal point or comma; None if the text is not a number."""
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def cells_of(matches: Sequence[Mapping[str, Any]], name: str) -> str | None:
    """Return the marked cells as ``r1c1 r3c7``: rows and columns from 1; None without any."""
    places = [divmod(match[name], GRID) for match in matches]
    return " ".join(f"r{row + 1}c{column + 1}" for row, column in places) or None
