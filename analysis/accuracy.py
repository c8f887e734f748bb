"""Accuracy of people: tidy responses in, tables in percent out. Pure pandas, no Django.

Correctness is not decided here: ``is_correct`` and ``is_ai_correct`` come with the frame.
"""

from __future__ import annotations

from collections.abc import Sequence

from pandas import DataFrame

from analysis.inference import Seed, mean_bootstrap
from analysis.measures import participant_measures

COMPLETED = "completed"
_PERSON = ["participant_id", "participant_status", "is_simulated"]
_COLUMNS = ["participant_id", "condition", "participant_status", "is_simulated", "n_trials"]
_COLUMNS += ["accuracy", "accuracy_ai_correct", "accuracy_ai_wrong"]


def participant_accuracy(frame: DataFrame) -> DataFrame:
    """Return one row a participant: what share of their answers is correct, in percent.

    ``frame`` has one row a response, with the columns ``participant_id``, ``condition``,
    ``participant_status``, ``is_simulated``, ``is_correct`` and ``is_ai_correct``. The result
    has the first four of them, ``n_trials``, and ``accuracy`` over all trials, over those on
    which the AI is right (``accuracy_ai_correct``) and over those on which it is wrong
    (``accuracy_ai_wrong``); NaN for someone without such a trial. People keep their order.
    Raises ``ValueError`` for a participant in more than one condition.
    """
    said = frame[_PERSON].drop_duplicates("participant_id")
    return participant_measures(frame).merge(said, on="participant_id", how="left")[_COLUMNS]


def accuracy_table(frame: DataFrame, conditions: Sequence[str], *, seed: Seed = 0) -> DataFrame:
    """Return one row a condition, in the order of ``conditions``, in percent.

    Every figure is a mean over the participants who completed, each with the same weight
    whatever their number of trials; the interval is the percentile bootstrap over participants.
    A condition without any has counts of 0 and NaN. Raises ``ValueError`` for a condition in
    the frame that the list lacks: it would vanish from the table.
    """
    unlisted = sorted(set(frame["condition"]) - set(conditions))
    if unlisted:
        raise ValueError(
            f"The frame has conditions {', '.join(unlisted)}; "
            f"expected only {', '.join(conditions) or 'none'}."
        )
    people = participant_accuracy(frame)
    done = people[people["participant_status"] == COMPLETED]
    rows = [_condition_row(name, done[done["condition"] == name], seed) for name in conditions]
    return DataFrame(rows)


def _condition_row(condition: str, people: DataFrame, seed: Seed) -> dict[str, object]:
    low, high = mean_bootstrap(people["accuracy"], seed=seed)
    return {
        "condition": condition,
        "n_participants": len(people),
        "n_simulated": int(people["is_simulated"].sum()),
        "n_trials": int(people["n_trials"].sum()),
        "accuracy_mean": people["accuracy"].mean(),
        "accuracy_sd": people["accuracy"].std(),
        "accuracy_low": low,
        "accuracy_high": high,
        "accuracy_ai_correct_mean": people["accuracy_ai_correct"].mean(),
        "accuracy_ai_wrong_mean": people["accuracy_ai_wrong"].mean(),
    }
