"""The tables of a task for a page: reliance after a first answer, confidence, choices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pandas import DataFrame, Series, isna

from analysis.figures.figure_points import Tables, analysed_rows
from analysis.figures.figure_texts import MOST_POINTS, exclusions_text, thinned
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
        cells.append([str(condition), number(n, 0), *map(_cell, found)])
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


def _cell(row: Series) -> str:
    digits = 2 if row["measure"] in _FINE else 1
    return estimate(row["estimate"], row["low"], row["high"], row["n_participants"], digits=digits)


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
    cells, reasons = [], []
    for _, row in rows.iterrows():
        said = [estimate(*(row[f"{name}{end}"] for end in ("", "_low", "_high"))) for name in parts]
        cells.append([str(row["condition"]), number(row["n_trials"], 0), *said])
        if isna(row["combined"]):
            reasons.append(f". {NONE} {row['condition']}: {row['note']}")
    caption = (
        f"Choices without the AI, and the AI, combined by Bayes’ rule; correct in percent "
        f"({INTERVAL}); {exclusions_text(tables, analysed)}{''.join(reasons)}"
    )
    return Sheet(caption, ["Condition", "Trials", *parts.values()], cells)


def curve_sheet(tables: Tables, analysed: str) -> Sheet:
    """Return the calibration curve of the final answers as numbers."""
    rows = analysed_rows(tables["calibration"], analysed)
    rows = rows[rows["occasion"] == "final"]
    cells = [
        [
            str(row["condition"]), _bin(row), number(row["n_trials"], 0),
            number(row["mean_confidence"]), number(row["accuracy"]),
        ]
        for _, row in rows.iterrows()
    ]  # fmt: skip
    caption = (
        "Final answers by confidence, pooled over people; correct in percent; "
        f"{exclusions_text(tables, analysed)}"
    )
    return Sheet(caption, ["Condition", "Confidence", "Answers", "Mean", "Correct"], cells)


def _bin(row: Series) -> str:
    low, high = number(row["low"], 0), number(row["high"], 0)
    return low if row["low"] == row["high"] else f"{low} to {high}"


def roc_sheet(tables: Tables, analysed: str) -> Sheet:
    """Return the ROC curves of the final answers as numbers."""
    rows = analysed_rows(tables["reader_roc"], analysed)
    rows = rows[rows["occasion"] == "final"]
    names = ("threshold", "false_alarms", "hits")
    cells = [
        [str(condition), *(number(row[name]) for name in names)]
        for condition, own in rows.groupby("condition", sort=False, observed=True)
        for _, row in thinned(own).iterrows()
    ]
    caption = (
        "Final answers rated at the threshold or above, in percent, pooled over people; the rating "
        f"is the confidence, with a minus sign for a No; at most {MOST_POINTS} points each; "
        f"{exclusions_text(tables, analysed)}"
    )
    return Sheet(caption, ["Condition", "Threshold", "AI wrong", "AI right"], cells)


RELIANCE_TITLE: Final = "Reliance after a first answer"
AGREEMENT_TITLE: Final = "Choosing the AI’s class"
CONFIDENCE_TITLE: Final = "Confidence"


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
        found.append(("Choice by class", classes_sheet(tables, analysed)))
    if len(tables.get("combination", ())):
        found.append(("People and AI combined", combination_sheet(tables, analysed)))
    return found
