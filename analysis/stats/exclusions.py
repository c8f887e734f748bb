"""Rules that exclude participants, such as ``accuracy<=50``: declared, applied and reported.

Pure pandas. A rule names a column of the participants' table and does not use the condition.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
from pandas import DataFrame, Series

from analysis.stats.measures import MEASURES

# Measures that are true or false: a rule about one needs no number.
FLAGS = ("is_repeat",)
# The measures of a study on this platform; ``study.schema.json`` accepts rules about no others.
STUDY_MEASURES = (*MEASURES, "n_trials", "median_rt_ms", "n_identical_run", *FLAGS)
# All measures that a rule can name. Published files also have the number of a person's
# session, which older study documents could name.
RULED = (*STUDY_MEASURES, "session_number")
NOT_MEASURED = "not measured"
# Reasons that are not rules, but appear in their column: a published analysis left the person out
# by id: a researcher left the person out, at any time, with a stated reason.
NAMED, BY_HAND = "named", "by hand"
SEPARATOR = "; "
# Percentages are quotients, so 55.00000000000001 must equal 55.
TOLERANCE = 1e-9

OPERATORS: dict[str, Callable[[Series, float], Series]] = {
    "<=": lambda values, limit: values <= limit + TOLERANCE,
    ">=": lambda values, limit: values >= limit - TOLERANCE,
    "<": lambda values, limit: values < limit - TOLERANCE,
    ">": lambda values, limit: values > limit + TOLERANCE,
}
_FORM = re.compile(r"\s*([a-z_]+)\s*(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?)\s*")
_FLAG = re.compile(rf"\s*({'|'.join(FLAGS)})\s*")


class RuleRefused(ValueError):
    """Raised for a rule that cannot be parsed; the message shows the expected form."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Exclude participants whose ``measure`` has this relation to ``limit``."""

    measure: str
    operator: str
    limit: float

    @classmethod
    def parse(cls, text: str) -> Rule:
        """Parse ``accuracy<=50``: a measure, one of <= < >= >, a number. Rates are in percent.

        A flag alone, such as ``is_repeat``, excludes those for whom it is true. Raises
        ``RuleRefused`` for any other text.
        """
        if flag := _FLAG.fullmatch(text):
            return cls(flag[1], ">", 0)
        match = _FORM.fullmatch(text)
        if match is None:
            raise RuleRefused(
                f"Exclusion rule {text!r}: expected a measure, one of <= < >= > and a number, "
                f"such as accuracy<=50; or {', '.join(FLAGS)} alone."
            )
        measure, operator, limit = match.groups()
        if measure not in RULED:
            raise RuleRefused(
                f"Exclusion rule {text!r}: no measure {measure!r}; expected one of "
                f"{', '.join(RULED)}."
            )
        return cls(measure, operator, float(limit))

    def __str__(self) -> str:
        if (self.measure in FLAGS) and (self.operator, self.limit) == (">", 0):
            return self.measure
        return f"{self.measure}{self.operator}{self.limit:g}"

    def is_measured(self, people: DataFrame) -> bool:
        """Return whether ``people`` have the measure that the rule is about."""
        return self.measure in people

    def holds(self, people: DataFrame) -> Series:
        """Return for each participant whether the rule excludes them.

        A participant whose measure is not defined is not excluded. Raises ``RuleRefused`` if
        ``people`` has no such column.
        """
        if not self.is_measured(people):
            known = [name for name in RULED if name in people]
            raise RuleRefused(
                f"Exclusion rule {str(self)!r}: these data have no {self.measure}; expected one of "
                f"{', '.join(known)}."
            )
        values = people[self.measure]
        return OPERATORS[self.operator](values * 1 if self.measure in FLAGS else values, self.limit)


def rules_apply(
    people: DataFrame, rules: Sequence[Rule], is_named: Series, name: str = NAMED
) -> Series:
    """Return for each participant the rules that exclude them, joined by ``; ``; empty if kept.

    ``people`` has one row per participant. ``is_named`` marks those who are excluded
    individually; their rule is called ``name``. Every rule is applied to everyone: the result of
    one rule does not depend on another.
    """
    marks = {name: is_named, **{str(rule): rule.holds(people) for rule in rules}}
    said = pd.Series("", index=people.index, dtype="str")
    for mark, is_out in marks.items():
        joined = said.where(said == "", said + SEPARATOR) + mark
        said = said.mask(is_out.astype(bool), joined)
    return said


def exclusion_table(
    people: DataFrame, rules: Sequence[Rule], conditions: Sequence[str] | None = None
) -> DataFrame:
    """Return one row per rule and condition: how many participants the rule excludes.

    ``people`` has ``condition`` and ``excluded_by`` (from ``rules_apply``). A person excluded by
    two rules is counted under both; ``n_kept`` counts each person once. ``conditions`` gives
    the conditions and their order (default: those that have people). A rule about a measure
    that ``people`` lack excludes nobody.
    """
    groups = dict(list(people.groupby("condition", observed=True)))
    by_rule = people["excluded_by"].str.split(SEPARATOR).map(set)
    named = [name for name in (NAMED, BY_HAND) if any(name in item for item in by_rule)]
    names = [*named, *(str(rule) for rule in rules)]
    rows = []
    for condition in list(groups) if conditions is None else conditions:
        group = groups.get(condition, people.iloc[:0])
        for name in names:
            rows.append(
                {
                    "condition": condition,
                    "rule": name,
                    "n_participants": len(group),
                    "n_excluded": sum(name in by_rule[index] for index in group.index),
                    "n_kept": int((group["excluded_by"] == "").sum()),
                }
            )
    columns = ["condition", "rule", "n_participants", "n_excluded", "n_kept"]
    return DataFrame(rows, columns=columns)
