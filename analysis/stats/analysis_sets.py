"""The analysis sets: all participants who completed, and those of them who are not excluded.

Answers are stored compactly, as categories and small numbers: a million answers take some
tens of megabytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from analysis.stats.analysis_plan import Declared
from analysis.stats.confidence import DIFFICULTIES, PERCENT, difficulty
from analysis.stats.exclusions import BY_HAND, rules_apply
from analysis.stats.inference import Ints
from analysis.stats.interaction_answers import NEEDED as IF_INTERACTIVE
from analysis.stats.interaction_answers import interaction_columns, is_interactive
from analysis.stats.measures import (
    COUNTS,
    MEASURES,
    halves,
    identical_runs,
    participant_measures,
    reliance,
    trial_counts,
)
from analysis.stats.task_answers import OPTIONAL, asked, is_choice, task_columns

COMPLETED = "completed"
# Without an AI's answer there is nothing to rely on.
RELIANCE = ("over_reliance", "under_reliance")
# A wrong choice among classes need not be the AI's class, so the counts do not say who accepted.
OF_ACCEPTING = ("accept_rate", "over_reliance", "d_prime", "criterion")
_NEEDED = (
    "condition", "item_id", "image", "trial_index", "ai_confidence", "ai_votes", "is_ai_correct",
    "is_correct",
)  # fmt: skip
_OPTIONAL = ("rt_ms", "rt_clean_ms", "prior_knowledge", "block")
# The columns of the responses that tables use; no other column changes a table.
READ = frozenset({"participant_id", "is_missed", *_NEEDED, *_OPTIONAL, *OPTIONAL, *IF_INTERACTIVE})


class SampleRefused(ValueError):
    """Raised for tables that contradict each other; the message says what was seen and expected."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Some of the participants who completed, and their answers.

    ``answers`` has one row per test answer that was not missed: ``participant_id``,
    ``condition``, ``item_id`` and ``image`` (categories), ``trial_index``, ``ai_confidence``,
    ``ai_votes``, ``is_ai_correct``, ``is_correct``, ``difficulty`` and ``half`` (categories), and
    those of ``rt_ms``, ``rt_clean_ms`` and ``prior_knowledge`` that the data have. ``people`` has
    one row per participant: the given columns, ``n_trials``, ``COUNTS``, ``MEASURES``,
    ``median_rt_ms``, ``n_identical_run`` and ``excluded_by``.
    """

    name: str
    answers: DataFrame
    people: DataFrame

    def answers_of(self, condition: str) -> DataFrame:
        """Return the answers of one condition."""
        return self.answers[self.answers["condition"] == condition]

    def people_of(self, condition: str) -> DataFrame:
        """Return the participants of one condition."""
        return self.people[self.people["condition"] == condition]

    def values(self, condition: str, measure: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Return a measure of each participant of a condition."""
        return self.people_of(condition)[measure].to_numpy(dtype=float)


def samples_of(responses: DataFrame, people: DataFrame, declared: Declared) -> tuple[Sample, ...]:
    """Return the samples: ``all`` who completed, ``declared`` if it differs, and ``kept``.

    A participant is kept if no declared rule excludes them and no researcher left them out by
    hand. If somebody was left out by hand, the sample ``declared`` comes between the two: it
    has everyone whom no declared rule excludes. If nobody is excluded, ``all`` and ``kept`` hold
    the same frames. A rule about a measure that the data lack excludes nobody. Raises
    ``SampleRefused`` for tables that contradict each other.
    """
    _check(responses, people, declared)
    counted = people[people["status"] == COMPLETED].reset_index(drop=True)
    counted["condition"] = _ordered(counted["condition"], declared.names)
    answers = _answers(responses, counted, declared)
    measured = _measured(counted, answers, declared)
    # A document of an older version may declare a rule about something that no study measures.
    # It excludes nobody, and the tables say so (``not measured``).
    rules = [rule for rule in declared.rules if rule.is_measured(measured)]
    measured["excluded_by"] = rules_apply(measured, rules, _is_by_hand(measured), BY_HAND)
    if declared.is_within:
        measured = _by_condition(measured, answers, declared)
    everyone, said = Sample("all", answers, measured), measured["excluded_by"]
    if (said == "").all():
        return everyone, Sample("kept", answers, measured)
    some = {"declared": said.isin(["", BY_HAND]), "kept": said == ""}
    if not _is_by_hand(measured).any():
        del some["declared"]
    return everyone, *(_part(everyone, name, is_in) for name, is_in in some.items())


def _part(everyone: Sample, name: str, is_in: Series) -> Sample:
    person = everyone.answers["participant_id"]
    if everyone.people["participant_id"].is_unique:
        rows = is_in.to_numpy()[person.cat.codes.to_numpy()]
    else:
        rows = person.isin(everyone.people.loc[is_in, "participant_id"]).to_numpy()
    return Sample(name, everyone.answers[rows], everyone.people[is_in])


def _is_by_hand(people: DataFrame) -> Series:
    """Return whether a researcher left the participant out by hand (``exclusion`` has a reason)."""
    if "exclusion" not in people:
        return pd.Series(False, index=people.index)
    return people["exclusion"].astype("object").notna()


def _check(responses: DataFrame, people: DataFrame, declared: Declared) -> None:
    twice = people["participant_id"].duplicated()
    if twice.any():
        raise SampleRefused(
            f"{int(twice.sum())} rows of people repeat a participant; expected one row each."
        )
    # Who is not assigned yet has no condition, and no answers to the test.
    assigned = people[people["condition"].notna()]
    checked = {"responses": responses} | ({} if declared.is_within else {"people": assigned})
    for name, frame in checked.items():
        unlisted = sorted(set(frame["condition"].unique()) - set(declared.names))
        if unlisted:
            raise SampleRefused(
                f"The {name} have conditions {', '.join(map(str, unlisted))}; expected only the "
                f"declared {', '.join(declared.names) or 'none'}."
            )
    known = _codes(responses["participant_id"], people["participant_id"])
    if (known < 0).any():
        raise SampleRefused(
            f"{int((known < 0).sum())} responses are of participants that people does not list; "
            "expected a row for everyone who answered."
        )
    if declared.is_within:
        return
    theirs = _codes(people["condition"], pd.Series(declared.names, dtype="str"))[known]
    if (theirs != _codes(responses["condition"], pd.Series(declared.names, dtype="str"))).any():
        raise SampleRefused("Some responses name another condition than their participant's row.")


def _codes(values: Series, among: Series) -> Ints:
    """Return the index of each value in ``among``, −1 if missing. Each text is looked up once."""
    category = values.astype("category").cat
    places = pd.Index(among.astype("object")).get_indexer(category.categories.astype("object"))
    # The last element is for code −1, a missing value.
    return np.append(places, -1)[category.codes.to_numpy()].astype(np.int64)


def _ordered(values: Series, names: Sequence[str]) -> Series:
    kind = pd.CategoricalDtype(list(names), ordered=True)
    codes = _codes(values, pd.Series(list(names), dtype="str"))
    return pd.Series(pd.Categorical.from_codes(codes, dtype=kind), index=values.index)


def _answers(responses: DataFrame, counted: DataFrame, declared: Declared) -> DataFrame:
    codes = _codes(responses["participant_id"], counted["participant_id"])
    is_missed = responses["is_missed"].to_numpy(dtype=bool) if "is_missed" in responses else False
    rows = np.flatnonzero((codes >= 0) & ~np.asarray(is_missed))
    taken = {name: responses[name].iloc[rows].reset_index(drop=True) for name in _taken(responses)}
    names = pd.Index(counted["participant_id"].astype("str"))
    person = pd.Series(pd.Categorical.from_codes(codes[rows], categories=names))
    right = taken["is_ai_correct"].to_numpy(dtype=bool)
    confidence = taken["ai_confidence"].to_numpy(dtype=float)
    percent = PERCENT.units(np.nan_to_num(confidence))
    # An imported AI may state no confidence: then no trial is easy or hard by it.
    hardness = np.where(np.isnan(confidence), "", difficulty(percent, PERCENT, right))
    frame = DataFrame(
        {
            "participant_id": person,
            "condition": _ordered(taken["condition"], declared.names),
            "item_id": _sorted_category(taken["item_id"]),
            "image": taken["image"].astype("category"),
            "trial_index": taken["trial_index"].to_numpy(dtype=np.int32),
            "ai_confidence": confidence,
            "ai_votes": taken["ai_votes"].to_numpy(dtype=np.float32, na_value=np.nan),
            "is_ai_correct": right,
            "is_correct": taken["is_correct"].to_numpy(dtype=bool),
            "difficulty": _label(hardness, DIFFICULTIES),
        }
    )
    frame["half"] = _label(halves(frame), ("first", "second"))
    for name in _OPTIONAL:
        if name in taken:
            frame[name] = taken[name].to_numpy(dtype=np.float32, na_value=np.nan)
    if is_interactive(responses):
        frame = frame.assign(**interaction_columns(taken))
    return frame.assign(**task_columns(taken, right)) if asked(responses) else frame


def _sorted_category(values: Series) -> Series:
    # The draws of images must not depend on the order of the caller's categories.
    used = values.astype("category").cat.remove_unused_categories()
    return used.cat.set_categories(used.cat.categories.sort_values())


def _taken(responses: DataFrame) -> list[str]:
    more = [name for name in _OPTIONAL if name in responses] + asked(responses)
    more += IF_INTERACTIVE if is_interactive(responses) else ()
    return [*dict.fromkeys([*_NEEDED, *more])]


def _label(values: np.ndarray[tuple[int], np.dtype[np.str_]], levels: Sequence[str]) -> Series:
    # Levels are compared, not rows: a million rows of texts would take too much memory.
    codes = np.select([values == level for level in levels], range(len(levels)), -1)
    return pd.Series(pd.Categorical.from_codes(codes.astype(np.int8), categories=pd.Index(levels)))


def _measured(counted: DataFrame, answers: DataFrame, declared: Declared) -> DataFrame:
    whole = answers.assign(condition="") if declared.is_within else answers
    measures = participant_measures(whole).set_index("participant_id")
    measures = measures[["n_trials", *COUNTS, *MEASURES]].reindex(counted["participant_id"])
    measures[["n_trials", *COUNTS]] = measures[["n_trials", *COUNTS]].fillna(0).astype("int64")
    if "rt_ms" in answers:
        times = answers.groupby("participant_id", observed=True)["rt_ms"].median()
        measures["median_rt_ms"] = times.reindex(measures.index).astype(float)
    runs = identical_runs(answers).reindex(measures.index)
    measures["n_identical_run"] = runs.astype(float)
    found = counted.join(measures.reset_index(drop=True))
    return found if declared.is_within else _undefined(found, answers, declared)


def _by_condition(people: DataFrame, answers: DataFrame, declared: Declared) -> DataFrame:
    """Return one row a participant and condition, where everybody goes through several.

    Measures are those of the condition; what excludes a participant, and the times, are of all.
    """
    counts = trial_counts(answers, ["participant_id", "condition"])
    own = pd.concat([counts, reliance(counts)], axis="columns").reset_index()
    own.insert(2, "n_trials", own["n_ai_correct"] + own["n_ai_wrong"])
    own["participant_id"] = own["participant_id"].astype("str")
    rest = people.drop(columns=["condition", "n_trials", *COUNTS, *MEASURES])
    rest["participant_id"] = rest["participant_id"].astype("str")
    found = rest.merge(own, on="participant_id").reset_index(drop=True)
    found["condition"] = _ordered(found["condition"], declared.names)
    return _undefined(found, answers, declared)


def _undefined(people: DataFrame, answers: DataFrame, declared: Declared) -> DataFrame:
    """Return the people without the measures that their condition or the task does not define."""
    unaided = [condition.name for condition in declared.conditions if condition.is_unaided]
    people.loc[people["condition"].isin(unaided).to_numpy(), list(RELIANCE)] = np.nan
    if is_choice(answers):
        people[list(OF_ACCEPTING)] = np.nan
    return people
