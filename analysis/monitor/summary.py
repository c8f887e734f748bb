"""The counts on a running study's page: people's progress, their times and their pay.

Pure: rows of people in, counts out. Answers and accuracies are not used, so the page reveals
nothing about the results.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import quantiles
from typing import Final

from pandas import DataFrame, MultiIndex

from analysis.codebook.codebook import STAGES
from analysis.tables.consort import consort_table
from trials.study.design import SCREENS, Step
from trials.study.script_stages import BLOCK, has_passed, place_of, stages_of, validation_end

# Prolific's minimum for participants, pounds per hour (its help centre, "payment principles").
LEAST_PAY: Final = 6.0
LEAST_PAY_CURRENCY: Final = "GBP"
ACTIVE, COMPLETED = "active", "completed"
# Counts of the flow that need the answers; the page of results has them.
_OF_RESULTS: Final = ("excluded", "analysed")


@dataclass(frozen=True, slots=True)
class Person:
    """A database row: where a person is. ``is_held``: completed, or seen recently enough."""

    number: int
    condition: str
    trial_set: int
    status: str
    is_held: bool
    step: int
    consented_at: datetime
    finished_at: datetime | None = None
    exclusion: str = ""

    @property
    def is_silent(self) -> bool:
        """Whether a session is under way but silent: not seen recently, or past the time limit."""
        return self.status == ACTIVE and not self.is_held

    @property
    def minutes(self) -> float | None:
        """Minutes from consent to the last page, for those who completed."""
        if self.status != COMPLETED or self.finished_at is None:
            return None
        return (self.finished_at - self.consented_at).total_seconds() / 60


def screen_words(script: Sequence[Step], place: int) -> str:
    """Return the screen that a person is on, in words: ``12 of 52: test 7``."""
    step = script[min(place, len(script) - 1)]
    return (
        f"{min(place + 1, len(script))} of {len(script)}: {SCREENS[step.kind].monitor_line(step)}"
    )


@dataclass(frozen=True, slots=True)
class StageCount:
    """How many people reached a part of the study, and the state of those who did not finish."""

    stage: str
    n_reached: int
    n_under_way: int
    n_silent: int
    n_ended: int

    @property
    def words(self) -> str:
        """The part's name in words."""
        return self.stage.replace("_", " ")


def drop_out(people: Sequence[Person], script: Sequence[Step]) -> list[StageCount]:
    """Return one row per part: how many reached it, are in it, and left the study from it.

    ``n_ended`` counts every end except completion. Ended, silent and under way add up to all who
    did not complete.
    """
    at = [(each, place_of(each.status, each.step, script)) for each in people]
    rows = []
    for stage, places in stages_of(script):
        here = [each for each, place in at if place in places and each.status != COMPLETED]
        n_silent = sum(each.is_silent for each in here)
        n_active = sum(each.status == ACTIVE for each in here)
        n_reached = sum(place >= places.start for _, place in at)
        rows.append(
            StageCount(stage, n_reached, n_active - n_silent, n_silent, len(here) - n_active)
        )
    return rows


@dataclass(frozen=True, slots=True)
class Gate:
    """How many passed the validation, of those whose result is known."""

    n_passed: int
    n_failed: int

    @property
    def percent(self) -> float | None:
        """Percent of known results that are passes; None without a known result."""
        n = self.n_passed + self.n_failed
        return 100 * self.n_passed / n if n else None


def gate(people: Iterable[Person], script: Sequence[Step]) -> Gate:
    """Count who passed the validation and who did not."""
    end = validation_end(script)
    decided = Counter(has_passed(person.status, person.step, end) for person in people)
    return Gate(decided[True], decided[False])


@dataclass(frozen=True, slots=True)
class Times:
    """Minutes from consent to the last page: how many people, quartiles and median."""

    n: int
    first: float
    median: float
    third: float


def times(people: Iterable[Person]) -> Times | None:
    """Return the quartiles of the time to complete; None before anyone completes.

    Linear interpolation between order statistics, NumPy's default (Hyndman & Fan 1996, type 7).
    """
    minutes = [person.minutes for person in people if person.minutes is not None]
    if not minutes:
        return None
    first, median, third = (
        quantiles(minutes, n=4, method="inclusive") if len(minutes) > 1 else minutes * 3
    )
    return Times(len(minutes), first, median, third)


@dataclass(frozen=True, slots=True)
class Pay:
    """What a session pays, and by the hour at the median time (None before it is known)."""

    amount: float
    currency: str
    per_hour: float | None

    @property
    def is_too_little(self) -> bool:
        """Whether a person with the median time earns less than ``LEAST_PAY`` per hour."""
        is_known = self.per_hour is not None and self.currency == LEAST_PAY_CURRENCY
        return is_known and (self.per_hour or 0) < LEAST_PAY


def pay_of(amount: float, currency: str, taken: Times | None) -> Pay:
    """Return the pay of a completed session by the hour."""
    per_hour = 60 * amount / taken.median if taken and taken.median and amount else None
    return Pay(amount, currency, per_hour)


def set_counts(people: Iterable[Person]) -> Counter[tuple[str, int, bool]]:
    """Count the people who hold a place by condition, number of the test set, and completion."""
    return Counter(
        (person.condition, person.trial_set, person.status == COMPLETED)
        for person in people
        if person.is_held
    )


def flow(people: Sequence[Person], conditions: Sequence[str], script: Sequence[Step]) -> DataFrame:
    """Return the counts of the CONSORT flow: a row per count, a column per condition.

    They are the counts of ``consort.consort_table`` that do not need answers, and the count of
    people whom a researcher left out. Index: ``count``, ``reason``, ``meaning``.
    """
    end = validation_end(script)
    parts = [("test" if name.startswith(BLOCK) else name, span) for name, span in stages_of(script)]
    begins = [(span.start, name) for name, span in parts if name in STAGES[1:]]

    def last_stage(place: int) -> str:
        return next((name for start, name in reversed(begins) if place >= start), STAGES[0])

    rows = [
        (
            str(person.number), person.condition, person.status,
            last_stage(place_of(person.status, person.step, script)),
            has_passed(person.status, person.step, end),
        )
        for person in people
    ]  # fmt: skip
    names = ["participant_id", "condition", "status", "last_stage", "is_validation_passed"]
    frame = DataFrame(rows, columns=names, dtype="object")
    table = consort_table(frame, conditions, has_validation=end is not None)
    table = table[~table["count"].isin(_OF_RESULTS)].fillna({"reason": ""})
    keys = ["count", "reason", "meaning"]
    counts = table.set_index([*keys, "condition"])["n_participants"].unstack("condition")
    first = table[table["condition"] == conditions[0]]
    wholes = {name: place for place, name in enumerate(dict.fromkeys(first["count"]))}
    # The parts of a count follow it.
    order = sorted(first[keys].itertuples(index=False, name=None), key=lambda row: wholes[row[0]])
    counts = counts.reindex(
        index=MultiIndex.from_tuples(order, names=keys), columns=list(conditions)
    )
    left_out = Counter(e.condition for e in people if e.status == COMPLETED and e.exclusion)
    row = ("left_out", "", "of them were left out by a researcher")
    counts.loc[row, :] = [left_out[name] for name in conditions]
    return counts.astype(int)
