"""Rules that exclude participants, such as ``accuracy<=50``: declared, applied and reported.

Pure pandas. A rule names a column of the participants' table; it never looks at the condition.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
from pandas import DataFrame, Series

from analysis.stats.measures import MEASURES

# Facts that are true or false: such a rule needs no number.
FLAGS = ("is_repeat",)
# What a study of this platform measures; ``study.schema.json`` accepts rules about these alone.
STUDY_MEASURES = (*MEASURES, "n_trials", "median_rt_ms", "n_identical_run", *FLAGS)
# What a rule can be about: published files also have the number of a person's session, which
# older study documents could name.
RULED = (*STUDY_MEASURES, "session_number")
NOT_MEASURED = "not measured"
# No rules, but said in their place: left out by their id in a published analysis; left out by a
# researcher, who may do so at any time, for a stated reason.
NAMED, BY_HAND = "named", "by hand"
SEPARATOR = "; "
# Percentages are quotients: 55.00000000000001 is 55.
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
    """A rule that cannot be read; the message says what one looks like."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Exclude whoever's ``measure`` stands in this relation to ``limit``."""

    measure: str
    operator: str
    limit: float

    @classmethod
    def parse(cls, text: str) -> Rule:
        """Read ``accuracy<=50``: a measure, one of <= < >= >, a number. Measures in percent.

        ``is_repeat`` alone is read, too: it excludes those of whom it is true.
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
        """Whether ``people`` have the measure that the rule is about."""
        return self.measure in people

    def holds(self, people: DataFrame) -> Series:
        """Say for each participant whether the rule excludes them.

        It does not where the measure is not defined: nobody is excluded for want of a number.
        Raises ``RuleRefused`` if ``people`` has no such column.
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
    """Return for each participant the rules that exclude them, ``; `` between; empty for the kept.

    ``people`` has one row a participant. ``is_named`` marks those excluded one by one, whose
    rule is called ``name``. Every rule is applied to everyone, in one pass: a rule never sees
    what another one left.
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
    """Return one row a rule and condition with how many participants it excludes.

    ``people`` has ``condition`` and ``excluded_by`` (of ``rules_apply``). Someone excluded by
    two rules is counted under both; ``n_kept`` counts each person once. ``conditions`` says
    which ones and in which order; by default those that somebody is in. A rule about what
    the people do not have excludes nobody.
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
