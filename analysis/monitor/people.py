"""A study's people for the researchers: the list with its filters, and one person's timeline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django import forms
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.utils import timezone

from analysis.monitor.reader import flagged_stored, participants_of
from analysis.monitor.summary import screen_words
from analysis.rows.overview import stage_shown
from analysis.summaries import is_large
from trials.models import Event, Occasion, Participant, Response, Study
from trials.quality import FLAGS, Flag
from trials.services import participant_flags
from trials.services.quotas import places_held
from trials.study.assignment import NOT_ASSIGNED
from trials.study.design import Kind, Step, script
from trials.study.groups import Scripts, group_of, groups_of, order_words
from trials.study.orders import order_text, orders_of
from trials.study.plan import StudyPlan
from trials.study.pseudonyms import pseudonym
from trials.study.script_stages import place_of, stages_of

N_A_PAGE = 50
SILENT = "silent"
Status = Participant.Status
STATE_WORDS: dict[str, str] = {
    Status.ACTIVE: "under way",
    SILENT: "silent",
    **{item.value: item.replace("_", " ") for item in Status if item != Status.ACTIVE},
}


class PeopleForm(forms.Form):
    """The filters of the list; every field is optional."""

    state = forms.ChoiceField(required=False, choices=[("", "all"), *STATE_WORDS.items()])
    condition = forms.ChoiceField(required=False)
    reached = forms.ChoiceField(required=False, label="Now in")
    flag = forms.ChoiceField(
        required=False,
        choices=[
            ("", "all"), ("any", "any flag"), *((item, item.replace("_", " ")) for item in FLAGS),
        ],
    )  # fmt: skip
    stage = forms.ChoiceField(
        required=False, choices=[("", "current"), ("live", "study"), ("pilot", "pilot")]
    )
    robots = forms.BooleanField(required=False, label="Simulated")

    def __init__(self, study: Study, data: Any) -> None:
        super().__init__(data)
        names = [(name, name) for name in groups_of(study.plan)]
        parts = [(name, name.replace("_", " ")) for name, _ in stages_of(script(study.plan))]
        for field, choices in (("condition", names), ("reached", parts)):
            self.fields[field].choices = [("", "all"), *choices]  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person, as shown in the list and on their own page."""

    participant: Participant
    who: str
    state: str
    screen: str
    flags: list[Flag]

    @property
    def group(self) -> str:
        """The person's condition, or the order of blocks within people."""
        person = self.participant
        plan, name = person.study.plan, person.condition.name
        return group_of(plan, name, person.sequence, is_assigned=person.is_assigned)

    @property
    def flag_words(self) -> list[str]:
        """The flags' names, each once."""
        return list(dict.fromkeys(flag.name.replace("_", " ") for flag in self.flags))


def people_found(study: Study, asked: dict[str, Any]) -> QuerySet[Participant]:
    """Return the people whom the filters show."""
    stage, now = asked.get("stage") or stage_shown(study), timezone.now()
    found = participants_of(study, stage, bool(asked.get("robots"))).select_related("condition")
    kept = _narrowed(study, found, asked, now)
    if flag := asked.get("flag"):
        kept = kept.filter(pk__in=_flagged(study, stage, bool(asked.get("robots")), flag, kept))
    return kept


def people_page(
    study: Study, asked: dict[str, Any], number: str
) -> tuple[Page[Participant], list[PersonRow]]:
    """Return a page of the filtered people, in the order of consent."""
    page = Paginator(people_found(study, asked).order_by("number"), N_A_PAGE).get_page(number)
    return page, person_rows(study, list(page.object_list))


def _flagged(
    study: Study, stage: str, is_simulated: bool, flag: str, kept: QuerySet[Participant]
) -> list[int]:
    """Return the keys of people with a flag; of a large study as the worker last found them."""
    if is_large(study, stage):
        return flagged_stored(study, stage, is_simulated, flag)
    named = {pk: {item.name for item in those} for pk, those in participant_flags(kept).items()}
    return [pk for pk, those in named.items() if flag in those or (flag == "any" and those)]


def _narrowed(
    study: Study, found: QuerySet[Participant], asked: dict[str, Any], now: datetime
) -> QuerySet[Participant]:
    held = places_held(study, found, now).values("pk")
    kept, state = found, asked.get("state")
    if state == SILENT:
        kept = kept.filter(status=Status.ACTIVE).exclude(pk__in=held)
    elif state:
        kept = kept.filter(status=state)
        kept = kept.filter(pk__in=held) if state == Status.ACTIVE else kept
    if group := asked.get("condition"):
        kept = kept.filter(_in_group(study, group))
    if reached := asked.get("reached"):
        kept = kept.filter(_within(study, reached))
    return kept


def _in_group(study: Study, group: str) -> Q:
    """Return the query condition that a person has a condition, or an order of blocks."""
    plan = study.plan
    if not plan.design.is_within:
        if plan.common is not None and group == NOT_ASSIGNED:
            return Q(is_assigned=False)
        return Q(condition__name=group, is_assigned=True)
    orders = orders_of(plan.design.order, len(plan.blocks))
    named = [order_text(each) for each in orders if order_words(plan, order_text(each)) == group]
    return Q(sequence__in=named) if named else Q()


def _within(study: Study, part: str) -> Q:
    """Return the query condition that a person is in a part of the study, or ended in it."""
    plan = study.plan
    if plan.design.is_within:
        rows = Participant.objects.filter(study=study).order_by().values_list("sequence", flat=True)
        scripts = Scripts(plan)
        spans = (
            _in_part(scripts.of("", each), part) & Q(sequence=each) for each in rows.distinct()
        )
        return reduce(or_, spans, Q(pk__in=[]))
    return reduce(or_, (_within_plan(study, each, part) for each in plan.plans))


def _within_plan(study: Study, plan: StudyPlan, part: str) -> Q:
    """Return the same for the people whose condition has this plan."""
    names = [each.name for each in plan.conditions if study.plan.of(each.name) is plan]
    found = _in_part(script(plan), part)
    return found & Q(condition__name__in=names) if study.plan.has_changes else found


def _in_part(steps: Sequence[Step], part: str) -> Q:
    parts = dict(stages_of(steps))
    if part not in parts:
        return Q(pk__in=[])
    failed, span = Q(status=Status.FAILED_VALIDATION), parts[part]
    within = Q(step__gte=span.start, step__lt=span.stop)
    if place_of(Status.FAILED_VALIDATION, len(steps), steps) in span:
        return within | failed
    return within & ~failed


def person_rows(study: Study, people: list[Participant]) -> list[PersonRow]:
    """Return a row for each of the people, in a fixed number of queries."""
    flags, scripts = participant_flags(people), Scripts(study.plan)
    steps = [scripts.of(each.condition.name, each.sequence, each.seed) for each in people]
    found = Participant.objects.filter(pk__in=[person.pk for person in people])
    held = set(places_held(study, found, timezone.now()).values_list("pk", flat=True))
    return [
        PersonRow(
            participant=person,
            who=pseudonym(person.is_simulated, person.number),
            state=STATE_WORDS[
                SILENT if person.is_active and person.pk not in held else person.status
            ],
            screen=screen_words(own, place_of(person.status, person.step, own)),
            flags=flags[person.pk],
        )
        for person, own in zip(people, steps, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Visit:
    """One screen of a person's timeline: times and browser events, never the answer."""

    screen: str
    shown_at: datetime
    open_s: float | None
    n_shown: int
    rt_ms: int | None
    events: list[Event]


def timeline(participant: Participant) -> list[Visit]:
    """Return a person's screens in order, in three queries."""
    steps = participant.script
    events: dict[int, list[Event]] = defaultdict(list)
    for event in participant.events.order_by("step", "at_ms", "pk"):
        events[event.step].append(event)
    answers = Response.objects.filter(trial__participant=participant)
    kinds = {Occasion.FIRST: Kind.FIRST, Occasion.FINAL: Kind.TRIAL}
    rt = {
        Step(kinds[Occasion(occasion)], phase, position): rt_ms
        for occasion, phase, position, rt_ms in answers.values_list(
            "occasion", "trial__phase", "trial__position", "rt_ms"
        )
    }
    return [
        Visit(
            screen=screen_words(steps, visit.step),
            shown_at=visit.shown_at,
            open_s=(visit.done_at - visit.shown_at).total_seconds() if visit.done_at else None,
            n_shown=visit.n_shown,
            rt_ms=rt.get(steps[visit.step]),
            events=events[visit.step],
        )
        for visit in participant.visits.order_by("step")
    ]
