"""The words of an exclusion rule: ``accuracy<=50`` is "accuracy of at most 50 %". Pure."""

from __future__ import annotations

import re
from typing import Final

_RELATIONS: Final = {"<=": "at most", ">=": "at least", "<": "less than", ">": "more than"}
_PERCENT: Final = " %"
# The words and the unit of each measure that a rule can name.
_MEASURES: Final = {
    "accuracy": ("accuracy", _PERCENT),
    "accuracy_ai_correct": ("accuracy where the AI is right", _PERCENT),
    "accuracy_ai_wrong": ("accuracy where the AI is wrong", _PERCENT),
    "balanced_accuracy": ("balanced accuracy", _PERCENT),
    "accept_rate": ("accept rate", _PERCENT),
    "over_reliance": ("over reliance", _PERCENT),
    "under_reliance": ("under reliance", _PERCENT),
    "d_prime": ("d′", ""),
    "criterion": ("criterion c", ""),
    "n_trials": ("number of trials", ""),
    "median_rt_ms": ("median response time", " ms"),
    "n_identical_run": ("longest run of equal answers", ""),
    "session_number": ("session number", ""),
}
_FLAGS: Final = {"is_repeat": "people who took part before"}
_FORM: Final = re.compile(r"\s*([a-z_]+)\s*(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?)\s*")


def rule_words(text: str) -> str:
    """Return a rule in words; a reason that is no rule, such as ``by hand``, as it is."""
    if flag := _FLAGS.get(text.strip()):
        return flag
    match = _FORM.fullmatch(text)
    if match is None or match[1] not in _MEASURES:
        return text
    words, unit = _MEASURES[match[1]]
    return f"{words} of {_RELATIONS[match[2]]} {float(match[3]):g}{unit}"
