"""Measures of how people use the AI's answer: tidy responses in, percent out. Pure.

A trial is *accepted* if the person says that the AI is right. The person is *correct* if they
accept a right answer of the AI or reject a wrong one, so ``is_correct`` and ``is_ai_correct``
together determine the click. Every function takes a frame of one row per response with at least
the columns ``participant_id``, ``condition``, ``is_correct`` and ``is_ai_correct``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas import DataFrame, Series
from scipy.special import ndtri

from analysis.stats.confidence import DIFFICULTIES

COUNTS = ("n_ai_correct", "n_correct_ai_correct", "n_ai_wrong", "n_correct_ai_wrong")
MEASURES = (
    "accuracy",
    "accuracy_ai_correct",
    "accuracy_ai_wrong",
    "balanced_accuracy",
    "accept_rate",
    "over_reliance",
    "under_reliance",
    "d_prime",
    "criterion",
)


def trial_counts(frame: DataFrame, by: Sequence[str]) -> DataFrame:
    """Count trials and correct answers by AI correctness, one row per group of ``by``.

    The result is indexed by ``by``, in the order of first appearance, and has ``COUNTS``.
    """
    is_correct = frame["is_correct"].astype(bool)
    is_ai_correct = frame["is_ai_correct"].astype(bool)
    parts = (is_ai_correct, is_ai_correct & is_correct, ~is_ai_correct, ~is_ai_correct & is_correct)
    keys = [frame[key] for key in by]
    counted = DataFrame(
        {name: part.astype("int64") for name, part in zip(COUNTS, parts, strict=True)}
    )
    return counted.groupby(keys, sort=False, observed=True).sum()


def reliance(counts: DataFrame) -> DataFrame:
    """Return ``MEASURES`` for each row of ``counts`` (columns ``COUNTS``, sums of trials).

    In percent, except d′ and c, which are in standard deviations of the log-linear corrected
    rates (Hautus 1995: half a trial added to each cell, so that 0 and 1 stay finite):

        d′ = z(H) − z(F),  c = −(z(H) + z(F)) / 2,
        H = (accepted, AI right + ½) / (n AI right + 1),  F likewise where the AI is wrong.

    NaN if a denominator is 0, or if a measure of both kinds of trials lacks one kind.
    """
    n_right, hits, n_wrong, rejections = (counts[name].astype(float) for name in COUNTS)
    n_trials = n_right + n_wrong
    false_alarms = n_wrong - rejections
    right = 100 * hits / n_right.where(n_right > 0)
    wrong = 100 * rejections / n_wrong.where(n_wrong > 0)
    both = (n_right > 0) & (n_wrong > 0)
    z_hits = ndtri(((hits + 0.5) / (n_right + 1)).where(both))
    z_false_alarms = ndtri(((false_alarms + 0.5) / (n_wrong + 1)).where(both))
    trials = n_trials.where(n_trials > 0)
    return DataFrame(
        {
            "accuracy": 100 * (hits + rejections) / trials,
            "accuracy_ai_correct": right,
            "accuracy_ai_wrong": wrong,
            "balanced_accuracy": (right + wrong) / 2,
            "accept_rate": 100 * (hits + false_alarms) / trials,
            "over_reliance": 100 * false_alarms / n_wrong.where(n_wrong > 0),
            "under_reliance": 100 * (n_right - hits) / n_right.where(n_right > 0),
            "d_prime": z_hits - z_false_alarms,
            "criterion": -(z_hits + z_false_alarms) / 2,
        },
        index=counts.index,
    )


def participant_measures(frame: DataFrame) -> DataFrame:
    """Return one row per participant: ``condition``, ``n_trials``, ``COUNTS``, ``MEASURES``.

    Raises ``ValueError`` for a participant in more than one condition.
    """
    counts = trial_counts(frame, ["participant_id", "condition"])
    people = pd.concat([counts, reliance(counts)], axis="columns").reset_index()
    people.insert(2, "n_trials", people["n_ai_correct"] + people["n_ai_wrong"])
    is_twice = people["participant_id"].duplicated()
    if is_twice.any():
        raise ValueError(
            f"{int(is_twice.sum())} participants have answers in more than one condition; "
            "expected one condition each: give every session an id of its own."
        )
    return people


def pooled_measures(frame: DataFrame) -> DataFrame:
    """Return ``n_accepted``, ``n_rejected``, ``COUNTS`` and ``MEASURES`` of each condition.

    Every trial has the same weight; the index is the condition.
    """
    counts = trial_counts(frame, ["condition"])
    accepted = counts["n_correct_ai_correct"] + counts["n_ai_wrong"] - counts["n_correct_ai_wrong"]
    rejected = counts["n_ai_correct"] + counts["n_ai_wrong"] - accepted
    named = DataFrame({"n_accepted": accepted, "n_rejected": rejected})
    return pd.concat([named, counts, reliance(counts)], axis="columns")


def cell_accuracy(frame: DataFrame, by: Sequence[str]) -> DataFrame:
    """Return one row per participant and cell of ``by``: ``n_trials``, ``accuracy`` in percent."""
    keys = [frame[key] for key in ("condition", "participant_id", *by)]
    grouped = (100 * frame["is_correct"].astype(float)).groupby(keys, sort=False, observed=True)
    return grouped.agg(n_trials="size", accuracy="mean").reset_index()


def accuracy_by(frame: DataFrame, by: Sequence[str]) -> DataFrame:
    """Return accuracy in percent for each condition and cell of ``by``, sorted by the cell.

    ``accuracy_mean`` and ``accuracy_sd`` are over the ``n_participants`` who have such a trial,
    each with the same weight; ``accuracy_pooled`` is over their ``n_trials``. A cell that nobody
    saw has no row.
    """
    cells = cell_accuracy(frame, by)
    cells["n_correct"] = cells["accuracy"] * cells["n_trials"] / 100
    keys = ["condition", *by]
    table = cells.groupby(keys, observed=True).agg(
        n_participants=("accuracy", "size"),
        n_trials=("n_trials", "sum"),
        accuracy_mean=("accuracy", "mean"),
        accuracy_sd=("accuracy", "std"),
        n_correct=("n_correct", "sum"),
    )
    table["accuracy_pooled"] = 100 * table.pop("n_correct") / table["n_trials"]
    return table.reset_index()


def difficulty_means(frame: DataFrame) -> DataFrame:
    """Return accuracy in percent by difficulty: a row per condition, a column per difficulty.

    The mean is over the cells participant × AI correctness that have a trial of that difficulty.
    Each cell has the same weight, so trials where the AI is right and trials where it is wrong
    count the same, however many there are. NaN if there is no such trial. ``frame`` needs the
    column ``difficulty``.
    """
    cells = cell_accuracy(frame, ["is_ai_correct", "difficulty"])
    means = cells.groupby(["condition", "difficulty"], observed=True)["accuracy"].mean()
    return means.unstack("difficulty").reindex(columns=list(DIFFICULTIES))


def image_accuracy(frame: DataFrame) -> DataFrame:
    """Return one row per image, over all people and conditions: ``n_answers``, ``accuracy``.

    ``frame`` needs the column ``image``. An image has about three answers in a condition, so its
    accuracy is imprecise: do not rank images by it.
    """
    percent = 100 * frame["is_correct"].astype(float)
    grouped = percent.groupby(frame["image"], sort=False, observed=True)
    return grouped.agg(n_answers="size", accuracy="mean").reset_index()


def halves(frame: DataFrame) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """Return ``first`` or ``second`` for each row: the half of its participant's trials.

    ``frame`` needs the column ``trial_index``, from 1. If the number of trials is odd, the middle
    one is in the second half.
    """
    n_trials = frame.groupby("participant_id", observed=True)["trial_index"].transform("max")
    return np.where(2 * frame["trial_index"] <= n_trials, "first", "second")


def identical_runs(frame: DataFrame) -> Series:
    """Return each participant's longest run of identical clicks, by ``participant_id``.

    ``frame`` needs the column ``trial_index``. A run of 30 in 30 answers comes from someone who
    did not look or who trusts the AI blindly; the run alone does not say which.
    """
    rows = frame.sort_values(["participant_id", "trial_index"], kind="stable")
    is_accepted = rows["is_correct"].astype(bool) == rows["is_ai_correct"].astype(bool)
    person = rows["participant_id"]
    is_new = (is_accepted != is_accepted.shift()) | (person != person.shift())
    lengths = is_new.groupby(is_new.cumsum()).transform("size")
    return lengths.groupby(person, observed=True).max().rename("n_identical_run")
