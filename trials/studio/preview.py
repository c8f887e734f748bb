"""A preview of every screen of a session in any condition, with nothing stored.

A temporary participant enters through the real services, and the real pages are rendered; then the
transaction is rolled back. So a preview is identical to the session and stores nothing. The sets of
a draft are drawn in the same way and rolled back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone

from trials import services
from trials.models import Condition, Occasion, Participant, Response, Study
from trials.participant import entry, identity, views
from trials.services.arms import arms_make, condition_make
from trials.services.assignment import trials_lay_out
from trials.services.freezing import defer_below, sets_draw
from trials.services.run_selection import runs_choose
from trials.steps.base import screen_of
from trials.study.design import ASKING, Kind, Phase, Step, script
from trials.study.groups import order_words
from trials.study.languages import LANGUAGES
from trials.study.layout import layout_of
from trials.study.orders import order_read, order_text, orders_shown
from trials.study.plan import StudyPlan
from trials.study.schema import Json

CONSENT = "consent"
ENDS = (
    Participant.Status.FAILED_VALIDATION,
    Participant.Status.FAILED_ATTENTION,
    Participant.Status.TIMED_OUT,
)


@dataclass(frozen=True, slots=True)
class Screen:
    """One entry of the navigator: its key in addresses, its name, its group."""

    key: str
    label: str
    group: str


def screens_of(plan: StudyPlan) -> list[Screen]:
    """Return every screen in order: the consent, the session's steps, the other ends."""
    found = [Screen(CONSENT, "Information and consent", "Entry")]
    for n, step in enumerate(script(plan)):
        screen = screen_of(step)
        found.append(Screen(str(n), screen.label(step), screen.group(step)))
    ends = [item for item in ENDS if _can_end(plan, item)]
    return found + [Screen(end.value, end.label, "Other ends") for end in ends]


def _can_end(plan: StudyPlan, status: Participant.Status) -> bool:
    return {
        Participant.Status.FAILED_VALIDATION: plan.validation is not None,
        Participant.Status.FAILED_ATTENTION: plan.quality.attention_end == "end",
        Participant.Status.TIMED_OUT: bool(plan.max_minutes),
    }[status]


def previewed(plan: StudyPlan) -> dict[str, StudyPlan]:
    """Return the plans that people meet by the names of the choices: a condition, or an order."""
    if not plan.design.is_within:
        return {each.name: plan.of(each.name) for each in plan.conditions}
    return {
        order_words(plan, order_text(each)): plan.laid(layout_of(plan, each, plan.seed))
        for each in orders_shown(plan.design.order, len(plan.blocks))
    }


def choices(plan: StudyPlan) -> Json:
    """Return what the editor's live preview can show, for its script.

    ``screens`` are the different lists of screens, each row a key, a name and a group; ``of`` says
    which list a condition has.
    """
    lists: list[list[list[str]]] = []
    of = {}
    for name, each in previewed(plan).items():
        rows = [[screen.key, screen.label, screen.group] for screen in screens_of(each)]
        if rows not in lists:
            lists.append(rows)
        of[name] = lists.index(rows)
    languages = [[tag, LANGUAGES[tag]] for tag in plan.languages]
    return {"of": of, "screens": lists, "languages": languages}


def screen_render(
    request: HttpRequest,
    study: Study,
    *,
    condition: str,
    number: int,
    key: str,
    language: str = "",
    document: Json | None = None,
) -> HttpResponse:
    """Render one screen for a temporary participant in a condition (or order) and a test set.

    Without a ``language``, it is in the study's own. With a ``document``, the draft has that one
    until the rollback. Raises ``StudyRefused`` if the sets of a draft cannot be drawn.
    """
    with transaction.atomic():
        try:
            if document is not None:
                services.study_revise(study=study, document=document)
            study = Study.objects.select_related("dataset").get(pk=study.pk)
            visitor = _visitor(request, language or study.plan.language)
            if key == CONSENT:
                return entry.information(visitor, study)
            participant = _stand_in(study, condition, number, visitor.GET["lang"])
            _put(participant, key)
            identity.carry(visitor, participant)
            return views.session(visitor, study.slug)
        finally:
            transaction.set_rollback(True)


def _visitor(request: HttpRequest, language: str) -> HttpRequest:
    """Return the first request of a browser without a login."""
    visitor = HttpRequest()
    visitor.method = "GET"
    visitor.path = visitor.path_info = "/"
    visitor.META = {**request.META, "QUERY_STRING": "", "REQUEST_METHOD": "GET"}
    visitor.GET = QueryDict(f"lang={language}")
    visitor.user = AnonymousUser()
    visitor.session = import_module(settings.SESSION_ENGINE).SessionStore()
    return visitor


def _stand_in(study: Study, name: str, number: int, language: str) -> Participant:
    sequence = _sequence(study.plan, name)
    if sequence:
        name = study.plan.blocks[order_read(sequence)[0] - 1][0]
    condition = _condition(study, name)
    trial_set = study.trial_sets.get(ai=condition.ai, phase=Phase.TEST, number=number)
    now = timezone.now()
    participant = Participant.objects.create(
        study=study,
        condition=condition,
        trial_set=trial_set,
        sequence=sequence,
        number=2**31 - 1,
        enrolment_key="preview",
        seed=study.plan.seed,
        is_simulated=True,
        consent_version=study.plan.consent.version,
        language=language,
        consented_at=now,
        last_seen_at=now,
    )
    trials_lay_out(participant)
    return participant


def _condition(study: Study, name: str) -> Condition:
    """Return the arm; for a draft, create it and draw its sets (until the rollback).

    Where a person sees the screens of several arms, all are made.
    """
    if study.is_frozen:
        return study.conditions.select_related("run").get(name=name)
    if study.plan.design.is_within or study.plan.common is not None:
        arms = arms_make(study, runs_choose(study))
        return next(arm for arm in arms if arm.name == name)
    plan = next(each for each in study.plan.conditions if each.name == name)
    run = runs_choose(study)[plan.asks_for]
    condition = condition_make(study, plan, run, defer_below(run, plan.defer))
    sets_draw(study, condition)
    return condition


def _sequence(plan: StudyPlan, name: str) -> str:
    """Return the order of blocks that a choice names; empty in a study between people."""
    if not plan.design.is_within:
        return ""
    shown = (order_text(each) for each in orders_shown(plan.design.order, len(plan.blocks)))
    return next(each for each in shown if order_words(plan, each) == name)


def _put(participant: Participant, key: str) -> None:
    """Move the temporary participant to a screen, with all earlier answers stored."""
    steps = participant.script
    if key in ENDS:
        _finish(participant, key, len(steps) - 1)
        return
    participant.step = int(key)
    done = steps[: participant.step]
    place = steps[participant.step].position
    answered = [
        item
        for item in done
        if item.kind in ASKING and (item.name != Phase.TEST or item.position == place)
    ]
    Response.objects.bulk_create(_right_answers(participant, answered))
    if participant.step == len(steps) - 1:
        _finish(participant, Participant.Status.COMPLETED, participant.step)
    else:
        participant.save(update_fields=["step"])


def _finish(participant: Participant, status: str, step: int) -> None:
    participant.status, participant.step = Participant.Status(status), step
    participant.code, participant.finished_at = "PREVIEW", timezone.now()
    participant.save(update_fields=["status", "step", "code", "finished_at"])


def _right_answers(participant: Participant, steps: list[Step]) -> Iterator[Response]:
    is_choice, now = participant.study.plan.task.is_choice, timezone.now()
    found = participant.trials.select_related("prediction__image__category")
    trials = {(trial.phase, trial.position): trial for trial in found}
    for step in steps:
        trial = trials[step.name, step.position]
        occasion = Occasion.FIRST if step.kind == Kind.FIRST else Occasion.FINAL
        prediction = trial.prediction
        yield Response(
            trial=trial,
            occasion=occasion,
            is_accepted=None if is_choice else prediction.is_right,
            choice=prediction.image.category if is_choice else None,
            received_at=now,
        )


def sets_of(plan: StudyPlan) -> list[int]:
    """Return the numbers of the test sets."""
    return list(range(1, plan.test.n_sets + 1))


__all__ = ["CONSENT", "Screen", "choices", "previewed", "screen_render", "screens_of", "sets_of"]
