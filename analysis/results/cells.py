"""A printed table, and how its numbers are written. Nothing is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pandas import isna

from analysis.stats.inference import N_BOOTSTRAP

NONE: Final = "–"
MINUS: Final = "−"
P_LEAST: Final = 0.001


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of words. The first cell of each row names it."""

    caption: str
    columns: list[str]
    rows: list[list[str]]


def number(value: Any, digits: int = 1) -> str:
    """Return a rounded number, or a dash for what is not known."""
    return NONE if isna(value) else f"{float(value):.{digits}f}".replace("-", MINUS)


def interval(low: Any, high: Any, n: Any = None) -> str:
    """Return the two ends of an interval, or a dash; with ``n`` people where they are few.

    Below ``N_BOOTSTRAP`` people the interval rests on an assumption (Student's t), so the reader
    has to see how few they are.
    """
    if isna(low) or isna(high):
        return NONE
    few = f", n = {int(n)}" if n is not None and not isna(n) and n < N_BOOTSTRAP else ""
    return f"{number(low)} to {number(high)}{few}"


def estimate(value: Any, low: Any, high: Any, n: Any = None) -> str:
    """Return a number with its interval, as far as they are known."""
    limits = "" if isna(low) or isna(high) else f" ({interval(low, high, n)})"
    return number(value) + limits


def p_value(p: Any) -> str:
    """Return p to three digits; what is smaller is said to be."""
    return f"< {P_LEAST}" if not isna(p) and p < P_LEAST else number(p, 3)
