"""Every column of every table of the analysis. Standard library only.

``tables.tables_of`` shapes its tables by these declarations; docs/metrics.md has the formulas and
cautions.
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
        "What has equal weight. participants: mean over people. trials: one pooled rate over all "
        "trials.",
        ("participants", "trials"),
    ),
    Column(
        "n_participants", "integer", "people",
        "Participants with a defined measure; for trials, all whose trials are used.",
    ),
    n_trials("Trials that the value uses."),
    Column(
        "estimate", "number", RATE,
        "The value of the measure. Empty if nobody has it; over- and under-reliance are not "
        "defined in an unaided condition.",
    ),
    Column(
        "sd", "number", RATE,
        "Standard deviation over participants (n - 1); empty for fewer than two and for trials.",
    ),
    Column("low", "number", RATE, f"Lower end, {BOOTSTRAP}"),
    Column("high", "number", RATE, "Upper end of the same interval."),
)  # fmt: skip

ACCURACY_BY = (
    CONDITION,
    ANALYSED,
    Column(
        "factor", "string", "",
        "The factor that splits the trials. ai: whether the AI is right. difficulty: whether the "
        "AI's confidence misleads; this accuracy is a mean over participants, while "
        "accuracy_by_difficulty of analyse_published is a mean over participant x ai cells. "
        "prior_knowledge: whether the person knew the class. half, position: part of the test. "
        "block: which of the person's blocks, in a study within people.",
        ("ai", "difficulty", "difficulty_by_ai", "prior_knowledge", "prior_knowledge_by_ai",
         "half", "block", "position"),
    ),
    Column(
        "level", "string", "",
        "Level of the factor; two levels, separated by a comma, if two factors split the trials.",
    ),
    Column("n_participants", "integer", "people", "Participants who have such a trial."),
    n_trials("Their trials of this part."),
    Column(
        "accuracy_mean", "number", PERCENT,
        "Mean over these participants of the share of correct answers; empty without participants.",
    ),
    Column("accuracy_sd", "number", POINTS, "Standard deviation over participants (n - 1)."),
    Column("accuracy_low", "number", PERCENT, f"Lower end, {BOOTSTRAP}"),
    Column("accuracy_high", "number", PERCENT, "Upper end of the same interval."),
    Column("accuracy_pooled", "number", PERCENT, "Pooled share of correct answers."),
)  # fmt: skip

IMAGES = (
    Column("item_id", "string", "", "The photo, as in responses.csv."),
    Column("image", "string", "", "Path of the photo in the dataset's folder."),
    Column("condition", "string", "", "The arm that showed it."),
    ANALYSED,
    Column("n_answers", "integer", "answers", "Answers to it in this arm."),
    Column("accuracy", "number", PERCENT, "Share of these that are correct."),
    Column(
        "agreement", "number", PERCENT,
        "Share of pairs of these people who gave the same answer; empty for a single answer.",
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
        "rt_ms, rt_clean_ms: a participant's median over their answers. Other names: a "
        "participant's time in that stage.",
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
        "The rule as declared. by hand: not a rule; a researcher left these people out.",
    ),
    Column("n_participants", "integer", "people", "Participants who completed."),
    Column("n_excluded", "integer", "people", "Number of them that this rule excludes."),
    Column(
        "n_kept",
        "integer",
        "people",
        "Number of them that are not excluded by any rule or by hand.",
    ),
    Column(
        "note",
        "string",
        "",
        "not measured: the study does not have this measure, so the rule excludes nobody. Empty "
        "for other rules.",
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
