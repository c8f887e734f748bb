"""The words of an exclusion rule: ``accuracy<=50`` is "accuracy of at most 50 %". Pure."""

from __future__ import annotations

from typing import Final

from analysis.stats.exclusions import FLAGS, Rule, RuleRefused
from analysis.stats.measures import MEASURES

_RELATIONS: Final = {"<=": "at most", ">=": "at least", "<": "less than", ">": "more than"}
_NO_PERCENT: Final = ("d_prime", "criterion")
_NAMES: Final = {
    "accuracy_ai_correct": "accuracy where the AI is right",
    "accuracy_ai_wrong": "accuracy where the AI is wrong",
    "d_prime": "d′",
    "criterion": "criterion c",
    "n_trials": "number of trials",
    "median_rt_ms": "median response time",
    "n_identical_run": "longest run of equal answers",
    "is_repeat": "people who took part before",
}


def rule_words(text: str) -> str:
    """Return a rule in words; a reason that is no rule, such as ``by hand``, as it is."""
    try:
        rule = Rule.parse(text)
    except RuleRefused:
        return text
    name = _NAMES.get(rule.measure, rule.measure.replace("_", " "))
    if rule.measure in FLAGS:
        return name if str(rule) == rule.measure else text
    is_percent = rule.measure in MEASURES and rule.measure not in _NO_PERCENT
    unit = " %" if is_percent else " ms" if rule.measure.endswith("_ms") else ""
    return f"{name} of {_RELATIONS[rule.operator]} {rule.limit:g}{unit}"
