"""Columns of the tables of a task: first answers, confidence, choices. Standard library only.

A study whose task asks for none of these has none of these tables.
"""

from __future__ import annotations

from analysis.codebook.codebook import Column
from analysis.codebook.shared_columns import ANALYSED, CONDITION, PERCENT, POINTS

UNITS = (PERCENT, POINTS, "units of confidence", "squared error (0-1)", "area (0-1)")
OCCASION = Column(
    "occasion", "string", "",
    "Which answer. first: without the AI's advice. final: after it (the only one if a task asks "
    "once).",
    ("first", "final"),
)  # fmt: skip
TASK_MEASURE_NAMES = (
    "first_accuracy", "final_accuracy", "gain", "gain_ai_correct", "gain_ai_wrong",
    "switch_fraction", "switch_fraction_ai_correct", "switch_fraction_ai_wrong", "rair", "rsr",
    "agreement", "agreement_ai_correct", "agreement_ai_wrong",
    "mean_confidence", "overconfidence", "brier", "calibration_error", "auroc2", "reader_auc",
    "first_confidence", "first_overconfidence", "first_brier", "first_calibration_error",
    "first_auroc2", "first_reader_auc", "confidence_gain",
)  # fmt: skip
_MEASURE = Column(
    "measure", "string", "", "What is measured; formulas in docs/metrics.md.", TASK_MEASURE_NAMES
)
_UNIT = Column(
    "unit", "string", "", "Unit of the estimate, of its error and of its interval.", UNITS
)
_P = Column("p", "number", "probability", "Two-sided p; not corrected for the number of rows.")


def _counts(whose: str) -> tuple[Column, ...]:
    return (
        Column("n_participants", "integer", "people", f"Participants {whose}."),
        Column("n_trials", "integer", "trials", "Their answers that enter the figure."),
        Column("n_images", "integer", "images", "Photos that these answers are about."),
    )


def _interval(name: str, unit: str, what: str) -> tuple[Column, ...]:
    return (
        Column(name, "number", unit, what),
        Column(
            f"{name}_low", "number", unit,
            "Lower end of the 95 % interval over people and photos (docs/metrics.md), Student's t.",
        ),
        Column(f"{name}_high", "number", unit, "Upper end of the same interval."),
    )  # fmt: skip


_ESTIMATE = (
    Column("estimate", "number", "see unit", "The measure; empty where note says why."),
    Column(
        "se", "number", "see unit",
        "Standard error: people and photos are both samples. Empty where note says why.",
    ),
    Column("low", "number", "see unit", "Lower end of the 95 % interval, Student's t."),
    Column("high", "number", "see unit", "Upper end of the same interval."),
)  # fmt: skip
_NOTE = Column(
    "note", "string", "", "Why a number or its interval is missing; empty for the others."
)

TASK_MEASURES = (
    CONDITION,
    ANALYSED,
    _MEASURE,
    _UNIT,
    *_counts("who have such an answer"),
    *_ESTIMATE,
    _NOTE,
)
TASK_DIFFERENCES = (
    Column("a", "string", "", "First condition."),
    Column("b", "string", "", "Second condition."),
    ANALYSED,
    _MEASURE,
    _UNIT,
    *_counts("of both conditions, each counted once"),
    *_ESTIMATE,
    _P,
    _NOTE,
)
CALIBRATION = (
    CONDITION,
    ANALYSED,
    OCCASION,
    Column("low", "number", "units of confidence", "The bin begins here."),
    Column(
        "high", "number", "units of confidence",
        "The bin ends before this; the last one of a scale in percent includes it. A level is a "
        "bin of its own, with the same number at both ends.",
    ),
    Column("n_trials", "integer", "trials", "Answers with such a confidence."),
    Column("mean_confidence", "number", "units of confidence", "Their mean confidence."),
    Column("accuracy", "number", PERCENT, "Share of them that are right."),
)  # fmt: skip
READER_ROC = (
    CONDITION,
    ANALYSED,
    OCCASION,
    Column(
        "threshold", "number", "signed confidence",
        "Answers with this rating or a higher one count as Yes. The rating is the confidence, "
        "with a minus sign where the answer is No.",
    ),
    Column("false_alarms", "number", PERCENT, "Share of such answers where the AI is wrong."),
    Column("hits", "number", PERCENT, "Share of such answers where the AI is right."),
)  # fmt: skip
CLASSES = (
    CONDITION,
    ANALYSED,
    OCCASION,
    Column("class", "string", "", "The class, in the words shown."),
    Column("n_trials", "integer", "trials", "Answers to photos of this class."),
    *_interval("recall", PERCENT, "Share of these answers that are right."),
    Column("recall_note", "string", "", "Why recall or its interval is missing."),
    Column("n_choices", "integer", "answers", "Answers that named this class."),
    *_interval("precision", PERCENT, "Share of these answers that are right."),
    Column("precision_note", "string", "", "Why precision or its interval is missing."),
)
CONFUSION = (
    CONDITION,
    ANALYSED,
    OCCASION,
    Column("true_label", "string", "", "The photo's class by the dataset, in the words shown."),
    Column("choice", "string", "", "The class that was chosen; only pairs that occur."),
    Column("n_answers", "integer", "answers", "How often."),
    Column("share", "number", PERCENT, "Share of all answers to photos of true_label."),
)
COMBINATION = (
    CONDITION,
    ANALYSED,
    *_counts("who chose a class without the AI"),
    *_interval("people", PERCENT, "Accuracy of their choices."),
    *_interval("ai", PERCENT, "Accuracy of the AI on the same trials."),
    *_interval("combined", PERCENT, "Accuracy of both combined by Bayes' rule, out of fold."),
    *_interval("over_people", POINTS, "combined minus people."),
    *_interval("over_ai", POINTS, "combined minus ai."),
    _NOTE,
)
TASK_TABLES = {
    "task_measures": TASK_MEASURES,
    "task_differences": TASK_DIFFERENCES,
    "calibration": CALIBRATION,
    "reader_roc": READER_ROC,
    "classes": CLASSES,
    "confusion": CONFUSION,
    "combination": COMBINATION,
}
