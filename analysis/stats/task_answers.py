"""First answers, choices among classes and confidence, as columns of the answers. Pure pandas.

A study that asks for none of them has none of these columns, and its answers are as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from analysis.stats.confidence import Bools

TEXTS: Final = ("choice", "first_choice")
LABELS: Final = ("ai_label", "true_label")
NUMBERS: Final = ("confidence", "first_confidence")
FIRST: Final = ("first_answer", "first_choice")
OPTIONAL: Final = (*TEXTS, *LABELS, *NUMBERS, "first_answer", "first_is_correct")


def asked(responses: DataFrame) -> list[str]:
    """Return which of ``OPTIONAL`` have a value; none for a task of Yes and No alone."""
    found = [name for name in OPTIONAL if name in responses and responses[name].notna().any()]
    return found if set(found) - set(LABELS) else []


def task_columns(taken: Mapping[str, Series], is_ai_correct: Bools) -> dict[str, Series]:
    """Return what a task adds to the answers, from the columns that ``asked`` names.

    ``choice``, ``first_choice``, ``ai_label`` and ``true_label`` are categories with the same
    classes; ``confidence`` and ``first_confidence`` numbers; ``first_is_correct`` and
    ``first_agrees`` 1, 0 or missing. ``agrees`` says that the final choice is the AI's class.
    """
    columns = {name: taken[name].astype("float64") for name in NUMBERS if name in taken}
    if any(name in taken for name in TEXTS):
        columns |= _choices(taken)
        columns |= {
            agrees: _same(columns[choice], columns["ai_label"])
            for choice, agrees in zip(TEXTS, ("agrees", "first_agrees"), strict=True)
            if choice in columns
        }
    if "first_answer" in taken:
        said = taken["first_answer"].astype("object")
        columns["first_agrees"] = (said == "yes").astype(float).where(said.notna())
    if "first_agrees" in columns:
        columns["first_is_correct"] = _first_correct(taken, columns, is_ai_correct)
    return columns


def _choices(taken: Mapping[str, Series]) -> dict[str, Series]:
    """Return choices and labels as categories of the same classes, in alphabetical order."""
    texts = {name: taken[name].astype("category") for name in (*TEXTS, *LABELS) if name in taken}
    classes = sorted({str(item) for each in texts.values() for item in each.cat.categories})
    kind = pd.CategoricalDtype(classes)
    return {name: each.astype("object").astype(kind) for name, each in texts.items()}


def _same(one: Series, other: Series) -> Series:
    is_same = (one.cat.codes == other.cat.codes).astype(float)
    return is_same.where(one.notna())


def _first_correct(
    taken: Mapping[str, Series], columns: Mapping[str, Series], is_ai_correct: Bools
) -> Series:
    """Return whether the first answer is right: as exported, or as its choice or Yes and No say."""
    if "first_is_correct" in taken:
        return taken["first_is_correct"].astype("Float64").astype("float64")
    if "first_choice" in columns:
        return _same(columns["first_choice"], columns["true_label"])
    agrees = columns["first_agrees"]
    return pd.Series(np.where(is_ai_correct, agrees, 1 - agrees), index=agrees.index)


def is_choice(answers: DataFrame) -> bool:
    """Whether people chose among classes."""
    return "choice" in answers


def agrees(answers: DataFrame) -> Bools:
    """Return whether each final answer is the AI's: its class was chosen, or accepted."""
    if is_choice(answers):
        return np.asarray(answers["agrees"] == 1, dtype=np.bool_)
    correct, right = (
        answers[name].to_numpy(dtype=bool) for name in ("is_correct", "is_ai_correct")
    )
    return np.asarray(correct == right, dtype=np.bool_)
