"""Every column of every table of the analysis. Standard library only.

``tables.tables_of`` shapes its tables by these declarations; formulas and cautions stand in
docs/metrics.md.
"""

from __future__ import annotations

from analysis.codebook.codebook import ANALYSED as _ANALYSED
from analysis.codebook.codebook import Column

PERCENT, POINTS = "percent (0-100)", "percentage points"
_RATE = "percent (0-100); SDs for d_prime and criterion"

_CONDITION = Column("condition", "string", "", "The arm; arms without anyone are listed too.")
_MEASURE = Column(
    "measure", "string", "", "What is measured; formulas in docs/metrics.md.",
    ("accuracy", "accuracy_ai_correct", "accuracy_ai_wrong", "balanced_accuracy", "accept_rate",
     "over_reliance", "under_reliance", "d_prime", "criterion"),
)  # fmt: skip
_N_PEOPLE = Column(
    "n_participants", "integer", "people", "Participants for whom the figure is defined."
)
_BOOTSTRAP = "95 % percentile bootstrap over participants; empty below two or if a draw is empty."


def _n_trials(meaning: str) -> Column:
    return Column("n_trials", "integer", "trials", meaning)


MEASURES_TABLE = (
    _CONDITION,
    _ANALYSED,
    _MEASURE,
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
    _n_trials("Their trials that enter the figure."),
    Column(
        "estimate", "number", _RATE,
        "The measure. Empty where nobody has it; over- and under-reliance are not defined in an "
        "unaided condition.",
    ),
    Column(
        "sd", "number", _RATE,
        "Standard deviation over participants (n - 1); empty below two and where trials count.",
    ),
    Column("low", "number", _RATE, f"Lower end, {_BOOTSTRAP}"),
    Column("high", "number", _RATE, "Upper end of the same interval."),
)  # fmt: skip

ACCURACY_BY = (
    _CONDITION,
    _ANALYSED,
    Column(
        "factor", "string", "",
        "What splits the trials. ai: is the AI right. difficulty: does the AI's confidence "
        "mislead. prior_knowledge: did the person know the class. half, position: when in the "
        "test.",
        ("ai", "difficulty", "difficulty_by_ai", "prior_knowledge", "prior_knowledge_by_ai",
         "half", "position"),
    ),
    Column("level", "string", "", "Which part; two joined by a comma where two things split."),
    Column("n_participants", "integer", "people", "Participants who have such a trial."),
    _n_trials("Their trials of this part."),
    Column(
        "accuracy_mean", "number", PERCENT,
        "Mean over these participants of each one's share of correct answers; empty for nobody.",
    ),
    Column("accuracy_sd", "number", POINTS, "Standard deviation over participants (n - 1)."),
    Column("accuracy_low", "number", PERCENT, f"Lower end, {_BOOTSTRAP}"),
    Column("accuracy_high", "number", PERCENT, "Upper end of the same interval."),
    Column("accuracy_pooled", "number", PERCENT, "Share of correct answers; trials count alike."),
)  # fmt: skip

_PAIR = (
    Column("a", "string", "", "First condition."),
    Column("b", "string", "", "Second condition."),
    _ANALYSED,
    _MEASURE,
)

_N_OF_PAIR = (
    Column("n_a", "integer", "people", "Participants of a for whom the measure is defined."),
    Column("n_b", "integer", "people", "Participants of b for whom the measure is defined."),
)

_SHARES_PHOTOS = Column(
    "shares_photos", "boolean", "",
    "At least half of each condition's answers are on photos that the other judged, too. Where "
    "this is false, a test that treats these photos as the only ones also finds their luck.",
)  # fmt: skip

TESTS = (
    *_PAIR,
    *_N_OF_PAIR,
    Column("difference", "number", POINTS, "Mean over participants of a, minus that of b."),
    Column(
        "low", "number", POINTS,
        f"Lower end of the difference, treating these photos as the only ones: {_BOOTSTRAP}",
    ),
    Column("high", "number", POINTS, "Upper end of the same interval."),
    Column(
        "twoway_difference", "number", _RATE,
        "The difference that the next columns are about: as difference, but for d_prime and "
        "criterion, which are those of the pooled answers.",
    ),
    Column(
        "twoway_low", "number", _RATE,
        "Lower end of the 95 % interval when people and photos are both samples (two-way "
        "cluster-robust variance, Student's t).",
    ),
    Column("twoway_high", "number", _RATE, "Upper end of the same interval."),
    Column("twoway_p", "number", "probability", "Two-sided p of the same variance."),
    Column(
        "twoway_p_holm", "number", "probability",
        "twoway_p corrected by Holm over all pairs of the family.",
    ),
    _SHARES_PHOTOS,
    Column(
        "u", "number", "",
        "Mann-Whitney U of a: pairs in which a's participant is above b's, ties as one half.",
    ),
    Column(
        "p", "number", "probability",
        "Two-sided p of that test, for this pair alone. It treats these photos as the only ones.",
    ),
    Column(
        "p_holm", "number", "probability",
        "p corrected by Holm over all pairs of the family; pairs without data count as p = 1.",
    ),
    Column(
        "cliffs_delta", "number", "-1 to 1", "P(a above b) minus P(a below b); 0 is no shift."
    ),
)  # fmt: skip

DIFFERENCES = (
    *_PAIR,
    *_N_OF_PAIR,
    Column("n_images", "integer", "images", "Photos that the answers of both are about."),
    Column(
        "difference", "number", _RATE,
        "Mean over participants of a, minus that of b; d_prime and criterion are of the pooled "
        "answers.",
    ),
    Column(
        "se", "number", _RATE,
        "Two-way cluster-robust standard error: people and photos are both samples.",
    ),
    Column("low", "number", _RATE, "Lower end of the 95 % interval, Student's t."),
    Column("high", "number", _RATE, "Upper end of the same interval."),
    Column(
        "p", "number", "probability",
        "Two-sided p; not corrected for the number of pairs and measures.",
    ),
    _SHARES_PHOTOS,
)  # fmt: skip

EQUIVALENCE = (
    *_PAIR,
    Column("margin", "number", POINTS, "Differences below this count as none; declared."),
    *_N_OF_PAIR,
    Column("difference", "number", POINTS, "Mean over participants of a, minus that of b."),
    Column(
        "low", "number", POINTS,
        "Lower end of the 90 % interval of the difference when people and photos are both samples.",
    ),
    Column("high", "number", POINTS, "Upper end of the same interval."),
    Column(
        "p", "number", "probability",
        "The larger p of the two one-sided tests; not corrected for the number of pairs.",
    ),
    Column("is_equivalent", "boolean", "", "p is at most 5 %: the interval is inside the margin."),
    Column(
        "welch_low", "number", POINTS,
        "Lower end of Welch's 90 % interval over participants, which treats these photos as the "
        "only ones.",
    ),
    Column("welch_high", "number", POINTS, "Upper end of the same interval."),
    Column("welch_p", "number", "probability", "The larger p of Welch's two one-sided tests."),
)  # fmt: skip

MIXED_MODEL = (
    _ANALYSED,
    Column(
        "kind", "string", "",
        "fixed: a coefficient. contrast: a condition against the first one. random: the standard "
        "deviation of people or of images.",
        ("fixed", "contrast", "random"),
    ),
    Column("term", "string", "", "The coefficient, the two conditions, or whose deviation."),
    Column(
        "estimate", "number", "log odds",
        "The effect, or the standard deviation. Empty where the model did not converge.",
    ),
    Column("se", "number", "log odds", "Standard error."),
    Column("low", "number", "log odds", "Lower end of the 95 % Wald interval."),
    Column("high", "number", "log odds", "Upper end of the same interval."),
    Column(
        "odds_ratio", "number", "ratio", "exp(estimate); 1 is no effect. Empty for a random term."
    ),
    Column(
        "p", "number", "probability",
        "Two-sided Wald p, not corrected for the number of terms; empty for a random term.",
    ),
    Column("n_responses", "integer", "answers", "Answers fitted; mixed_model.txt says which."),
    Column("n_participants", "integer", "people", "Participants whose answers these are."),
    Column("n_images", "integer", "images", "Images that they are about."),
)  # fmt: skip

_TEAM_RATES = (
    Column(
        "team", "number", PERCENT,
        "ai_share x the AI's accuracy there + (1 - ai_share) x people's accuracy on the rest. A "
        "calculation from two samples. Empty in an unaided condition, and where people judged no "
        "trial that is needed.",
    ),
    Column("team_low", "number", PERCENT, f"Lower end, {_BOOTSTRAP}"),
    Column("team_high", "number", PERCENT, "Upper end of the same interval."),
    Column(
        "team_prevalence_corrected", "number", PERCENT,
        "The same with right and wrong AI answers as often among people's trials as in the pool.",
    ),
    Column("corrected_low", "number", PERCENT, f"Lower end, {_BOOTSTRAP}"),
    Column("corrected_high", "number", PERCENT, "Upper end of the same interval."),
)  # fmt: skip

_THRESHOLD_MEANING = (
    "At this confidence and above the AI's answer stands; below it a person decides."
)

TEAM = (
    _CONDITION,
    _ANALYSED,
    _N_PEOPLE,
    Column(
        "threshold", "number", "share (0-1)",
        f"{_THRESHOLD_MEANING} Chosen on a part of the AI's images, without any person's answer.",
    ),
    Column("n_votes", "integer", "votes", "The same in votes; empty for an AI without votes."),
    Column("ai_share", "number", PERCENT, "Share of the AI's images at or above the threshold."),
    Column("ai_accuracy_on_share", "number", PERCENT, "The AI's accuracy on these images."),
    Column("n_trials_on_rest", "integer", "trials", "People's trials below the threshold."),
    Column("human_accuracy_on_rest", "number", PERCENT, "People's accuracy on them, pooled."),
    Column("ai_top1", "number", PERCENT, "The AI's accuracy on all its images."),
    Column(
        "ai_alone", "number", PERCENT,
        "The AI accepts its answer at the threshold and above, else rejects it: how often that "
        "is right, on the images that did not choose the threshold.",
    ),
    Column(
        "human_alone", "number", PERCENT,
        "People decide every image: mean over participants. Of whom, human_alone_kind says.",
    ),
    Column(
        "human_alone_kind", "string", "",
        "unaided: people who did not see this AI. after_ai: the condition's own people, who "
        "decided after seeing it.",
        ("after_ai", "unaided"),
    ),
    *_TEAM_RATES,
    Column(
        "complementarity", "number", POINTS, "team minus the better of ai_alone and human_alone."
    ),
    Column("complementarity_low", "number", POINTS, f"Lower end, {_BOOTSTRAP}"),
    Column("complementarity_high", "number", POINTS, "Upper end of the same interval."),
    Column(
        "is_complementary", "boolean", "",
        "The team is above both, as a point; whether it is beyond chance, the interval says.",
    ),
)  # fmt: skip

TEAM_CURVE = (
    _CONDITION,
    _ANALYSED,
    Column("threshold", "number", "share (0-1)", _THRESHOLD_MEANING),
    Column("ai_share", "number", PERCENT, "Share of the AI's images at or above the threshold."),
    Column("ai_accuracy", "number", PERCENT, "The AI's accuracy on these images."),
    Column("human_accuracy", "number", PERCENT, "People's accuracy on trials below it, pooled."),
    _n_trials("People's trials below the threshold."),
    *_TEAM_RATES,
)

IMAGES = (
    Column("item_id", "string", "", "The photo, as in responses.csv."),
    Column("image", "string", "", "The photo's path below the folder of the dataset."),
    Column("condition", "string", "", "The arm that showed it."),
    _ANALYSED,
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
    _CONDITION,
    _ANALYSED,
    Column(
        "measure", "string", "",
        "rt_ms, rt_clean_ms: a participant's median over their answers. Else the stage that a "
        "participant spent the time in.",
    ),
    Column("n_participants", "integer", "people", "Participants with such a time."),
    Column("median", "number", "ms", "Median over participants."),
    Column("mean", "number", "ms", "Mean over participants."),
    Column("sd", "number", "ms", "Standard deviation over participants (n - 1)."),
    Column("low", "number", "ms", f"Lower end of the mean, {_BOOTSTRAP}"),
    Column("high", "number", "ms", "Upper end of the same interval."),
)  # fmt: skip

EXCLUSIONS = (
    _CONDITION,
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
    "mixed_model": MIXED_MODEL,
    "team": TEAM,
    "team_curve": TEAM_CURVE,
    "images": IMAGES,
    "times": TIMES,
    "exclusions": EXCLUSIONS,
}
