"""The flow of participants for the results page: the counts, and their table. Pure pandas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pandas import DataFrame

from analysis.figures.figure_points import Tables
from analysis.figures.figure_texts import LOSSES
from analysis.results.cells import Sheet, number
from analysis.tables.consort import consort_table
from trials.study.rule_words import rule_words

ALL: Final = "All"
# Counts by the declared rules. While a study is blinded, they are those of equally many people in
# each arm, and do not belong to the flow of everybody.
OF_RULES: Final = ("excluded", "analysed")
CAPTION: Final = (
    "Everybody who gave consent, by condition, as in a CONSORT diagram; with –: by stage or rule. "
    "Losses of nobody are left out"
)


def flow_table(
    people: DataFrame,
    conditions: Sequence[str],
    exclusions: DataFrame,
    *,
    has_validation: bool,
) -> DataFrame:
    """Return the table of ``consort_table`` with the counts of ``exclusions``.

    ``people`` has everybody (columns of ``participants.csv``); ``exclusions`` is the table of the
    declared rules (``analysis.stats.exclusions.exclusion_table``), empty without rules.
    """
    rules = list(dict.fromkeys(exclusions["rule"].astype("str")))
    flow = consort_table(people, conditions, rules=rules, has_validation=has_validation)
    by_rule = {(str(row["condition"]), str(row["rule"])): row for _, row in exclusions.iterrows()}
    completed = flow[flow["count"] == "completed"].set_index("condition")["n_participants"]
    kept = exclusions.groupby("condition", observed=True)["n_kept"].first()
    for at, row in flow.iterrows():
        name, rule = str(row["condition"]), row["reason"]
        if row["count"] == "analysed":
            flow.loc[at, "n_participants"] = int(kept.get(name, completed[name]))
        elif row["count"] == "excluded":
            n = completed[name] - kept.get(name, completed[name])
            if isinstance(rule, str):
                n = by_rule[name, rule]["n_excluded"] if (name, rule) in by_rule else 0
            flow.loc[at, "n_participants"] = int(n)
    return flow


def flow_of_all(flow: DataFrame, name: str) -> DataFrame:
    """Return the flow of all conditions together, without the counts of rules."""
    rows = flow[~flow["count"].isin(OF_RULES)].drop(columns="condition")
    keys = ["count", "reason", "meaning"]
    whole = rows.groupby(keys, sort=False, as_index=False, dropna=False).sum()
    return whole.assign(condition=name)[list(flow)]


def flow_sheet(tables: Tables, analysed: str) -> Sheet:
    """Return one row per count and one column per condition; ``analysed`` makes no difference."""
    flow = tables["consort"].fillna({"reason": ""})
    names = list(dict.fromkeys(flow["condition"].astype("str")))
    wholes = {count: place for place, count in enumerate(dict.fromkeys(flow["count"]))}
    keys = list(dict.fromkeys(zip(flow["count"], flow["reason"], strict=True)))
    keys.sort(key=lambda key: wholes[key[0]])  # the parts of a count follow it
    n = flow.set_index(["count", "reason", "condition"])["n_participants"]
    whole = flow[flow["reason"] == ""]
    meaning = dict(zip(whole["count"], whole["meaning"], strict=True))
    rows = []
    for count, reason in keys:
        counts = [int(n[count, reason, name]) for name in names]
        if not any(counts) and (reason or count in LOSSES):
            continue
        words = f"– {rule_words(reason).replace('_', ' ')}" if reason else str(meaning[count])
        more = [number(sum(counts), 0)] if len(names) > 1 else []
        rows.append([words, *(number(each, 0) for each in counts), *more])
    return Sheet(CAPTION, ["People who", *names, *([ALL] if len(names) > 1 else [])], rows)
