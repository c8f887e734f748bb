"""Reads a running study in a few queries: where people are, their flags, and errors."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.core.cache import cache
from django.db.models import QuerySet
from django.utils import timezone

from analysis.models import Summary
from analysis.monitor import summary
from analysis.monitor.summary import Person
from analysis.rows.overview import stage_shown
from analysis.summaries import is_large, summary_read
from trials.models import PageError, Participant, Study
from trials.services import ArmPlaces, arm_places, participant_flags
from trials.services.flags import COLUMNS as FLAG_COLUMNS
from trials.services.flags import flags_of_all
from trials.services.quotas import places_held
from trials.study.design import Phase, script
from trials.study.groups import Scripts, group_of
from trials.study.pseudonyms import pseudonym
from trials.study.script_stages import place_among

N_ERRORS = 10
# Flags read every answer. A count that took long is cached for many times that time.
SLOW_S = 1.0
KEPT_TIMES = 20
_COLUMNS = (
    "pk", "number", "condition__name", "trial_set__number", "status", "step", "consented_at",
    "finished_at", "exclusion", "sequence", "seed", "is_assigned",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FlowRow:
    """One line of the flow: its words, whether it is a part of the line above, and the counts."""

    words: str
    is_part: bool
    counts: list[int]

    @property
    def total(self) -> int:
        """The sum over all conditions."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class SetRow:
    """One condition's test sets: how many people completed each, and how many are under way."""

    condition: str
    cells: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One error as the page shows it; ``who`` is a pseudonym, empty for an unknown visitor."""

    at: datetime
    who: str
    path: str
    said: str


def _who(participant: Participant | None) -> str:
    return pseudonym(participant.is_simulated, participant.number) if participant else ""


def _said(error: PageError) -> str:
    said = f"{error.kind}: {error.message}" if error.message else error.kind
    return f"{said} ({error.n} times)" if error.n > 1 else said


@dataclass(frozen=True, slots=True)
class Flagged:
    """How many people have each flag (most frequent first) and any flag, counted at ``as_of``."""

    as_of: datetime
    counts: list[tuple[str, int]]
    n_people: int

    @property
    def rows(self) -> list[tuple[str, str, int]]:
        """The flags' names, the same in words, and how many people have each."""
        return [(name, name.replace("_", " "), n) for name, n in self.counts]


@dataclass(frozen=True, slots=True)
class Running:
    """The state of a running study at ``as_of``; ``stage`` is the pilot or the main study."""

    study: Study
    stage: str
    is_simulated: bool
    as_of: datetime
    people: list[Person]
    places: list[ArmPlaces]
    sets: list[SetRow]
    gate: summary.Gate
    stages: list[summary.StageCount]
    times: summary.Times | None
    pay: summary.Pay
    flagged: Flagged
    flow: list[FlowRow]
    errors: list[PageError]
    n_people: int

    @property
    def n_completed(self) -> int:
        """How many completed, over all arms."""
        return sum(place.completed for place in self.places)

    @property
    def n_under_way(self) -> int:
        """How many are under way and hold a place."""
        return sum(place.under_way for place in self.places)

    @property
    def n_silent(self) -> int:
        """How many are under way but were not seen recently."""
        return sum(place.silent for place in self.places)

    @property
    def error_rows(self) -> list[ErrorRow]:
        """The last errors, newest first."""
        return [
            ErrorRow(error.at, _who(error.participant), error.path, _said(error))
            for error in self.errors
        ]

    @property
    def conditions(self) -> list[str]:
        """The arms in order."""
        return [place.name for place in self.places]


@dataclass(frozen=True, slots=True)
class Stored:
    """The state of a large study's monitor; ``flagged`` are keys of people by their flags."""

    running: Running
    flagged: dict[str, list[int]]


def running_read(study: Study, *, stage: str | None = None, is_simulated: bool = False) -> Running:
    """Count a study's people of one stage, or its robots, at this moment.

    For a large study these are the counts of the last state that the worker computed, except for
    the places and the errors. Raises ``NotComputed`` before the first one.
    """
    stage = stage or stage_shown(study)
    if not is_large(study, stage):
        return _running(study, stage, is_simulated)
    stored: Stored = summary_read(study, Summary.Kind.MONITOR, stage, is_simulated).value
    return replace(
        stored.running,
        study=study,
        places=arm_places(study, stage=stage, is_simulated=is_simulated),
        errors=_errors(study),
    )


def running_state(study: Study, stage: str, is_simulated: bool) -> Stored:
    """Count everything now; runs on the worker."""
    running = _running(study, stage, is_simulated, has_flags=False)
    flagged: dict[str, list[int]] = {}
    found = participants_of(study, stage, is_simulated).only(*FLAG_COLUMNS)
    for person, flags in flags_of_all(found):
        for name in {flag.name for flag in flags}:
            flagged.setdefault(name, []).append(person.pk)
    everyone = {pk for those in flagged.values() for pk in those}
    counts = Counter({name: len(those) for name, those in flagged.items()})
    flags_now = Flagged(running.as_of, counts.most_common(), len(everyone))
    return Stored(replace(running, people=[], places=[], errors=[], flagged=flags_now), flagged)


def flagged_stored(study: Study, stage: str, is_simulated: bool, flag: str) -> list[int]:
    """Return the keys of the people with a flag, or with any, in a large study's last state."""
    stored: Stored = summary_read(study, Summary.Kind.MONITOR, stage, is_simulated).value
    if flag != "any":
        return stored.flagged.get(flag, [])
    return sorted({pk for those in stored.flagged.values() for pk in those})


def _errors(study: Study) -> list[PageError]:
    return list(study.page_errors.select_related("participant")[:N_ERRORS])


def _running(study: Study, stage: str, is_simulated: bool, *, has_flags: bool = True) -> Running:
    now = timezone.now()
    found = participants_of(study, stage, is_simulated)
    people, steps = persons(study, found, now), script(study.plan)
    places = arm_places(study, stage=stage, is_simulated=is_simulated)
    names = [place.name for place in places]
    recruitment = study.plan.recruitment
    taken = None if is_simulated else summary.times(people)  # robots answer at once
    return Running(
        study=study,
        stage=stage,
        is_simulated=is_simulated,
        as_of=now,
        people=people,
        places=places,
        sets=_sets(people, [each.name for each in places if each.is_arm], study.plan.test.n_sets),
        gate=summary.gate(people, steps),
        stages=summary.drop_out(people, steps),
        times=taken,
        pay=summary.pay_of(recruitment.pay, recruitment.currency, taken),
        flagged=_flagged(study, found, f"{stage}-{is_simulated}", now)
        if has_flags
        else Flagged(now, [], 0),
        flow=_flow(people, names, study),
        errors=_errors(study),
        n_people=len(people),
    )


def _flagged(study: Study, found: QuerySet[Participant], which: str, now: datetime) -> Flagged:
    key = f"flagged-{study.pk}-{which}"
    known: Flagged | None = cache.get(key)
    if known is not None:
        return known
    begun = time.monotonic()
    names = [{item.name for item in those} for those in participant_flags(found).values()]
    counts = Counter(name for those in names for name in those).most_common()
    flagged = Flagged(now, counts, sum(map(bool, names)))
    if (seconds := time.monotonic() - begun) > SLOW_S:
        cache.set(key, flagged, KEPT_TIMES * seconds)
    return flagged


def participants_of(study: Study, stage: str, is_simulated: bool) -> QuerySet[Participant]:
    """Return a study's people of one stage, or its robots."""
    return Participant.objects.filter(study=study, stage=stage, is_simulated=is_simulated)


def persons(study: Study, found: QuerySet[Participant], now: datetime) -> list[Person]:
    """Return where each of the participants is, in two queries."""
    held = set(places_held(study, found, now).values_list("pk", flat=True))
    rows = found.order_by("number").values_list(*_COLUMNS)
    plan, steps = study.plan, script(study.plan)
    scripts = Scripts(plan)
    return [
        Person(
            number=number,
            condition=group_of(plan, condition, sequence, is_assigned=is_assigned),
            trial_set=trial_set, status=status, is_held=pk in held,
            step=place_among(step, scripts.of(condition, sequence, seed), steps),
            consented_at=consented_at, finished_at=finished_at, exclusion=exclusion,
        )
        for (
            pk, number, condition, trial_set, status, step, consented_at, finished_at, exclusion,
            sequence, seed, is_assigned,
        ) in rows
    ]  # fmt: skip


def _sets(people: Sequence[Person], conditions: Sequence[str], n_sets: int) -> list[SetRow]:
    counts = summary.set_counts(people)
    return [
        SetRow(
            name,
            [(counts[name, n, True], counts[name, n, False]) for n in range(1, n_sets + 1)],
        )
        for name in conditions
    ]


def _flow(people: Sequence[Person], conditions: Sequence[str], study: Study) -> list[FlowRow]:
    table = summary.flow(people, conditions, script(study.plan))
    is_gated = study.plan.validation is not None
    return [
        FlowRow(f"in the {reason}" if reason else meaning, bool(reason), [int(n) for n in counts])
        for (count, reason, meaning), counts in zip(table.index, table.to_numpy(), strict=True)
        if is_gated or (Phase.VALIDATION not in str(count) and reason != Phase.VALIDATION)
    ]
