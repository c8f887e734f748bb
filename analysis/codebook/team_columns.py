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
        "ai_share x the AI's accuracy there + (1 - ai_share) x people's accuracy on the rest. A "
        "calculation from two samples. Empty in an unaided condition, and where people judged no "
        "trial that is needed.",
    ),
    Column("team_low", "number", PERCENT, f"Lower end, {BOOTSTRAP}"),
    Column("team_high", "number", PERCENT, "Upper end of the same interval."),
    Column(
        "team_prevalence_corrected", "number", PERCENT,
        "The same with right and wrong AI answers as often among people's trials as in the pool.",
    ),
    Column("corrected_low", "number", PERCENT, f"Lower end, {BOOTSTRAP}"),
    Column("corrected_high", "number", PERCENT, "Upper end of the same interval."),
)  # fmt: skip

_NATURAL = (
    Column(
        "team_natural", "number", PERCENT,
        "The team on the images that did not choose the threshold, right and wrong answers as "
        "often as there. Formulas in docs/metrics.md.",
    ),
    Column(
        "human_alone_natural", "number", PERCENT,
        "People deciding all these images (human_alone_kind says who), in the same mixture.",
    ),
    Column(
        "ai_alone_natural", "number", PERCENT,
        "The AI accepting at the threshold and above, rejecting below, on the same images.",
    ),
    Column("ai_always", "number", PERCENT, "The AI accepting all its answers on these images."),
    Column(
        "complementarity", "number", POINTS,
        "team_natural minus the largest of human_alone_natural, ai_alone_natural and ai_always.",
    ),
    Column(
        "complementarity_low", "number", POINTS,
        "Lower end of the 95 % bootstrap interval; people, photos, images of the pool and the "
        "threshold are drawn. Empty below two people.",
    ),
    Column("complementarity_high", "number", POINTS, "Upper end of the same interval."),
)  # fmt: skip

_THRESHOLD_MEANING = (
    "At this confidence and above the AI's answer stands; below it a person decides."
)

TEAM = (
    CONDITION,
    ANALYSED,
    N_PEOPLE,
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
    *_NATURAL,
    Column("n_people_on_rest", "integer", "people", "People whom these trials are of."),
    Column(
        "verdict", "string", "",
        "Is the team better than people alone and than the AI: yes where complementarity_low is "
        "above 0. No verdict below 100 trials below the threshold, or below 10 people there.",
        ("yes", "no", "too few trials"),
    ),
)  # fmt: skip

TEAM_PREVALENCE = (
    CONDITION,
    ANALYSED,
    Column(
        "prevalence", "number", PERCENT,
        "Share of right answers that the AI is supposed to give; its confidences are those of "
        "the pool's right and wrong answers, and the threshold stays.",
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
    Column("n_images", "integer", "images", "Images of the AI's pool, whose confidences count."),
    Column("base_rate", "number", PERCENT, "Share of the trials on which the AI is right."),
    Column("accept_rate", "number", PERCENT, "Share of the trials that people accepted, pooled."),
    Column(
        "rational_baseline", "number", PERCENT,
        "Correct decisions of who knows only base_rate, and accepts all trials or none.",
    ),
    Column(
        "rational_benchmark", "number", PERCENT,
        "Correct decisions of who knows base_rate and the AI's confidence, in steps of 5 points, "
        "and decides best at each. Formulas in docs/metrics.md.",
    ),
    Column(
        "misreliant_benchmark", "number", PERCENT,
        "The best that can be reached with the confidence if accept_rate of the trials are "
        "accepted, no more and no fewer.",
    ),
    Column("observed", "number", PERCENT, "Correct decisions of people; trials count alike."),
    Column(
        "reliance_loss", "number", POINTS,
        "rational_benchmark minus misreliant_benchmark: lost by accepting too many or too few.",
    ),
    Column(
        "discrimination_loss", "number", POINTS,
        "misreliant_benchmark minus observed: lost by accepting the wrong ones. Below 0 where "
        "people know more than the confidence says: they see the photo.",
    ),
    Column(
        "note", "string", "",
        "Why there are no numbers: unaided (people did not see the AI), no answers, or no "
        "confidence (the AI has no pool of images). Empty for the others.",
        is_nullable=True,
    ),
)  # fmt: skip
