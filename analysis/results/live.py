"""A running study's results: current tables, blinded until the lift.

One function serves the page, its figures and their files, so that all of them agree.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.core.cache import cache
from django.utils import timezone
from pandas import DataFrame

from analysis.blind import (
    arm_labels,
    blinded,
    lift_of,
    progress_blinded,
)
from analysis.figures.figure_points import ALL, KEPT, analysed_rows
from analysis.models import BlindLift, Summary
from analysis.results.answers import answers_panels
from analysis.results.sheets import Panel
from analysis.results.study_tables import study_tables
from analysis.rows.collected import CollectedRows
from analysis.rows.interim import (
    LookShown,
    look_shown,
    looks_words,
    wanted,
)
from analysis.rows.overview import Progress, progress_counts, stage_shown
from analysis.stats.exclusions import BY_HAND
from analysis.summaries import NotComputed, is_large, summary_read, summary_request
from trials.models import Participant, Response, Study
from trials.study.design import Phase

CACHE_S: Final = 30
_COMPUTING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Asked:
    """A reader's request. ``at`` identifies the state of a page whose figures are requested."""

    include_simulated: bool = False
    analysed: str = KEPT
    at: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LiveResults:
    """A study's results at ``as_of``.

    ``tables`` are those of ``analysis.tables.tables``. While ``lift`` is None, they name arms by
    letters and leave out numbers that would identify an arm, and ``progress`` is one row for all
    arms together. ``n_answers`` counts the test answers that are used: those of people who
    completed. ``n_responses`` counts the answers of everyone; it identifies this state and is not
    shown. While arms are letters, their numbers come from ``n_each`` people per condition: as many
    as completed in the smallest one.
    """

    study: Study
    asked: Asked
    lift: BlindLift | None
    progress: list[Progress]
    tables: dict[str, DataFrame]
    n_responses: int
    n_answers: int
    n_each: int
    as_of: datetime
    look: LookShown | None = None
    answers: list[Panel] | None = None

    @property
    def stage(self) -> str:
        """Whether the answers are of the pilot or of the main study."""
        return stage_shown(self.study)

    @property
    def is_pilot(self) -> bool:
        """Whether the people and the blind are those of the pilot."""
        return self.stage == Participant.Stage.PILOT

    @property
    def is_stored(self) -> bool:
        """Whether this is the last state that the worker computed, as for a large study."""
        return self.answers is not None

    @property
    def is_blinded(self) -> bool:
        """Whether arms are named by letters."""
        return self.lift is None

    @property
    def is_interim(self) -> bool:
        """Whether more people may still take part, so that the numbers may change."""
        return self.study.status != Study.Status.CLOSED

    @property
    def interim(self) -> str:
        """The heading of the numbers of a study that is not closed; empty for a closed study.

        The target number of people is the sum of the conditions' quotas; there is none if a
        condition has no quota.
        """
        if not self.is_interim:
            return ""
        people = wanted(self.study)
        if not people:
            return "Interim: no target number"
        return f"Interim ({self.n_completed:,} of {people:,})"

    @property
    def looks(self) -> str:
        """The planned look of the tests, in words; empty without a plan."""
        return looks_words(self.study, self.look)

    @property
    def has_exclusions(self) -> bool:
        """Whether the study has exclusions, so that results before and after them exist."""
        return bool(self.exclusions)

    @property
    def exclusions(self) -> str:
        """The exclusions in words: declared rules, and people left out by hand."""
        if (table := self.tables.get("exclusions")) is None or not len(table):
            return ""
        is_by_hand = table["rule"] == BY_HAND
        n = int(table.loc[is_by_hand, "n_excluded"].sum())
        by_hand = f"{n} {'person' if n == 1 else 'people'} left out by a researcher, by hand"
        parts = [("the declared rules", not is_by_hand.all()), (by_hand, n > 0)]
        return "; ".join(words for words, is_so in parts if is_so)

    @property
    def n_completed(self) -> int:
        """Participants of all arms who completed."""
        return sum(item.n_completed for item in self.progress)

    @property
    def simulated_note(self) -> str:
        """Whether robots are included, in a sentence; empty if there are none."""
        n = sum(item.n_simulated for item in self.progress)
        if not n:
            return ""
        noun = "participant is" if n == 1 else "participants are"
        verb = "included" if self.asked.include_simulated else "left out"
        return f"{n} simulated {noun} {verb}."

    @property
    def note(self) -> str:
        """The note that every figure must show; usually empty."""
        parts = [
            ("Pilot.", self.is_pilot),
            ("Simulated participants are included.", self.asked.include_simulated),
            ("Before exclusions.", self.asked.analysed == ALL and self.has_exclusions),
            (f"{self.interim}.", self.is_interim),
            ("Blinded, arms in a secret order.", self.is_blinded),
        ]
        return " ".join(words for words, is_so in parts if is_so)

    @property
    def key(self) -> str:
        """The cache key of everything that is derived from these tables."""
        state = _key(self.study, self.asked, self.n_responses, self.look)
        return f"{state}-{self.asked.analysed}" + (
            "-blinded" * self.is_blinded + "-interim" * self.is_interim
        )


def live_results(study: Study, asked: Asked | None = None) -> LiveResults:
    """Return a study's current results, cached for ``CACHE_S`` seconds.

    Of a large study they are the last state that the worker computed (``analysis.summaries``).
    Raises ``NotComputed`` before the first one.

    The URLs of a page's figures contain its ``n_responses``. With that number a figure shows the
    state of the page, even if answers have arrived since.
    """
    asked = asked or Asked()
    stage = stage_shown(study)
    lift = lift_of(study, stage)
    if is_large(study, stage):
        stored = _stored(study, asked, stage, lift is None)
        progress, look, n_responses = stored.progress, stored.look, stored.n_responses
        tables, as_of, answers = stored.tables, stored.as_of, stored.answers
    else:
        answers = None
        progress = progress_counts(study, include_simulated=asked.include_simulated, stage=stage)
        look = look_shown(study, sum(item.n_completed for item in progress))
        n_responses, tables, as_of = _state(study, asked, lift is None, look)
    n_answers, n_each = _n_answers(tables), min((item.n_completed for item in progress), default=0)
    if lift is None:
        names = [item.condition for item in progress]
        if study.plan.design.is_within:  # one row for all conditions
            names = [item.name for item in study.plan.conditions]
        labels = arm_labels(study, names, stage)
        tables = blinded(tables, labels, is_within=study.plan.design.is_within)
        progress = progress_blinded(progress)
    return LiveResults(
        study, asked, lift, progress, tables, n_responses, n_answers, n_each, as_of, look, answers
    )


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """The state of a large study's results; ``answers`` are the panels of its questions."""

    is_blinded: bool
    progress: list[Progress]
    look: LookShown | None
    n_responses: int
    tables: dict[str, DataFrame]
    answers: list[Panel]
    as_of: datetime


def results_state(study: Study, stage: str, is_simulated: bool) -> Stored:
    """Compute the results now; runs on the worker."""
    asked, as_of = Asked(include_simulated=is_simulated), timezone.now()
    progress = progress_counts(study, include_simulated=is_simulated, stage=stage)
    is_blinded = lift_of(study, stage) is None
    look = look_shown(study, sum(item.n_completed for item in progress))
    return Stored(
        is_blinded=is_blinded,
        progress=progress,
        look=look,
        n_responses=_n_responses(study, asked),
        tables=study_tables(study, asked.include_simulated, is_blinded, look),
        answers=answers_now(study, is_simulated, stage),
        as_of=as_of,
    )


def _stored(study: Study, asked: Asked, stage: str, is_blinded: bool) -> Stored:
    """Return the last state. One from before the blind was lifted is of other people: none."""
    state = summary_read(study, Summary.Kind.RESULTS, stage, asked.include_simulated)
    stored: Stored = state.value
    if stored.is_blinded != is_blinded:
        summary_request(state.job)
        raise NotComputed(state.job)
    return stored


def answers_now(study: Study, is_simulated: bool, stage: str) -> list[Panel]:
    """Return the panels of the study's questions."""
    rows = CollectedRows(study, include_simulated=is_simulated, stage=stage, include_texts=True)
    return answers_panels(rows)


def answers_shown(results: LiveResults) -> list[Panel]:
    """Return the panels of the study's questions that belong to results."""
    if results.answers is not None:
        return results.answers
    return answers_now(results.study, results.asked.include_simulated, results.stage)


def _state(
    study: Study, asked: Asked, is_blinded: bool, look: LookShown | None
) -> tuple[int, dict[str, DataFrame], datetime]:
    blind = "-blinded" * is_blinded
    if asked.at is not None and (found := cache.get(_key(study, asked, asked.at, look) + blind)):
        return asked.at, *found
    n_responses = _n_responses(study, asked)
    key = _key(study, asked, n_responses, look) + blind
    with _COMPUTING:  # a page and its figures are requested at once; only one request computes
        found = cache.get(key)
        if found is None:
            found = (study_tables(study, asked.include_simulated, is_blinded, look), timezone.now())
            cache.set(key, found, CACHE_S)
    return n_responses, *found


def _n_answers(tables: dict[str, DataFrame]) -> int:
    rows = analysed_rows(tables["measures"], ALL)
    is_accuracy = (rows["measure"] == "accuracy") & (rows["weight"] == "participants")
    return int(rows.loc[is_accuracy, "n_trials"].sum())


def _n_responses(study: Study, asked: Asked) -> int:
    counted = Response.objects.final().filter(
        trial__participant__study=study,
        trial__participant__stage=stage_shown(study),
        trial__phase=Phase.TEST,
    )
    if not asked.include_simulated:
        counted = counted.filter(trial__participant__is_simulated=False)
    return counted.count()


def _key(study: Study, asked: Asked, n_responses: int, look: LookShown | None) -> str:
    of = f"{study.pk}-{study.created_at.timestamp()}-{study.document_sha256}"
    return f"live-{of}-{stage_shown(study)}-{n_responses}" + (
        "-simulated" * asked.include_simulated + (f"-look{look.place}" if look else "")
    )
