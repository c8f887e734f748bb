"""The first tables of the results page: each arm's accuracy, and what was compared. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pandas import DataFrame, Series, isna

from analysis.figures.figure_points import Tables, analysed_rows, arms_of
from analysis.figures.figure_texts import exclusions_text
from analysis.results.cells import NONE, Sheet, estimate, interval, number, p_value

NO_ARM: Final = "none"
ALL_ARMS: Final = "all others"
MANY: Final = 3  # from so many other arms on, all of them are not listed
DECIDED: Final = 0.05
INTERIM: Final = "interim"
FEW: Final = 10  # people; with fewer, Student's t need not describe the difference
MEASURES: Final = {
    "accuracy": "Accuracy",
    "accuracy_ai_correct": "AI right",
    "accuracy_ai_wrong": "AI wrong",
}


def arms_sheet(tables: Tables, analysed: str) -> Sheet:
    """Return one row per arm: people, accuracy with interval, and which arms it was compared with.

    Accuracy is the mean over people in percent. While the tests are not shown, there is no column
    of comparisons; while counts are hidden, there is no column of people. Where every arm was
    compared with all others, there is no column of those that were not.
    """
    rows = analysed_rows(tables["measures"], analysed)
    rows = rows[rows["weight"] == "participants"]
    names = arms_of(rows)
    pairs = _pairs(tables, analysed)
    of_arm = {(str(row["condition"]), str(row["measure"])): row for _, row in rows.iterrows()}
    has_people = bool(rows["n_participants"].notna().any())
    left = {name: [other for other in names if other not in _with(pairs, name)] for name in names}
    has_left = any(left.values())
    columns = ["Condition", *(["People"] if has_people else []), *MEASURES.values()]
    columns += ["Compared with"] if pairs else []
    columns += ["Not compared with"] if pairs and has_left else []
    cells = []
    for name in names:
        found = [of_arm.get((name, measure)) for measure in MEASURES]
        people = [number(found[0]["n_participants"] if found[0] is not None else 0, 0)]
        row = [name, *(people if has_people else []), *map(_estimate, found)]
        if pairs:
            own, rest = _with(pairs, name) - {name}, left[name]
            listed = ", ".join(each for each in names if each in own) or NO_ARM
            row += [listed if rest or len(own) < MANY else ALL_ARMS]
            row += [", ".join(rest) or NO_ARM] if has_left else []
        cells.append(row)
    caption = (
        "Correct answers in percent, mean over people (95 % interval); over all trials, and where "
        f"the AI is right or wrong; {exclusions_text(tables, analysed)}"
    )
    return Sheet(caption, columns, cells)


def _pairs(tables: Tables, analysed: str) -> list[tuple[str, str]]:
    if not len(tables.get("tests", ())):
        return []
    tests = analysed_rows(tables["tests"], analysed)
    return [(str(a), str(b)) for a, b in zip(tests["a"], tests["b"], strict=True)]


def _with(pairs: list[tuple[str, str]], name: str) -> set[str]:
    """Return the arm itself and those that it was compared with."""
    return {name, *(other for pair in pairs if name in pair for other in pair)}


def _estimate(row: Mapping[str, Any] | Series | None) -> str:
    return NONE if row is None else estimate(row["estimate"], row["low"], row["high"])


def comparisons_sheet(tables: Tables, analysed: str, bound: float | None) -> Sheet | None:
    """Return one row per comparison with its result in words; None without tests.

    ``bound`` is the p (Holm) below which a difference counts as shown, None for an interim state
    without a planned look: then no result is said.
    """
    if not len(tables.get("tests", ())):
        return None
    tests = analysed_rows(tables["tests"], analysed)
    measure = str(tests["measure"].iloc[0]).replace("_", " ")
    rows = [_comparison(row, bound) for _, row in tests.iterrows()]
    is_few = bool((tests[["n_a", "n_b"]] < FEW).to_numpy().any())
    few = (
        f". Of fewer than {FEW} people in a condition, interval and p are rough: they assume that "
        "people's numbers are normal and equally spread in both"
    )
    caption = (
        f"What was compared: {measure} of each declared pair, in points; people and photos are "
        f"samples. Everything else on this page is described, not tested{few * is_few}"
    )
    columns = ["Comparison", "Difference", "95 % interval", "p (Holm)", "Result"]
    return Sheet(caption, columns, rows)


def _comparison(row: Series, bound: float | None) -> list[str]:
    return [
        f"{row['a']} − {row['b']}",
        number(row["difference"]),
        interval(row["twoway_low"], row["twoway_high"]),
        p_value(row["twoway_p_holm"]),
        result_words(row, bound),
    ]


def result_words(row: Mapping[str, Any] | Series, bound: float | None) -> str:
    """Return the result of a comparison in words: which arm is higher, or that it is not decided.

    Not decided does not mean equal: the interval says how large the difference may be.
    """
    if isna(row["twoway_p_holm"]):
        return "no data"
    if bound is None:
        return INTERIM
    if row["twoway_p_holm"] >= bound:
        return "not decided"
    return f"{row['a'] if row['difference'] > 0 else row['b']} is higher"


def has_numbers(tables: Mapping[str, DataFrame]) -> bool:
    """Whether there is an arm to show."""
    return len(tables.get("measures", ())) > 0
