"""The flow of participants: counts as in a CONSORT flow diagram. Pure pandas.

Schulz, Altman & Moher (2010), CONSORT 2010 statement: enrolled, allocated, lost, analysed, with the
reasons, for each arm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pandas import DataFrame, Series

from analysis.codebook.codebook import STAGES, Column

# The count of each participant status. A new status is one line here and one in the codebook.
STATUS_COUNTED_AS = {
    "failed_validation": "failed_validation",
    "active": "left",
    "failed_attention": "failed_attention",
    "returned": "returned",
    "timed_out": "timed_out",
    "withdrawn": "withdrawn",
    "completed": "completed",
}
WORDS = {
    "consented": "gave consent and were assigned to the arm",
    "passed_validation": "reached the pass mark of the validation",
    "failed_validation": "were sent home below the pass mark",
    "failed_attention": "failed too many attention checks",
    "left": "are under way, or left without finishing",
    "returned": "gave their place back",
    "timed_out": "ran out of time",
    "withdrawn": "withdrew their data",
    "completed": "answered every test trial",
    "excluded": "of them were excluded by a declared rule, or left out by a researcher",
    "analysed": "of them are in the tables that say kept",
}
NOT_ASSIGNED = "not assigned"
UNMEASURED = "nobody: the study does not measure what this rule is about"

CONSORT = (
    Column(
        "condition", "string", "",
        "The arm, in the order of the study document. Last, where people are assigned after the "
        "validation: not assigned, with those who have no arm yet or left before.",
    ),
    Column(
        "count", "string", "",
        "The count. consented = failed_validation + failed_attention + left + returned + "
        "timed_out + withdrawn + completed; completed = excluded + analysed. A study without a "
        "validation has no row passed_validation.",
        tuple(WORDS),
    ),
    Column(
        "reason", "string", "",
        "For left: the last stage of which a page was opened. For excluded: the declared rule, or "
        "by hand if a researcher left the person out; a person with two reasons is counted under "
        "both. Empty for the whole count.",
        is_nullable=True,
    ),
    Column("meaning", "string", "", "The count in words."),
    Column("n_participants", "integer", "people", "Number of participants.", minimum=0),
)  # fmt: skip


def consort_table(
    people: DataFrame,
    conditions: Sequence[str],
    excluded_by: Mapping[str, str] | None = None,
    rules: Sequence[str] = (),
    *,
    has_validation: bool = True,
    missing: Sequence[str] = (),
) -> DataFrame:
    """Return the counts of each condition, one row per count (columns of ``CONSORT``).

    ``people`` has one row per participant with ``participant_id``, ``condition``, ``status``,
    ``last_stage`` and ``is_validation_passed``. ``excluded_by`` has, for those who completed, the
    rules that exclude them, joined by ``; ``. ``missing`` has the ``rules`` about measures that the
    study lacks. A study without a validation has no row for it. Raises ``ValueError`` for a status
    without a count and for a condition that is not listed, because people would be missing from the
    flow. People without a condition are the last group, ``not assigned``.
    """
    named = people["condition"].astype("object")
    named = named.where(named.notna(), NOT_ASSIGNED).astype("str")
    if people["condition"].isna().any():
        conditions = [*conditions, NOT_ASSIGNED]
    _refuse_unlisted("status", people["status"], list(STATUS_COUNTED_AS))
    _refuse_unlisted("condition", named, conditions)
    reasons = people["participant_id"].astype("str").map(dict(excluded_by or {}))
    counted = DataFrame(
        {
            "condition": named,
            "counted_as": people["status"].astype("str").map(STATUS_COUNTED_AS),
            "stage": people["last_stage"].astype("str"),
            "is_passed": people["is_validation_passed"].fillna(False).astype(bool),
            "excluded_by": reasons.astype("object").fillna("").astype("str"),
        }
    )
    words = WORDS | ({"consented": "gave consent"} if NOT_ASSIGNED in conditions else {})
    rows = [
        (condition, count, reason, UNMEASURED if reason in missing else words[count], n)
        for condition in conditions
        for count, reason, n in _counts(counted[counted["condition"] == condition], rules)
        if has_validation or count != "passed_validation"
    ]
    return DataFrame(rows, columns=[column.name for column in CONSORT])


def _counts(group: DataFrame, rules: Sequence[str]) -> list[tuple[str, str | None, int]]:
    of = group["counted_as"].value_counts()
    counts: list[tuple[str, str | None, int]] = [("consented", None, len(group))]
    counts.append(("passed_validation", None, int(group["is_passed"].sum())))
    for name in dict.fromkeys(STATUS_COUNTED_AS.values()):
        if name != "completed":
            counts.append((name, None, int(of.get(name, 0))))
    left = group.loc[group["counted_as"] == "left", "stage"].value_counts()
    counts += [("left", stage, int(left.get(stage, 0))) for stage in STAGES]
    done = group[group["counted_as"] == "completed"]
    is_out = done["excluded_by"] != ""
    by_rule = done["excluded_by"].str.split("; ")
    counts.append(("completed", None, len(done)))
    counts.append(("excluded", None, int(is_out.sum())))
    counts += [("excluded", rule, sum(rule in those for those in by_rule)) for rule in rules]
    counts.append(("analysed", None, int((~is_out).sum())))
    return counts


def _refuse_unlisted(what: str, cells: Series, known: Sequence[str]) -> None:
    unknown = sorted(set(cells.astype("str")) - set(known))
    if unknown:
        raise ValueError(
            f"The participants have the {what} {', '.join(unknown)}; expected one of "
            f"{', '.join(known)}. Add it to the list, so that nobody is missing from the flow."
        )
