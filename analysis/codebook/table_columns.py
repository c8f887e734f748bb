"""Every column of every table of the analysis. Standard library only.

``tables.tables_of`` shapes its tables by these declarations; formulas and cautions stand in
docs/metrics.md.
"""

from __future__ import annotations

from analysis.codebook.codebook import Column
from analysis.codebook.inference_columns import (
    ATTRITION,
    DETECTION_MODEL,
    DIFFERENCES,
    EQUIVALENCE,
    MIXED_MODEL,
    TESTS,
)
from analysis.codebook.shared_columns import (
    ANALYSED,
    BOOTSTRAP,
    CONDITION,
    MEASURE,
    PERCENT,
    POINTS,
    RATE,
    n_trials,
)
from analysis.codebook.team_columns import RATIONAL, TEAM, TEAM_CURVE, TEAM_PREVALENCE

MEASURES_TABLE = (
    CONDITION,
    ANALYSED,
    MEASURE,
    Column(
        "weight", "string", "",
        "What counts alike. participants: mean over people, each with the same weight. trials: "
        "one rate over all trials, pooled.",
        ("participants", "trials"),
    ),
    Column(
        "n_participants", "integer", "people",
        "Participants who have the measure; where trials count alike, all whose trials are in it.",
    ),
    n_trials("Their trials that enter the figure."),
    Column(
        "estimate", "number", RATE,
        "The measure. Empty where nobody has it; over- and under-reliance are not defined in an "
        "unaided condition.",
    ),
    Column(
        "sd", "number", RATE,
        "Standard deviation over participants (n - 1); empty below two and where trials count.",
    ),
    Column("low", "number", RATE, f"Lower end, {BOOTSTRAP}"),
    Column("high", "number", RATE, "Upper end of the same interval."),
)  # fmt: skip

ACCURACY_BY = (
    CONDITION,
    ANALYSED,
    Column(
        "factor", "string", "",
        "What splits the trials. ai: is the AI right. difficulty: does the AI's confidence "
        "mislead; its accuracy is a mean over participants, so it differs from "
        "accuracy_by_difficulty of analyse_published, a mean over participant x ai cells. "
        "prior_knowledge: did the person know the class. half, position: when in the test.",
        ("ai", "difficulty", "difficulty_by_ai", "prior_knowledge", "prior_knowledge_by_ai",
         "half", "position"),
    ),
    Column("level", "string", "", "Which part; two joined by a comma where two things split."),
    Column("n_participants", "integer", "people", "Participants who have such a trial."),
    n_trials("Their trials of this part."),
    Column(
        "accuracy_mean", "number", PERCENT,
        "Mean over these participants of each one's share of correct answers; empty for nobody.",
    ),
    Column("accuracy_sd", "number", POINTS, "Standard deviation over participants (n - 1)."),
    Column("accuracy_low", "number", PERCENT, f"Lower end, {BOOTSTRAP}"),
    Column("accuracy_high", "number", PERCENT, "Upper end of the same interval."),
    Column("accuracy_pooled", "number", PERCENT, "Share of correct answers; trials count alike."),
)  # fmt: skip

IMAGES = (
    Column("item_id", "string", "", "The photo, as in responses.csv."),
    Column("image", "string", "", "The photo's path below the folder of the dataset."),
    Column("condition", "string", "", "The arm that showed it."),
    ANALYSED,
    Column("n_answers", "integer", "answers", "Answers to it in this arm."),
    Column("accuracy", "number", PERCENT, "Share of these that are correct."),
    Column(
        "agreement", "number", PERCENT,
        "Share of pairs of these people who clicked the same; empty for a single answer.",
    ),
    Column("n_answers_all", "integer", "answers", "Answers to it in all arms."),
    Column("accuracy_all", "number", PERCENT, "Share of those that are correct."),
    Column("is_confusing", "boolean", "", "accuracy_all is below 25 %."),
)  # fmt: skip

TIMES = (
    CONDITION,
    ANALYSED,
    Column(
        "measure", "string", "",
        "rt_ms, rt_clean_ms: a participant's median over their answers. Else the stage that a "
        "participant spent the time in.",
    ),
    Column("n_participants", "integer", "people", "Participants with such a time."),
    Column("median", "number", "ms", "Median over participants."),
    Column("mean", "number", "ms", "Mean over participants."),
    Column("sd", "number", "ms", "Standard deviation over participants (n - 1)."),
    Column("low", "number", "ms", f"Lower end of the mean, {BOOTSTRAP}"),
    Column("high", "number", "ms", "Upper end of the same interval."),
)  # fmt: skip

EXCLUSIONS = (
    CONDITION,
    Column(
        "rule",
        "string",
        "",
        "The rule as declared; by hand: no rule, a researcher left them out one by one.",
    ),
    Column("n_participants", "integer", "people", "Participants who completed."),
    Column("n_excluded", "integer", "people", "Of these, whom this rule excludes."),
    Column("n_kept", "integer", "people", "Of these, whom neither excludes."),
    Column(
        "note",
        "string",
        "",
        "not measured: the study has no such measure, so that the rule excludes nobody. Empty for "
        "the others.",
        is_nullable=True,
    ),
)

TABLES = {
    "measures": MEASURES_TABLE,
    "accuracy_by": ACCURACY_BY,
    "tests": TESTS,
    "differences": DIFFERENCES,
    "equivalence": EQUIVALENCE,
    "detection_model": DETECTION_MODEL,
    "mixed_model": MIXED_MODEL,
    "team": TEAM,
    "team_curve": TEAM_CURVE,
    "team_prevalence": TEAM_PREVALENCE,
    "rational": RATIONAL,
    "images": IMAGES,
    "times": TIMES,
    "exclusions": EXCLUSIONS,
    "attrition": ATTRITION,
}
