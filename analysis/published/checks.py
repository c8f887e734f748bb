"""Errors in a published file: fixed if possible, otherwise reported.

Pure pandas. Every check reads columns only; none depends on a particular file.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from analysis.stats.confidence import VOTERS

# Largest distance of the ratio of the two time columns from 1 or 2 to count as that value.
RATIO_TOLERANCE = 0.25
# A condition's time is reported if its column has the same quantity for this share of people.
MIN_TIMED = 0.9
_DONE = {True: "Refused: no time is given.", False: "These participants left out."}


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something odd in a file: what, how often, and what was done about it."""

    what: str
    n_affected: int
    done: str


def mend(raw: DataFrame, judged: Mapping[str, str]) -> tuple[DataFrame, list[Oddity]]:
    """Return the rows with votes fixed: those that were divided by 20 twice are multiplied by 20.

    ``raw`` has ``{ai}_confidence`` of every AI, and ``ai_confidence`` of the AI that the condition
    shows (``judged`` maps condition to AI). A column is fixed if its values are a twentieth of what
    people saw or, if nobody in the file saw that AI, if no value exceeds a twentieth.
    """
    mended, oddities = raw.copy(), []
    for ai in [fromkey for fromkey in dict.fromkeys(judged.values()) if fromkey != "ResNet"]:
        column = raw[f"{ai}_confidence"]
        if _is_divided_twice(column, raw["ai_confidence"], _shown(raw, judged, ai)):
            mended[f"{ai}_confidence"] = column * VOTERS
            what = f"The confidences of {ai} are votes divided by {VOTERS} twice."
            oddities.append(Oddity(what, len(raw), f"Multiplied by {VOTERS}."))
    return mended, oddities


def _shown(frame: DataFrame, judged: Mapping[str, str], ai: str) -> Series:
    return frame["condition"].isin([name for name, each in judged.items() if each == ai])


def _is_divided_twice(column: Series, seen: Series, shown: Series) -> bool:
    if not shown.any():
        return bool((column <= 1 / VOTERS + 1e-9).all() and (column > 0).any())
    stored, expected = column[shown], seen[shown]
    is_twentieth = np.isclose(stored * VOTERS, expected, rtol=0, atol=1e-6)
    is_equal = np.isclose(stored, expected, rtol=0, atol=1e-6)
    return bool(is_twentieth.all() and not is_equal.all())


def inspect(frame: DataFrame, sessions: DataFrame, judged: Mapping[str, str]) -> list[Oddity]:
    """Return the other oddities, and what the analysis does about each."""
    found = [
        _confidences(frame, judged),
        _difficulties(frame),
        _ai_correctness(frame, judged),
        _accuracies(frame, sessions),
        _second_answers(frame),
        _numbers_of_trials(frame),
        _repeats(sessions),
        _empty_cells(sessions),
        *_times(sessions),
    ]
    return [oddity for oddity in found if oddity.n_affected]


def _confidences(frame: DataFrame, judged: Mapping[str, str]) -> Oddity:
    differs = pd.Series(False, index=frame.index)
    for ai in dict.fromkeys(judged.values()):
        gap = (frame[f"{ai}_confidence"] - frame["ai_confidence"]).abs()
        differs |= _shown(frame, judged, ai) & (gap > 1e-6)
    what = "ConfidenceScore is not the confidence of the AI that the condition shows."
    return Oddity(what, int(differs.sum()), "ConfidenceScore is used.")


def _difficulties(frame: DataFrame) -> Oddity:
    stored = frame["stored_difficulty"].astype("str")
    n = int((stored != frame["difficulty"].astype("str")).sum())
    what = "DifficultyLevel does not follow from the confidence and the AI's correctness."
    return Oddity(what, n, "They are computed again from the trials.")


def _ai_correctness(frame: DataFrame, judged: Mapping[str, str]) -> Oddity:
    truth = "accepted_labels" if "accepted_labels" in frame else "true_label"
    n_differs = 0
    for ai in dict.fromkeys(judged.values()):
        columns = [truth, f"{ai}_prediction", "is_ai_correct"]
        rows = frame.loc[_shown(frame, judged, ai), columns]
        # There are few distinct rows.
        distinct = rows.groupby(columns, observed=True).size().reset_index(name="n")
        pairs = zip(distinct[truth], distinct[f"{ai}_prediction"], strict=True)
        follows = np.array([prediction in _labels(str(labels)) for labels, prediction in pairs])
        n_differs += int(distinct.loc[follows != distinct["is_ai_correct"], "n"].sum())
    what = "ClassifierCorrectness does not follow from the prediction and the accepted labels."
    return Oddity(what, n_differs, "ClassifierCorrectness is used.")


def _labels(text: str) -> list[str]:
    """Read ``['dog', 'wolf']`` as a list; any other text is one label."""
    if not text.startswith("["):
        return [text]
    try:
        return [str(label) for label in ast.literal_eval(text)]
    except (ValueError, SyntaxError):
        return [text]


def _accuracies(frame: DataFrame, sessions: DataFrame) -> Oddity:
    computed = frame.groupby("participant_id", observed=True)["is_correct"].mean()
    stored = sessions.set_index("participant_id")["stored_accuracy"]
    n = int(((computed - stored.reindex(computed.index)).abs() > 1e-6).sum())
    what = "Participants whose stored accuracy is not that of their trials."
    return Oddity(what, n, "They are computed again from the trials.")


def _second_answers(frame: DataFrame) -> Oddity:
    n = int(frame.duplicated(["participant_id", "image"]).sum())
    return Oddity(
        "A participant's second answer to the same photo.", n, "Counted without a change."
    )


def _numbers_of_trials(frame: DataFrame) -> Oddity:
    n_trials = frame.groupby("participant_id", observed=True).size()
    usual = int(n_trials.mode().iloc[0])
    what = f"Participants whose number of trials is not the usual {usual}."
    return Oddity(what, int((n_trials != usual).sum()), "Counted without a change.")


def _repeats(sessions: DataFrame) -> Oddity:
    n_sessions = sessions["person_id"].value_counts()
    people = int((n_sessions > 1).sum())
    what = (
        f"Sessions of {people} people who took part more than once (number of different people: "
        f"{n_sessions.size})."
    )
    done = "Every session counts as a participant; to exclude later sessions, use session_number>1."
    return Oddity(what, int(n_sessions[n_sessions > 1].sum()), done)


def _empty_cells(sessions: DataFrame) -> Oddity:
    seen = set(zip(sessions["condition"], sessions["trial_set"], strict=True))
    numbers = sorted(set(sessions["trial_set"]))
    conditions = sessions["condition"].unique()
    empty = [(c, s) for c in conditions for s in numbers if (c, s) not in seen]
    named = ", ".join(f"{condition} {number}" for condition, number in empty[:6])
    more = ", ..." if len(empty) > 6 else ""
    what = f"Trial sets that nobody judged: {named}{more}."
    return Oddity(what, len(empty), "These conditions cover fewer photos.")


def _times(sessions: DataFrame) -> list[Oddity]:
    times = stage_times(sessions)
    columns = (times[name] for name in ("condition", "reason", "n_other", "done"))
    return [
        Oddity(f"Test Reaction Time of {condition}: {reason}", int(n_other), str(done))
        for condition, reason, n_other, done in zip(*columns, strict=True)
        if reason
    ]


def stage_times(sessions: DataFrame) -> DataFrame:
    """Return the seconds of the test stage, one row per condition; empty where refused.

    The column ``Test Reaction Time`` (``end_task_ms``) has the time of the task whose file was read
    last. ``Validation Reaction Time`` (``other_rows_ms``) is the sum over the rows of that file
    that are not trials, including the end. Their ratio identifies the task: about 1 for the test
    stage, about 2 for the stage before it. Only sessions of the first kind are averaged, and only
    if they are at least the share ``MIN_TIMED`` of the condition; fewer are not a fair sample.
    """
    end = sessions["end_task_ms"]
    ratio = sessions["other_rows_ms"] / end.where(end > 0)
    timed = sessions.assign(
        seconds=end / 1000,
        is_test=(ratio - 1).abs() < RATIO_TOLERANCE,
        is_before=(ratio - 2).abs() < RATIO_TOLERANCE,
    )
    rows = [
        _time_row(str(condition), group)
        for condition, group in timed.groupby("condition", observed=True)
    ]
    return DataFrame(rows)


def _time_row(condition: str, group: DataFrame) -> dict[str, object]:
    n_test = int(group["is_test"].sum())
    n_before, n_other = int(group["is_before"].sum()), len(group) - n_test
    is_refused = n_test < MIN_TIMED * len(group)
    seconds = group.loc[group["is_test"], "seconds"]
    if is_refused:
        seconds = seconds.iloc[:0]
    reason = (
        f"for {n_before} of {len(group)} participants it is the time before the test, for "
        f"{n_other - n_before} an unknown time."
    )
    return {
        "condition": condition,
        "n_participants": len(group),
        "n_test_stage": n_test,
        "n_other": n_other,
        "mean_s": seconds.mean(),
        "sd_s": seconds.std(),
        "median_s": seconds.median(),
        "reason": reason if n_other else "",
        "done": _DONE[is_refused] if n_other else "",
    }
