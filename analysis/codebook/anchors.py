"""Where docs/metrics.md explains each result: anchors by table and key. Standard library only.

A key is a measure, a level's factor or a column of a table. The anchor leads to its formula; the
section around it states the assumptions and what not to conclude. Anchors are addresses in
published files and do not change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

PAGE: Final = "docs/metrics.md"
TABLE_NAMES: Final = (
    "measures", "accuracy_by", "tests", "differences", "equivalence", "detection_model",
    "mixed_model", "team", "team_curve", "team_prevalence", "rational", "images", "times",
    "exclusions", "attrition", "interaction", "task_measures", "task_differences", "calibration",
    "reader_roc", "classes", "confusion", "combination", "team_observed", "looks",
)  # fmt: skip
# Keys that have an anchor of their own, "table-key".
OWN: Final[Mapping[str, tuple[str, ...]]] = {
    "measures": (
        "accuracy", "accuracy_ai_correct", "accuracy_ai_wrong", "balanced_accuracy",
        "accept_rate", "over_reliance", "under_reliance", "d_prime", "criterion",
    ),
    "accuracy_by": (
        "ai", "difficulty", "difficulty_by_ai", "prior_knowledge", "prior_knowledge_by_ai",
        "half", "position", "block",
    ),
    "tests": ("difference", "shares_photos", "p_holm", "cliffs_delta"),
    "task_measures": (
        "first_accuracy", "final_accuracy", "gain", "gain_ai_correct", "gain_ai_wrong",
        "switch_fraction", "switch_fraction_ai_correct", "switch_fraction_ai_wrong", "rair", "rsr",
        "agreement", "agreement_ai_correct", "agreement_ai_wrong", "mean_confidence",
        "overconfidence", "brier", "calibration_error", "auroc2", "reader_auc",
        "first_confidence", "confidence_gain",
    ),
    "classes": ("recall", "precision"),
    "combination": ("people", "ai", "combined", "over_people", "over_ai"),
    "team": (
        "threshold", "ai_top1", "ai_alone", "human_alone", "team", "team_prevalence_corrected",
        "complementarity", "complementarity_low", "verdict",
    ),
    "rational": (
        "rational_benchmark", "misreliant_benchmark", "reliance_loss", "discrimination_loss",
    ),
    "images": ("accuracy", "agreement", "accuracy_all", "is_confusing"),
    "attrition": ("difference", "lee_low", "all_randomised"),
}  # fmt: skip
# Keys that share the anchor of another key or of a paragraph: table -> anchor -> keys.
SHARED: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "tests": {
        "tests-twoway": (
            "twoway_difference", "twoway_low", "twoway_high", "twoway_p", "twoway_p_holm",
        ),
        "tests-interval": ("low", "high"),
        "tests-mann_whitney": ("u", "p"),
        "looks": ("looks",),
    },
    "measures": {"interval": ("low", "high"), "analysed": ("analysed",)},
    "task_measures": {
        "task_measures-first": (
            "first_overconfidence", "first_brier", "first_calibration_error", "first_auroc2",
            "first_reader_auc",
        ),
        "task-variance": ("se", "low", "high"),
    },
    "team": {
        "team-complementarity": (
            "team_natural", "human_alone_natural", "ai_alone_natural", "ai_always",
        ),
        "team-complementarity_low": ("complementarity_high",),
        "team-team_prevalence_corrected": ("corrected_low", "corrected_high"),
        "team-human_alone": ("human_alone_kind",),
        "team-threshold": ("n_votes",),
    },
    "differences": {"twoway-variance": ("se", "low", "high", "p")},
    "attrition": {"attrition-lee_low": ("lee_high",)},
    "rational": {"table-rational": ("rational_baseline", "observed")},
}  # fmt: skip
# The questions to ask before a paper says that an explanation helped: a section of the same page.
CHECKS: Final = "before-writing"
# The figures of the results page, by name: the table and key that they draw.
FIGURES: Final[Mapping[str, tuple[str, str]]] = {
    "accuracy": ("measures", "accuracy"),
    "accuracy_by_ai": ("accuracy_by", "ai"),
    "accuracy_by_difficulty": ("accuracy_by", "difficulty"),
    "reliance": ("measures", "over_reliance"),
    "team": ("team", ""),
    "time": ("times", ""),
    "position": ("accuracy_by", "position"),
    "calibration": ("calibration", ""),
    "reader_roc": ("reader_roc", ""),
    "flow": ("exclusions", ""),
}


def _pairs() -> Iterable[tuple[str, str]]:
    for table in TABLE_NAMES:
        yield table, f"table-{table}"
        for key in OWN.get(table, ()):
            yield f"{table}.{key}", f"{table}-{key}"
        for anchor, keys in SHARED.get(table, {}).items():
            for key in keys:
                yield f"{table}.{key}", anchor


# "table" or "table.key" -> anchor in docs/metrics.md.
ANCHORS: Final[Mapping[str, str]] = dict(_pairs())


def anchor_of(table: str, key: str = "") -> str:
    """Return the anchor of a table's key; of the table if the key has none of its own.

    ``KeyError`` for an unknown table.
    """
    return ANCHORS.get(f"{table}.{key}", ANCHORS[table])


def figure_anchor(name: str) -> str:
    """Return the anchor of a figure of the results page. ``KeyError`` for an unknown figure."""
    return anchor_of(*FIGURES[name])
