"""The tables of a task for a page: reliance after a first answer, confidence, choices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pandas import DataFrame, Series, isna

from analysis.figures.figure_points import Tables, analysed_rows
from analysis.figures.figure_texts import exclusions_text
from analysis.results.cells import NONE, Sheet, estimate, number

_RELIANCE: Final = {
    "first_accuracy": "First correct", "final_accuracy": "Final correct", "gain": "Gain",
    "switch_fraction": "Switched to the AI", "rair": "RAIR", "rsr": "RSR",
}  # fmt: skip
_AGREEMENT: Final = {
    "agreement": "Chose the AI’s class", "agreement_ai_correct": "AI right",
    "agreement_ai_wrong": "AI wrong",
}  # fmt: skip
_CONFIDENCE: Final = {
    "mean_confidence": "Mean", "confidence_gain": "Final − first", "overconfidence": "Too sure by",
    "brier": "Brier score", "calibration_error": "Calibration error", "auroc2": "AUROC2",
    "reader_auc": "Reader AUC",
}  # fmt: skip
_FINE: Final = ("brier", "auroc2", "reader_auc")  # of 0 to 1: two digits
INTERVAL: Final = "95 % interval over people and photos"


def reliance_sheet(tables: Tables, analysed: str) -> Sheet:
    """Return reliance after a first answer, or how often people chose the AI's class."""
    rows = _rows(tables, analysed)
    heads = {**_RELIANCE, **_AGREEMENT}
    return _measures(f"Percent, gain in points ({INTERVAL})", heads, rows, tables, analysed)


def confidence_sheet(tables: Tables, analysed: str) -> Sheet:
    """Return confidence, calibration and the areas under ROC curves."""
    rows = _rows(tables, analysed)
    what = f"Confidence of the final answers, in its own units; areas from 0 to 1 ({INTERVAL})"
    return _measures(what, _CONFIDENCE, rows, tables, analysed)


def _rows(tables: Tables, analysed: str) -> DataFrame:
    return analysed_rows(tables["task_measures"], analysed)


def has_measures(tables: Tables, analysed: str, heads: Mapping[str, str]) -> bool:
    """Return whether the study has one of these measures."""
    if "task_measures" not in tables:
        return False
    return bool(_rows(tables, analysed)["measure"].astype("str").isin(list(heads)).any())


def _measures(
    what: str, heads: Mapping[str, str], rows: DataFrame, tables: Tables, analysed: str
) -> Sheet:
    """Return one row per condition; the caption says why numbers are missing."""
    there = {name: head for name, head in heads.items() if (rows["measure"] == name).any()}
    cells, reasons = [], dict[tuple[str, str], list[str]]()
    for condition, own in rows.groupby("condition", sort=False, observed=True):
        by_name = {str(row["measure"]): row for _, row in own.iterrows()}
        found = [by_name[name] for name in there]
        n = max((row["n_participants"] for row in found), default=0)
        cells.append([str(condition), number(n, 0), *(_cell(row, n) for row in found)])
        for row, head in zip(found, there.values(), strict=True):
            if isna(row["estimate"]):
                reasons.setdefault((str(row["note"]), head), []).append(str(condition))
    caption = f"{what}; {exclusions_text(tables, analysed)}{_why(reasons, len(cells))}"
    return Sheet(caption, ["Condition", "Participants", *there.values()], cells)


def _why(reasons: Mapping[tuple[str, str], list[str]], n_conditions: int) -> str:
    """Return why numbers are missing: the reason, the columns, and in which conditions."""
    said: dict[tuple[str, str], list[str]] = {}
    for (note, head), conditions in reasons.items():
        where = "" if len(conditions) == n_conditions else f" in {', '.join(conditions)}"
        said.setdefault((note, where), []).append(head)
    return "".join(
        f". {NONE} ({', '.join(heads)}{where}): {note}" for (note, where), heads in said.items()
    )


def _cell(row: Series, n: int) -> str:
    """Return the number with its interval; its people if they are not the ``n`` of the row."""
    digits = 2 if row["measure"] in _FINE else 1
    own = None if row["n_participants"] == n else row["n_participants"]
    return estimate(row["estimate"], row["low"], row["high"], own, digits=digits)


def classes_sheet(tables: Tables, analysed: str) -> Sheet:
    """Return recall of each class by condition, of the final answers."""
    rows = analysed_rows(tables["classes"], analysed)
    final = rows[rows["occasion"] == "final"]
    names = list(dict.fromkeys(final["condition"].astype("str")))
    cells = []
    for label, own in final.groupby("class", sort=False, observed=True):
        at = {str(row["condition"]): row for _, row in own.iterrows()}
        said = [
            estimate(*(at[name][part] for part in ("recall", "recall_low", "recall_high")))
            for name in names
        ]
        cells.append([str(label), number(own["n_trials"].sum(), 0), *said])
    caption = (
        f"Right choices of the photos of a class in percent ({INTERVAL}); "
        f"{exclusions_text(tables, analysed)}"
    )
    return Sheet(caption, ["Class", "Answers", *names], cells)


def combination_sheet(tables: Tables, analysed: str) -> Sheet:
    """Return people, the AI and both combined by Bayes' rule."""
    rows = analysed_rows(tables["combination"], analysed)
    parts = {
        "people": "People", "ai": "AI", "combined": "Combined", "over_people": "Combined − people",
        "over_ai": "Combined − AI",
    }  # fmt: skip
    cells, reasons = [], dict[str, list[str]]()
    for _, row in rows.iterrows():
        said = [estimate(*(row[f"{name}{end}"] for end in ("", "_low", "_high"))) for name in parts]
        cells.append([str(row["condition"]), number(row["n_trials"], 0), *said])
        if isna(row["combined"]):
            reasons.setdefault(str(row["note"]), []).append(str(row["condition"]))
    why = "".join(f". {NONE} {', '.join(whose)}: {note}" for note, whose in reasons.items())
    caption = (
        f"Choices without the AI, and the AI, combined by Bayes’ rule; correct in percent "
        f"({INTERVAL}); {exclusions_text(tables, analysed)}{why}"
    )
    return Sheet(caption, ["Condition", "Trials", *parts.values()], cells)


def curve_sheet(tables: Tables, analysed: str) -> Sheet:
    """Return the calibration curve of the final answers: a column for each bin of confidence."""
    rows = analysed_rows(tables["calibration"], analysed)
    rows = rows[rows["occasion"] == "final"]
    bins = rows[["low", "high"]].drop_duplicates().sort_values("low").to_numpy().tolist()
    cells = []
    for condition, own in rows.groupby("condition", sort=False, observed=True):
        at = {row["low"]: row for _, row in own.iterrows()}
        cells.append([str(condition), *(_of_bin(at.get(low)) for low, _ in bins)])
    caption = (
        "Correct final answers in percent by confidence (number of answers), pooled over people; "
        f"{exclusions_text(tables, analysed)}"
    )
    return Sheet(caption, ["Condition", *(_bin(*item) for item in bins)], cells)


def _of_bin(row: Series | None) -> str:
    return NONE if row is None else f"{number(row['accuracy'])} ({number(row['n_trials'], 0)})"


def _bin(low: float, high: float) -> str:
    return number(low, 0) if low == high else f"{number(low, 0)} to {number(high, 0)}"


def roc_sheet(tables: Tables, analysed: str) -> Sheet:
    """Return the hits of the final answers at some shares of false alarms."""
    rows = analysed_rows(tables["reader_roc"], analysed)
    rows = rows[rows["occasion"] == "final"]
    cells = []
    for condition, own in rows.groupby("condition", sort=False, observed=True):
        hits = [own.loc[own["false_alarms"] <= most, "hits"].max() for most in FALSE_ALARMS]
        cells.append([str(condition), *map(number, hits)])
    caption = (
        "Hits in percent at so many false alarms at most, pooled over people. A hit is a rating at "
        "the threshold or above where the AI is right, a false alarm one where it is wrong; the "
        "rating is the confidence, with a minus sign for a No; "
        f"{exclusions_text(tables, analysed)}"
    )
    return Sheet(caption, ["Condition", *(f"≤\u00a0{most}\u00a0%" for most in FALSE_ALARMS)], cells)


FALSE_ALARMS: Final = (10, 25, 50, 75, 90)
RELIANCE_TITLE: Final = "Reliance after a first answer"
AGREEMENT_TITLE: Final = "Choosing the AI’s class"
CONFIDENCE_TITLE: Final = "Confidence"
CLASSES_TITLE: Final = "Choice by class"
COMBINED_TITLE: Final = "People and AI combined"


def task_sheets(tables: Tables, analysed: str) -> list[tuple[str, Sheet]]:
    """Return title and sheet of what the study's task adds to the page, without pictures."""
    found = []
    if has_measures(tables, analysed, _RELIANCE):
        found.append((RELIANCE_TITLE, reliance_sheet(tables, analysed)))
    elif has_measures(tables, analysed, _AGREEMENT):
        found.append((AGREEMENT_TITLE, reliance_sheet(tables, analysed)))
    if has_measures(tables, analysed, _CONFIDENCE):
        found.append((CONFIDENCE_TITLE, confidence_sheet(tables, analysed)))
    if len(tables.get("classes", ())):
        found.append((CLASSES_TITLE, classes_sheet(tables, analysed)))
    if len(tables.get("combination", ())):
        found.append((COMBINED_TITLE, combination_sheet(tables, analysed)))
    return found
