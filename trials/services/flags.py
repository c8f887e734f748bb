"""Flags of people's conduct: reads the data that ``quality`` judges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import Count

from trials.models import AttentionCheck, Event, Participant, Response, StepVisit, Study
from trials.quality import Answer, Check, Conduct, Flag, flags
from trials.study.design import Kind, Phase, Step, script
from trials.study.plan import StudyPlan

AT_A_TIME = 500  # databases limit the keys in one query to some thousands


def participant_flags(participants: Iterable[Participant]) -> dict[int, list[Flag]]:
    """Return each person's flags by the participant's key. Five queries for up to 500 people."""
    people = list(participants)
    found: dict[int, list[Flag]] = {}
    for first in range(0, len(people), AT_A_TIME):
        found |= _flags_of(people[first : first + AT_A_TIME])
    return found


def _flags_of(people: list[Participant]) -> dict[int, list[Flag]]:
    keys = [person.pk for person in people]
    studies = Study.objects.in_bulk({person.study_id for person in people})
    step_of = {pk: _test_steps(study.plan) for pk, study in studies.items()}
    own_steps = _own_steps(studies)
    rows, open_ms, checks, events = _rows(keys), _open_ms(keys), _checks(keys), _events(keys)
    found = {}
    for person in people:
        person.study = studies[person.study_id]
        steps = own_steps.get(person.condition_id, step_of[person.study_id])
        if person.sequence:
            steps = _test_places(person.script)
        answers = [
            Answer(is_yes, rt_ms, away_ms, open_ms.get((person.pk, steps[position])))
            for position, is_yes, rt_ms, away_ms in rows[person.pk]
        ]
        conduct = Conduct(answers, checks[person.pk], events[person.pk], person.is_repeat)
        found[person.pk] = flags(conduct, studies[person.study_id].plan.quality)
    return found


def _own_steps(studies: Mapping[int, Study]) -> dict[int, dict[int, int]]:
    """Return the test's steps in each condition of the studies whose conditions differ."""
    return {
        condition.pk: _test_steps(study.plan.of(condition.name))
        for study in studies.values()
        if study.plan.has_changes
        for condition in study.conditions.all()
    }


def _test_steps(plan: StudyPlan) -> dict[int, int]:
    return _test_places(script(plan))


def _test_places(steps: Sequence[Step]) -> dict[int, int]:
    """Return the step of each of the test's positions."""
    return {
        step.position: number
        for number, step in enumerate(steps)
        if step.kind == Kind.TRIAL and step.name == Phase.TEST
    }


def _rows(keys: list[int]) -> dict[int, list[tuple[int, bool, int | None, int | None]]]:
    """Return the test's answers in their order: position, answer, times."""
    answers = Response.objects.final().filter(trial__participant__in=keys, trial__phase=Phase.TEST)
    found: dict[int, list[tuple[int, bool, int | None, int | None]]] = defaultdict(list)
    columns = ("trial__participant", "trial__position", "is_accepted", "choice", "rt_ms", "away_ms")
    given = answers.filter(is_missed=False).order_by("trial__position")
    for pk, position, is_accepted, choice, *times in given.values_list(*columns):
        said = is_accepted if choice is None else choice
        found[pk].append((position, said, *times))
    return found


def _open_ms(keys: list[int]) -> dict[tuple[int, int], int | None]:
    """Return how long each page of a test trial was open, by the server's clock."""
    visits = StepVisit.objects.filter(participant__in=keys, kind=Kind.TRIAL, name=Phase.TEST)
    return {
        (pk, step): _between(shown, done)
        for pk, step, shown, done in visits.values_list(
            "participant", "step", "shown_at", "done_at"
        )
    }


def _between(shown: datetime, done: datetime | None) -> int | None:
    return None if done is None else round((done - shown).total_seconds() * 1000)


def _checks(keys: list[int]) -> dict[int, list[Check]]:
    rows = AttentionCheck.objects.filter(participant__in=keys)
    found: dict[int, list[Check]] = defaultdict(list)
    for pk, asks_yes, is_yes in rows.values_list("participant", "asks_yes", "is_yes"):
        found[pk].append(Check(asks_yes, is_yes))
    return found


def _events(keys: list[int]) -> dict[int, dict[str, int]]:
    rows = Event.objects.filter(participant__in=keys).values_list("participant", "kind")
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for pk, kind, n in rows.annotate(n=Count("pk")).order_by():
        found[pk][kind] = n
    return found
