"""Accuracy of people: tidy responses in, tables in percent out. Pure pandas, no Django.

Correctness is not decided here: ``is_correct`` and ``is_ai_correct`` come with the frame.
"""

from __future__ import annotations

from collections.abc import Sequence

from pandas import DataFrame

from analysis.stats import mean_interval

COMPLETED = "completed"


def participant_accuracy(frame: DataFrame) -> DataFrame:
    """Return one row a participant: what share of their answers is correct, in percent.

    ``frame`` has one row a response, with the columns ``participant_id``, ``condition``,
    ``participant_status``, ``is_simulated``, ``is_correct`` and ``is_ai_correct``. The result
    has the first four of them, ``n_trials``, and ``accuracy`` over all trials, over those on
    which the AI is right (``accuracy_ai_correct``) and over those on which it is wrong
    (``accuracy_ai_wrong``); NaN for someone without such a trial. People keep their order.
    """
    percent = 100 * frame["is_correct"].astype(float)
    is_ai_correct = frame["is_ai_correct"].astype(bool)
    scored = frame.assign(
        percent=percent,
        percent_ai_correct=percent.where(is_ai_correct),
        percent_ai_wrong=percent.where(~is_ai_correct),
    )
    people = scored.groupby("participant_id", sort=False).agg(
        condition=("condition", "first"),
        participant_status=("participant_status", "first"),
        is_simulated=("is_simulated", "first"),
        n_trials=("percent", "size"),
        accuracy=("percent", "mean"),
        accuracy_ai_correct=("percent_ai_correct", "mean"),
        accuracy_ai_wrong=("percent_ai_wrong", "mean"),
    )
    return people.reset_index()


def accuracy_table(frame: DataFrame, conditions: Sequence[str]) -> DataFrame:
    """Return one row a condition, in the order of ``conditions``, in percent.

    Every figure is a mean over the participants who completed, each with the same weight
    whatever their number of trials; the interval is Student's t over participants. A condition
    without any has counts of 0 and NaN. Raises ``ValueError`` for a condition in the frame that
    the list lacks: it would vanish from the table.
    """
    unlisted = sorted(set(frame["condition"]) - set(conditions))
    if unlisted:
        raise ValueError(
            f"The frame has conditions {', '.join(unlisted)}; "
            f"expected only {', '.join(conditions) or 'none'}."
        )
    people = participant_accuracy(frame)
    done = people[people["participant_status"] == COMPLETED]
    return DataFrame([_condition_row(name, done[done["condition"] == name]) for name in conditions])


def _condition_row(condition: str, people: DataFrame) -> dict[str, object]:
    interval = mean_interval(people["accuracy"])
    return {
        "condition": condition,
        "n_participants": interval.n,
        "n_simulated": int(people["is_simulated"].sum()),
        "n_trials": int(people["n_trials"].sum()),
        "accuracy_mean": interval.mean,
        "accuracy_sd": interval.sd,
        "accuracy_low": interval.low,
        "accuracy_high": interval.high,
        "accuracy_ai_correct_mean": people["accuracy_ai_correct"].mean(),
        "accuracy_ai_wrong_mean": people["accuracy_ai_wrong"].mean(),
    }
