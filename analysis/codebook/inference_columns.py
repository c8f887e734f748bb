"""Columns of the tables that compare conditions. Standard library only."""

from __future__ import annotations

from analysis.codebook.codebook import Column
from analysis.codebook.shared_columns import ANALYSED, BOOTSTRAP, MEASURE, POINTS, RATE

_PAIR = (
    Column("a", "string", "", "First condition."),
    Column("b", "string", "", "Second condition."),
    ANALYSED,
    MEASURE,
)

_N_OF_PAIR = (
    Column("n_a", "integer", "people", "Participants of a with a defined measure."),
    Column("n_b", "integer", "people", "Participants of b with a defined measure."),
)

_SHARES_PHOTOS = Column(
    "shares_photos", "boolean", "",
    "At least half of each condition's answers are on photos that the other condition judged as "
    "well. If false, the conditions differ also by their photos, and a test that treats the "
    "photos as fixed can find that difference.",
)  # fmt: skip

TESTS = (
    *_PAIR,
    *_N_OF_PAIR,
    Column("difference", "number", POINTS, "Mean over participants of a, minus that of b."),
    Column(
        "low", "number", POINTS,
        "Lower end of the interval of the difference, with the photos treated as fixed: "
        f"{BOOTSTRAP}",
    ),
    Column("high", "number", POINTS, "Upper end of the same interval."),
    Column(
        "twoway_difference", "number", RATE,
        "The difference of the next columns: the same as difference, except that d_prime and "
        "criterion are computed from the pooled answers.",
    ),
    Column(
        "twoway_low", "number", RATE,
        "Lower end of the 95 % interval when people and photos are both samples (two-way "
        "cluster-robust variance, Student's t).",
    ),
    Column("twoway_high", "number", RATE, "Upper end of the same interval."),
    Column("twoway_p", "number", "probability", "Two-sided p from the same variance."),
    Column(
        "twoway_p_holm", "number", "probability",
        "twoway_p corrected by Holm over all pairs of the family.",
    ),
    _SHARES_PHOTOS,
    Column(
        "u", "number", "",
        "Mann-Whitney U of a: number of pairs in which a's participant is above b's; a tie counts "
        "one half.",
    ),
    Column(
        "p", "number", "probability",
        "Two-sided p of that test, uncorrected. It treats the photos as fixed.",
    ),
    Column(
        "p_holm", "number", "probability",
        "p corrected by Holm over all pairs of the family; pairs without data count as p = 1.",
    ),
    Column(
        "cliffs_delta", "number", "-1 to 1", "P(a above b) minus P(a below b); 0: no shift."
    ),
)  # fmt: skip

DIFFERENCES = (
    *_PAIR,
    *_N_OF_PAIR,
    Column(
        "n_images", "integer", "images", "Number of photos that people of both conditions judged.",
    ),
    Column(
        "difference", "number", RATE,
        "Mean over participants of a, minus that of b; d_prime and criterion are computed from "
        "the pooled answers.",
    ),
    Column(
        "se", "number", RATE,
        "Two-way cluster-robust standard error: people and photos are both samples.",
    ),
    Column("low", "number", RATE, "Lower end of the 95 % interval, Student's t."),
    Column("high", "number", RATE, "Upper end of the same interval."),
    Column(
        "p", "number", "probability",
        "Two-sided p; not corrected for the number of pairs and measures.",
    ),
    _SHARES_PHOTOS,
)  # fmt: skip

ATTRITION = (
    Column("a", "string", "", "First condition."),
    Column("b", "string", "", "Second condition."),
    MEASURE,
    Column(
        "stage", "string", "",
        "The stage at which people were lost: the validation, the attention checks, or otherwise "
        "(gave their place back, ran out of time, withdrew). all: any of them, with bounds of the "
        "difference.",
        ("validation", "attention", "other", "all"),
    ),
    Column("n_a", "integer", "people", "People of a who began, without those under way."),
    Column("n_b", "integer", "people", "People of b who began, without those under way."),
    Column("lost_a", "integer", "people", "Of them, those lost at this stage."),
    Column("lost_b", "integer", "people", "Of them, those lost at this stage."),
    Column(
        "p", "number", "probability",
        "Two-sided p of a difference between the shares lost: chi-square, or Fisher's exact test "
        "if an expected count is below 5. Not corrected.",
    ),
    Column(
        "difference", "number", RATE, "Mean over participants of a who completed, minus that of b.",
    ),
    Column(
        "lee_low", "number", RATE,
        "Lower bound of the difference if the losses are not random (Lee 2009): the condition "
        "that kept more people is trimmed by its surplus.",
    ),
    Column("lee_high", "number", RATE, "Upper bound of the same."),
    Column(
        "all_randomised", "number", RATE,
        "The difference over all who began if those who were lost had guessed (50 %). Only for "
        "accuracy and balanced_accuracy.",
    ),
)  # fmt: skip

EQUIVALENCE = (
    *_PAIR,
    Column("margin", "number", POINTS, "The declared margin: a smaller difference counts as none."),
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
    Column(
        "is_equivalent", "boolean", "",
        "p is at most 5 %: the interval is inside the margin. With planned looks, p is at most the "
        "p_bound of the look.",
    ),
    Column(
        "welch_low", "number", POINTS,
        "Lower end of Welch's 90 % interval over participants; it treats the photos as fixed.",
    ),
    Column("welch_high", "number", POINTS, "Upper end of the same interval."),
    Column("welch_p", "number", "probability", "The larger p of Welch's two one-sided tests."),
)  # fmt: skip

DETECTION_MODEL = (
    ANALYSED,
    Column(
        "kind", "string", "",
        "condition: an arm. contrast: a declared pair of arms, a minus b. random: the standard "
        "deviation of people or photos.",
        ("condition", "contrast", "random"),
    ),
    Column("a", "string", "", "The condition, or the first one of the pair; empty for random."),
    Column("b", "string", "", "The second condition of the pair; empty without a pair."),
    Column(
        "quantity", "string", "",
        "sensitivity, criterion: for the typical person and photo. accuracy, accuracy_ai_correct, "
        "accuracy_ai_wrong: over all people and photos. For random: the effect of the standard "
        "deviation.",
    ),
    Column("unit", "string", "", "Unit of estimate, se, low and high: log odds or percent."),
    Column("estimate", "number", "see unit", "The estimate; empty if the model was not fitted."),
    Column("se", "number", "see unit", "Standard error; for rates by the delta method."),
    Column("low", "number", "see unit", "Lower end of the 95 % interval, Student's t."),
    Column("high", "number", "see unit", "Upper end of the same interval."),
    Column(
        "p", "number", "probability",
        "Two-sided p of a contrast, not corrected; empty for fewer than 10 people in an arm.",
    ),
    Column(
        "note", "string", "",
        "A note on the row: too few people for a p value, no answers, or a penalised cell.",
    ),
    Column(
        "n_responses", "integer", "answers",
        "Number of fitted answers; detection_model.txt describes them.",
    ),
    Column("n_participants", "integer", "people", "Participants whose answers these are."),
    Column("n_images", "integer", "images", "Photos that they are about."),
)  # fmt: skip

MIXED_MODEL = (
    ANALYSED,
    Column(
        "kind", "string", "",
        "fixed: a coefficient. contrast: a condition compared with the first one. random: the "
        "standard deviation of people or of images.",
        ("fixed", "contrast", "random"),
    ),
    Column(
        "term", "string", "", "Name of the coefficient, the two conditions, or the random effect.",
    ),
    Column(
        "estimate", "number", "log odds",
        "The effect, or the standard deviation. Empty if the model did not converge.",
    ),
    Column("se", "number", "log odds", "Standard error."),
    Column("low", "number", "log odds", "Lower end of the 95 % Wald interval."),
    Column("high", "number", "log odds", "Upper end of the same interval."),
    Column(
        "odds_ratio", "number", "ratio", "exp(estimate); 1: no effect. Empty for a random term."
    ),
    Column(
        "p", "number", "probability",
        "Two-sided Wald p, not corrected for the number of terms; empty for a random term.",
    ),
    Column(
        "n_responses", "integer", "answers",
        "Number of fitted answers; mixed_model.txt describes them.",
    ),
    Column("n_participants", "integer", "people", "Participants whose answers these are."),
    Column("n_images", "integer", "images", "Images that they are about."),
)  # fmt: skip
