"""A table for a page, and the format of its numbers. Nothing is computed."""

from __future__ import annotations

from dataclasses import dataclass
from math import isclose
from typing import Any, Final

from pandas import isna

from analysis.stats.inference import N_BOOTSTRAP

NONE: Final = "–"
MINUS: Final = "−"
P_LEAST: Final = 0.001
NO_SPREAD: Final = "no spread"
NO_WIDTH: Final = 1e-9  # a narrower interval has no width


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of texts. The first cell of each row is its name."""

    caption: str
    columns: list[str]
    rows: list[list[str]]


def number(value: Any, digits: int = 1) -> str:
    """Return a rounded number, or a dash if it is missing; what rounds to 0 has no sign."""
    return NONE if isna(value) else f"{float(value):z.{digits}f}".replace("-", MINUS)


def interval(low: Any, high: Any, n: Any = None, *, digits: int = 1) -> str:
    """Return the two ends of an interval, or a dash; with ``n`` if people are few.

    With fewer than ``N_BOOTSTRAP`` people the interval assumes normality (Student's t), so the
    reader must see the number. An interval without width is said in words: all people, or all
    samples of them, have the same value, and that is no certainty.
    """
    if isna(low) or isna(high):
        return NONE
    few = f", n = {int(n)}" if n is not None and not isna(n) and n < N_BOOTSTRAP else ""
    if isclose(low, high, abs_tol=NO_WIDTH):
        return f"{NO_SPREAD}{few}"
    return f"{number(low, digits)} to {number(high, digits)}{few}"


def estimate(value: Any, low: Any, high: Any, n: Any = None, *, digits: int = 1) -> str:
    """Return a number with its interval, if they are known."""
    limits = "" if isna(low) or isna(high) else f" ({interval(low, high, n, digits=digits)})"
    return number(value, digits) + limits


def p_value(p: Any) -> str:
    """Return p with three decimals, or ``< 0.001``."""
    return f"< {P_LEAST}" if not isna(p) and p < P_LEAST else number(p, 3)
