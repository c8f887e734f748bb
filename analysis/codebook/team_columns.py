"""Columns of the tables of human-AI teams. Standard library only."""

from __future__ import annotations

from analysis.codebook.codebook import Column
from analysis.codebook.shared_columns import (
    ANALYSED,
    BOOTSTRAP,
    CONDITION,
    N_PEOPLE,
    PERCENT,
    POINTS,
    n_trials,
)

_TEAM_RATES = (
    Column(
        "team", "number", PERCENT,
        "ai_share x the AI's accuracy there + (1 - ai_share) x people's accuracy on the rest. It "
        "is calculated from two samples. Empty in an unaided condition, and if people judged no "
        "trial that is needed.",
    ),
    Column("team_low", "number", PERCENT, f"Lower end, {BOOTSTRAP}"),
    Column("team_high", "number", PERCENT, "Upper end of the same interval."),
    Column(
        "team_prevalence_corrected", "number", PERCENT,
        "Like team, with people's trials reweighted so that right and wrong AI answers are as "
        "frequent as in the pool.",
    ),
    Column("corrected_low", "number", PERCENT, f"Lower end, {BOOTSTRAP}"),
    Column("corrected_high", "number", PERCENT, "Upper end of the same interval."),
)  # fmt: skip

_NATURAL = (
    Column(
        "team_natural", "number", PERCENT,
        "Accuracy of the team on the images that did not tune the threshold, with right and wrong "
        "answers as frequent as there. docs/metrics.md has the formulas.",
    ),
    Column(
        "human_alone_natural", "number", PERCENT,
        "Accuracy of people who decide all these images (human_alone_kind says which people), "
        "with the same mixture.",
    ),
    Column(
        "ai_alone_natural", "number", PERCENT,
        "Accuracy of the AI on the same images if it accepts its answers at or above the "
        "threshold and rejects the others.",
    ),
    Column(
        "ai_always", "number", PERCENT,
        "Accuracy of the AI on the same images if it accepts all its answers.",
    ),
    Column(
        "complementarity", "number", POINTS,
        "team_natural minus the largest of human_alone_natural, ai_alone_natural and ai_always.",
    ),
    Column(
        "complementarity_low", "number", POINTS,
        "Lower end of the 95 % bootstrap interval over people, photos, images of the pool and the "
        "threshold. Empty without team_natural, or for fewer than two people.",
    ),
    Column("complementarity_high", "number", POINTS, "Upper end of the same interval."),
)  # fmt: skip

_THRESHOLD_MEANING = (
    "At or above this confidence, the AI's answer is final; below it a person decides."
)

TEAM = (
    CONDITION,
    ANALYSED,
    N_PEOPLE,
    Column(
        "threshold", "number", "share (0-1)",
        f"{_THRESHOLD_MEANING} It is tuned on a part of the AI's images, without people's answers.",
    ),
    Column("n_votes", "integer", "votes", "The threshold in votes; empty for an AI without votes."),
    Column("ai_share", "number", PERCENT, "Share of the AI's images at or above the threshold."),
    Column("ai_accuracy_on_share", "number", PERCENT, "The AI's accuracy on these images."),
    Column("n_trials_on_rest", "integer", "trials", "People's trials below the threshold."),
    Column("human_accuracy_on_rest", "number", PERCENT, "People's accuracy on them, pooled."),
    Column("ai_top1", "number", PERCENT, "The AI's accuracy on all its images."),
    Column(
        "ai_alone", "number", PERCENT,
        "Accuracy of the AI, on the images that did not tune the threshold, if it accepts its "
        "answers at or above the threshold and rejects the others.",
    ),
    Column(
        "human_alone", "number", PERCENT,
        "Accuracy of people who decide every image: mean over participants; human_alone_kind says "
        "which people.",
    ),
    Column(
        "human_alone_kind", "string", "",
        "unaided: people who did not see this AI. after_ai: the condition's own people, who "
        "decided after seeing it.",
        ("after_ai", "unaided"),
    ),
    *_TEAM_RATES,
    *_NATURAL,
    Column("n_people_on_rest", "integer", "people", "Number of people with such trials."),
    Column(
        "verdict", "string", "",
        "Whether the team is better than people alone and than the AI: yes if complementarity_low "
        "is above 0. With planned looks, the interval for the verdict has the p_bound of the look "
        "in the place of 5 percent. There is no verdict with fewer than 100 trials below the "
        "threshold, or from fewer than 10 people.",
        ("yes", "no", "too few trials"),
    ),
)  # fmt: skip

TEAM_PREVALENCE = (
    CONDITION,
    ANALYSED,
    Column(
        "prevalence", "number", PERCENT,
        "Assumed share of right answers of the AI. The confidences are those of the pool's right "
        "and wrong answers; the threshold does not change.",
    ),
    *_NATURAL,
)  # fmt: skip

TEAM_CURVE = (
    CONDITION,
    ANALYSED,
    Column("threshold", "number", "share (0-1)", _THRESHOLD_MEANING),
    Column("ai_share", "number", PERCENT, "Share of the AI's images at or above the threshold."),
    Column("ai_accuracy", "number", PERCENT, "The AI's accuracy on these images."),
    Column("human_accuracy", "number", PERCENT, "People's accuracy on trials below it, pooled."),
    n_trials("People's trials below the threshold."),
    *_TEAM_RATES,
)

RATIONAL = (
    CONDITION,
    ANALYSED,
    n_trials("People's trials."),
    Column("n_images", "integer", "images", "Images of the AI's pool, whose confidences are used."),
    Column("base_rate", "number", PERCENT, "Share of the trials on which the AI is right."),
    Column("accept_rate", "number", PERCENT, "Share of the trials that people accepted, pooled."),
    Column(
        "rational_baseline", "number", PERCENT,
        "Correct decisions of a decision maker who knows only base_rate and accepts all trials or "
        "none.",
    ),
    Column(
        "rational_benchmark", "number", PERCENT,
        "Correct decisions of a decision maker who knows base_rate and the AI's confidence in "
        "steps of 5 points, and makes the best decision at each. docs/metrics.md has the "
        "formulas.",
    ),
    Column(
        "misreliant_benchmark", "number", PERCENT,
        "The highest share of correct decisions from the confidence if exactly accept_rate of the "
        "trials are accepted.",
    ),
    Column("observed", "number", PERCENT, "Correct decisions of people, pooled over trials."),
    Column(
        "reliance_loss", "number", POINTS,
        "rational_benchmark minus misreliant_benchmark: the loss from accepting too many or too "
        "few trials.",
    ),
    Column(
        "discrimination_loss", "number", POINTS,
        "misreliant_benchmark minus observed: the loss from accepting the wrong trials. Negative "
        "if people know more than the confidence, because they see the photo.",
    ),
    Column(
        "note", "string", "",
        "Why there are no numbers: unaided (people did not see the AI), no answers, or no "
        "confidence (the AI has no pool of images). Empty otherwise.",
        is_nullable=True,
    ),
)  # fmt: skip

_BY_PHOTOS = "95 % interval over people and photos; empty for fewer than two of either."


def _with_interval(name: str, said: str) -> tuple[Column, ...]:
    return (
        Column(name, "number", PERCENT, said, is_nullable=True),
        Column(f"{name}_low", "number", PERCENT, f"Lower end, {_BY_PHOTOS}", is_nullable=True),
        Column(f"{name}_high", "number", PERCENT, "Upper end of it.", is_nullable=True),
    )


TEAM_OBSERVED = (
    CONDITION,
    ANALYSED,
    N_PEOPLE,
    Column("n_images", "integer", "photos", "All photos that the AI was run on.", minimum=0),
    Column(
        "n_deferred", "integer", "photos", "Those that people judge: is_deferred of the items.",
        minimum=0,
    ),
    Column("ai_share", "number", PERCENT, "Share of the photos that the AI decides."),
    Column(
        "ai_accuracy_on_share", "number", PERCENT,
        "Accuracy of the AI on them; empty if it decides none.", is_nullable=True,
    ),
    Column(
        "n_trials", "integer", "trials", "Test trials of people, all on deferred photos.", minimum=0
    ),
    *_with_interval("human", "Accuracy of people on deferred photos, in the mixture of trials."),
    *_with_interval(
        "human_natural",
        "The same with right and wrong AI answers as frequent as among the deferred photos.",
    ),
    *_with_interval(
        "team", "ai_share x ai_accuracy_on_share + (1 - ai_share) x human, as it worked."
    ),
    *_with_interval("team_natural", "The same with human_natural."),
    Column("ai_always", "number", PERCENT, "Accuracy of the AI if it decides all photos."),
    Column(
        "team_simulated", "number", PERCENT,
        "The reference study's team from the same answers (team of the table team), at the "
        "threshold that the AI would choose itself.",
        is_nullable=True,
    ),
    Column(
        "note", "string", "", "Why there is no team, such as: nobody answered. Otherwise empty.",
        is_nullable=True,
    ),
)  # fmt: skip
# Tables that only a study has in which the AI decides some photos.
DEFER_TABLES = {"team_observed": TEAM_OBSERVED}
