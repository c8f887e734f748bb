"""The entry page of a study: the information, the consent, and the entry checks.

A GET reserves no place; only the posted consent does. The page carries the ids of the link in one
signed field, so the post needs no other state. The site's own addresses and texts contain no ids.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from trials import roles, services
from trials.models import Event, Participant, Study
from trials.participant import devices, links, texts
from trials.participant.entry_forms import ConsentForm, device_of
from trials.participant.framing import frame
from trials.participant.identity import (
    forget,
    own_page_only,
    participant_of,
    remember,
)
from trials.participant.languages import current, name_shown, said, speaking, spoken
from trials.participant.recruitment import (
    CHANNELS,
    Arrival,
    ArrivalMissing,
    ArrivalRefused,
    completion_url,
)
from trials.participant.visitors import (
    ROBOT,
    Visitor,
    known_by,
    may_begin,
    new_key,
    proven,
    visitor_of,
)
from trials.study.plan import VIEWS

# Buttons of the entry page that show it again.
NO_CONSENT = {"retry", "speak"}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the information and ask for consent. Only the posted consent takes a place."""
    study = get_object_or_404(Study, slug=slug)
    frame(request, study)
    with speaking(request, study):
        return _door(request, study)


def _door(request: HttpRequest, study: Study) -> HttpResponse:
    try:
        if "back" in request.GET and request.method != "POST":
            return _led_back(request, study)
        response = _answer(request, study, visitor_of(request, study))
    except ArrivalRefused as refusal:
        # A person with a session who typed the plain address needs no id in the link.
        if isinstance(refusal, ArrivalMissing) and participant_of(request, study):
            return redirect("session", study.slug)
        response = _page(request, study, "wrong_link", status=400, refusal=said(refusal))
    # Other sites must not receive the link's query: the referrer is the site's origin at most.
    response.headers["Referrer-Policy"] = "strict-origin"
    return response


def information(request: HttpRequest, study: Study) -> HttpResponse:
    """Show what people read before they consent, as if a place were free."""
    with speaking(request, study):
        return _form(request, study, Visitor(Arrival(study.plan.recruitment.channel), new_key()))


def _answer(request: HttpRequest, study: Study, visitor: Visitor) -> HttpResponse:
    if visitor.arrival.is_preview:
        return _page(request, study, "preview")
    known = known_by(request, study, visitor.arrival)
    if known is not None:
        return _let_back_in(request, study, visitor, known)
    if "decline" in request.POST:
        return _declined(request, study)
    is_simulated = bool(request.META.get(ROBOT))
    try:
        if request.method == "POST" and not NO_CONSENT & {*request.POST} and not visitor.is_late:
            return _enrol(request, study, visitor, is_simulated)
        services.entry_check(study, visitor.arrival)
        services.places_check(study, is_simulated=is_simulated)
    except services.StudyFull as full:
        return _full(request, study, visitor, full)
    except services.PageTaken as refusal:
        raise ArrivalRefused(str(refusal)) from refusal
    except services.StudyRefused as refusal:
        return _turned_away(request, study, visitor, refusal)
    return _form(request, study, visitor)


def _turned_away(
    request: HttpRequest, study: Study, visitor: Visitor, refusal: services.StudyRefused
) -> HttpResponse:
    """Say why a person may not begin here: a session elsewhere, an earlier one, a closed study."""
    if isinstance(refusal, services.BegunElsewhere):
        return _page(request, study, "elsewhere", status=403, refusal=refusal)
    if not isinstance(refusal, services.AlreadyTookPart):
        return _page(request, study, "closed", status=403)
    # They may have entered on another device since the first check.
    known = services.participant_known(study, proven(request, study, visitor.arrival))
    if known is not None:
        return _let_in(request, study, known, visitor.arrival)
    return _page(request, study, "already", status=403, refusal=refusal)


def _led_back(request: HttpRequest, study: Study) -> HttpResponse:
    """Let a person with a signed return link continue the session."""
    person = links.led_back(study, request.GET["back"])
    if person is None:
        raise ArrivalRefused(
            _(
                "The link is incomplete or no longer valid. "
                "Please ask for a new one where you got it."
            )
        )
    return _let_in(request, study, person, Arrival(study.plan.recruitment.channel))


def _let_back_in(
    request: HttpRequest, study: Study, visitor: Visitor, known: Participant
) -> HttpResponse:
    """Continue a person's session; in a laboratory ask first, because that person may have left.

    A consent that is sent twice carries the key that the person entered with.
    """
    is_told = not CHANNELS[visitor.arrival.channel].is_shared or visitor.arrival.person_id
    if known.is_active and not is_told and visitor.key != known.enrolment_key:
        return _page(request, study, "begun", participant=known)
    return _let_in(request, study, known, visitor.arrival)


def _let_in(
    request: HttpRequest, study: Study, participant: Participant, arrival: Arrival
) -> HttpResponse:
    response = redirect("session", study.slug)
    if request.method != "HEAD":
        remember(response, participant)
        services.participant_arrive(participant=participant, arrival=arrival)
        _note_device(request, study, participant)
    return response


def _note_device(request: HttpRequest, study: Study, participant: Participant) -> None:
    """Log that a session continues on a device that the study does not accept; do not block it."""
    device = device_of(request.POST, request.headers)
    is_fitting = devices.fits(study.plan.device, device["kind"], device["width"])
    if participant.is_active and not participant.is_simulated and not is_fitting:
        told = services.ClientEvent(Event.Kind.OTHER_DEVICE, 0, device["kind"])
        services.events_add(participant=participant, step=participant.step, events=[told])


def _enrol(
    request: HttpRequest, study: Study, visitor: Visitor, is_simulated: bool
) -> HttpResponse:
    """Process the consent; say what is missing, or that the study does not accept this device."""
    form = ConsentForm(request.POST)
    if not form.is_valid():
        return _form(request, study, visitor, form)
    device = device_of(request.POST, request.headers)
    if not is_simulated and not devices.fits(study.plan.device, device["kind"], device["width"]):
        return _page(request, study, "device", status=403, device=device)
    if not is_simulated and not may_begin(request, study):
        return _full(request, study, visitor, None)
    participant = services.participant_enrol(
        study=study,
        enrolment_key=form.cleaned_data["enrolment_key"],
        is_simulated=is_simulated,
        arrival=visitor.arrival,
        device=device,
        language=current(),
    )
    return _let_in(request, study, participant, visitor.arrival)


def _form(
    request: HttpRequest, study: Study, visitor: Visitor, form: ConsentForm | None = None
) -> HttpResponse:
    if form is not None and "enrolment_key" in form.errors:
        visitor = Visitor(visitor.arrival, new_key())
    return _page(
        request,
        study,
        "consent",
        form=form,
        key=visitor.key,
        arrival=visitor.sealed(study),
        is_late=visitor.is_late,
        before=services.participant_proven(study, proven(request, study, visitor.arrival)),
        # What the server knows without the page's script.
        is_fitting=devices.fits(study.plan.device, devices.kind_of(request.headers), None),
    )


def _full(
    request: HttpRequest, study: Study, visitor: Visitor, full: services.StudyFull | None
) -> HttpResponse:
    """Say that no place is free, or (without ``full``) that too many begin from one network.

    Trying again is a post, and asks for consent only once.
    """
    return _page(
        request,
        study,
        "full",
        status=403 if full else 429,
        full=full,
        arrival=visitor.sealed(study),
        key=visitor.key,
        device={name: each for name, each in request.POST.items() if name.startswith("device_")},
        has_agreed="agree" in request.POST and "retry" not in request.POST,
    )


def _declined(request: HttpRequest, study: Study) -> HttpResponse:
    """Thank a person who does not want to take part; store nothing about them."""
    recruitment = study.plan.recruitment
    code = recruitment.codes.get("no_consent", "")
    url = completion_url(recruitment.channel, code)
    return _page(request, study, "declined", code=code, url=url)


def _page(
    request: HttpRequest, study: Study, name: str, status: int = 200, **context: Any
) -> HttpResponse:
    plan = spoken(study.plan)
    context |= {
        "study": study,
        "plan": plan,
        "persona": name_shown(plan.persona),
        "channel": CHANNELS[plan.recruitment.channel],
        "information": texts.render(plan.consent.text, texts.placeholders(plan, plan.persona)),
        "has_statement": any(VIEWS[condition.view].has_statement for condition in plan.conditions),
    }
    return render(request, f"trials/{name}.html", context, status=status)


@never_cache
@require_POST
@own_page_only
def next_person(
    request: HttpRequest, study: Study, participant: Participant | None
) -> HttpResponse:
    """Free a browser for the next person, once the last one's session has ended.

    In a laboratory, a session that a person left before the end is ended here.
    """
    response = redirect("consent", study.slug)
    if participant is None:
        return response
    is_shared = CHANNELS[study.plan.recruitment.channel].is_shared
    if is_shared and request.POST.get("leaves") == "yes":
        services.participant_stop(participant=participant, keeps_answers=True)
        participant.refresh_from_db(fields=["status"])
    if roles.may_forget(request.user, participant):
        forget(response, study)
    return response
