"""Flags of people's conduct: reads the data that ``quality`` judges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import Count, QuerySet

from trials.models import AttentionCheck, Event, Participant, Response, StepVisit, Study
from trials.quality import Answer, Check, Conduct, Flag, flags
from trials.study.design import Kind, Phase, Step, script
from trials.study.plan import StudyPlan

AT_A_TIME = 500  # databases limit the keys in one query to some thousands
CHUNK_ROWS = 5_000
# What of a person the flags need; a column that is left out costs a query for each person.
COLUMNS = ("study", "condition", "sequence", "seed", "is_repeat")
Row = tuple[Any, ...]


def participant_flags(participants: Iterable[Participant]) -> dict[int, list[Flag]]:
    """Return each person's flags by the participant's key. Five queries for up to 500 people."""
    people = sorted(participants, key=lambda person: person.pk)
    found: dict[int, list[Flag]] = {}
    for first in range(0, len(people), AT_A_TIME):
        some = people[first : first + AT_A_TIME]
        streams = [iter(rows) for rows in _rows_of([person.pk for person in some])]
        found |= {person.pk: own for person, own in _flagged(some, streams)}
    return found


def flags_of_all(found: QuerySet[Participant]) -> Iterator[tuple[Participant, list[Flag]]]:
    """Yield the people of a query with their flags, in the order of their keys.

    It asks six queries for any number of people, and streams their rows. In a table of millions of
    answers, a query for each 500 people would read the whole table every time.
    """
    keys = found.order_by().values("pk")
    streams = [rows.iterator(chunk_size=CHUNK_ROWS) for rows in _rows_of(keys)]
    yield from _flagged(found.order_by("pk").iterator(chunk_size=CHUNK_ROWS), streams)


def _flagged(
    people: Iterable[Participant], streams: Sequence[Iterator[Row]]
) -> Iterator[tuple[Participant, list[Flag]]]:
    """Yield people, who come in the order of their keys, with their flags."""
    answered, visited, checked, told = map(_by_person, streams)
    places = _Places()
    for person in people:
        person.study = places.study(person.study_id)
        steps = places.of(person)
        open_ms = {step: _between(*times) for step, *times in visited(person.pk)}
        answers = [
            Answer(yes if choice is None else choice, rt_ms, away_ms, open_ms.get(steps[position]))
            for position, yes, choice, rt_ms, away_ms in answered(person.pk)
        ]
        checks = [Check(*check) for check in checked(person.pk)]
        conduct = Conduct(answers, checks, dict(told(person.pk)), person.is_repeat)
        yield person, flags(conduct, person.study.plan.quality)


def _by_person(rows: Iterator[Row]) -> Callable[[int], list[Row]]:
    """Return a function that gives the rows of a person, without the key that they begin with.

    The rows, and the people who are asked for, come in the order of the keys.
    """
    groups = groupby(rows, key=itemgetter(0))
    coming = next(groups, None)

    def of(key: int) -> list[Row]:
        nonlocal coming
        mine: list[Row] = []
        while coming is not None and coming[0] <= key:
            mine = [row[1:] for row in coming[1]] if coming[0] == key else []
            coming = next(groups, None)
        return mine

    return of


class _Places:
    """The step of each of the test's positions, by study and condition; each is found once."""

    def __init__(self) -> None:
        self._studies: dict[int, Study] = {}
        self._steps: dict[tuple[int, int | None], dict[int, int]] = {}

    def study(self, key: int) -> Study:
        """Return a study by its key."""
        if key not in self._studies:
            study = self._studies[key] = Study.objects.get(pk=key)
            self._steps[key, None] = _test_steps(study.plan)
            for condition in study.conditions.all() if study.plan.has_changes else ():
                own = _test_steps(study.plan.of(condition.name))
                self._steps[key, condition.pk] = own
        return self._studies[key]

    def of(self, person: Participant) -> dict[int, int]:
        """Return the places of a person of a study that was found."""
        if person.sequence:
            return _test_places(person.script)
        common = self._steps[person.study_id, None]
        return self._steps.get((person.study_id, person.condition_id), common)


def _test_steps(plan: StudyPlan) -> dict[int, int]:
    return _test_places(script(plan))


def _test_places(steps: Sequence[Step]) -> dict[int, int]:
    """Return the step of each of the test's positions."""
    return {
        step.position: number
        for number, step in enumerate(steps)
        if step.kind == Kind.TRIAL and step.name == Phase.TEST
    }


def _rows_of(keys: Any) -> list[QuerySet[Any, Row]]:
    """Return the answers to the test, the visits of its pages, the checks and the counted events.

    Each row begins with the key of its person, and the rows are in the order of these keys.
    ``keys`` is a list, or a query of keys.
    """
    answers = Response.objects.final().filter(
        trial__participant__in=keys, trial__phase=Phase.TEST, is_missed=False
    )
    visits = StepVisit.objects.filter(participant__in=keys, kind=Kind.TRIAL, name=Phase.TEST)
    checks = AttentionCheck.objects.filter(participant__in=keys)
    events = Event.objects.filter(participant__in=keys).values("participant_id", "kind")
    who = "trial__participant_id"
    return [
        answers.order_by(who, "trial__position").values_list(
            who, "trial__position", "is_accepted", "choice_id", "rt_ms", "away_ms"
        ),
        visits.order_by("participant_id").values_list(
            "participant_id", "step", "shown_at", "done_at"
        ),
        checks.order_by("participant_id").values_list("participant_id", "asks_yes", "is_yes"),
        events.annotate(n=Count("pk"))
        .order_by("participant_id")
        .values_list("participant_id", "kind", "n"),
    ]


def _between(shown: datetime, done: datetime | None) -> int | None:
    """Return how long a page was open in ms, by the server's clock."""
    return None if done is None else round((done - shown).total_seconds() * 1000)
