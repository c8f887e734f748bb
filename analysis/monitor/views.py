"""The researcher's pages of a running study: its counts, its people, one person."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from analysis.blind import lift_of
from analysis.monitor.actions import ACTIONS, actions_of
from analysis.monitor.people import PeopleForm, people_page, person_rows, timeline
from analysis.monitor.reader import participants_of, running_read
from analysis.monitor.summary import LEAST_PAY, LEAST_PAY_CURRENCY
from analysis.results.computing import shows_computing
from analysis.results.views import not_begun
from analysis.rows.overview import stage_shown
from trials import services
from trials.models import Identity, Participant, Study
from trials.participant import links
from trials.roles import editor_only

STAGES = tuple(Participant.Stage.values)
REFRESH_S = 20


@require_safe
@editor_only
@shows_computing
def live(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the state of a running study; ``part`` returns only the counts, to refresh them."""
    if not study.is_frozen:
        return not_begun(request, study, "people to count")
    stage, is_simulated = request.GET.get("stage"), request.GET.get("robots") == "1"
    running = running_read(
        study, stage=stage if stage in STAGES else None, is_simulated=is_simulated
    )
    context = {
        "study": study,
        "running": running,
        "least_pay": LEAST_PAY,
        "least_currency": LEAST_PAY_CURRENCY,
        "query": urlencode({"stage": running.stage} | ({"robots": "1"} if is_simulated else {})),
        "refresh_s": REFRESH_S,
        "is_blinded": lift_of(study, running.stage) is None,
    }
    if not is_simulated and "part" not in request.GET:
        context |= _left_out(study, {"stage": running.stage})
    part = "studio/monitor/_counts.html" if "part" in request.GET else "studio/monitor/monitor.html"
    return render(request, part, context)


def _left_out(study: Study, asked: dict[str, str]) -> dict[str, object]:
    """Return how many simulated people a page does not show, and the query that shows them."""
    n = participants_of(study, asked.get("stage") or stage_shown(study), True).count()
    return {"n_left_out": n, "robots_query": urlencode({**asked, "robots": "1"})}


@require_POST
@editor_only
def switch(request: HttpRequest, study: Study, position: int) -> HttpResponse:
    """Switch the assignment of new people to a condition on or off."""
    condition = get_object_or_404(study.conditions.all(), position=position)
    wanted = request.POST.get("is_on")
    if wanted not in {"0", "1"}:
        messages.error(request, f"Found is_on={wanted!r}, expected 0 or 1. Nothing changed.")
    else:
        try:
            services.condition_switch(
                condition=condition, is_on=wanted == "1", user=user_of(request)
            )
        except services.StudyRefused as error:
            messages.error(request, str(error))
            return redirect("studio-monitor", study.slug)
        said = (
            "gets new people"
            if condition.is_on
            else "gets no new people; people who are in it can finish"
        )
        messages.success(request, f"{condition} {said}.")
    return redirect("studio-monitor", study.slug)


@require_safe
@editor_only
@shows_computing
def people(request: HttpRequest, study: Study) -> HttpResponse:
    """List a study's people, fifty a page."""
    form = PeopleForm(study, request.GET)
    form.is_valid()
    page, rows = people_page(study, form.cleaned_data, request.GET.get("page", "1"))
    asked = {name: value for name, value in request.GET.items() if name != "page" and value}
    context = {"study": study, "form": form, "page": page, "rows": rows, "query": urlencode(asked)}
    if not form.cleaned_data.get("robots"):
        context |= _left_out(study, {"stage": form.cleaned_data.get("stage") or ""})
    return render(request, "studio/monitor/people.html", context)


@require_safe
@editor_only
def person(request: HttpRequest, study: Study, who: str) -> HttpResponse:
    """Show one person: position, flags, timeline and possible actions."""
    participant = participant_of(study, who)
    context = {
        "study": study,
        "row": person_rows(study, [participant])[0],
        "identity": Identity.objects.filter(participant=participant).first(),
        "visits": timeline(participant),
        "actions": actions_of(participant),
        "way_back": request.build_absolute_uri(links.way_back(participant))
        if participant.is_active and not participant.is_simulated
        else "",
    }
    return render(request, "studio/monitor/person.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@editor_only
def act(request: HttpRequest, study: Study, who: str, name: str) -> HttpResponse:
    """Ask to confirm an action, or do it; if it is no longer possible, say why."""
    participant, action = participant_of(study, who), ACTIONS.get(name)
    if action is None:
        raise Http404(f"No action {name}. Actions: {', '.join(ACTIONS)}.")
    if not action.is_possible(participant):
        messages.error(
            request, f"{action.label}: not possible, {participant} is {participant.status}."
        )
        return redirect("studio-person", study.slug, who)
    form = action.form(participant, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        context = {"study": study, "who": who, "person": participant, "action": action}
        status = 422 if form.is_bound else 200
        return render(
            request, "studio/monitor/confirm.html", context | {"form": form}, status=status
        )
    try:
        action.run(participant, form.cleaned_data, user_of(request))
        messages.success(request, f"{action.label}: done, and logged.")
    except services.StudyRefused as error:
        messages.error(request, str(error))
    return redirect("studio-person", study.slug, who)


def participant_of(study: Study, who: str) -> Participant:
    """Return the participant of a pseudonym: ``p0012`` is a person, ``r0012`` a robot."""
    match = re.fullmatch(r"([pr])(\d{4,9})", who, re.ASCII)
    if match is None:
        raise Http404(f"No person {who}; expected p0001 or, for a robot, r0001.")
    found = Participant.objects.select_related("study", "condition", "trial_set")
    return get_object_or_404(found, study=study, is_simulated=match[1] == "r", number=int(match[2]))


def user_of(request: HttpRequest) -> User:
    """Return the signed-in user."""
    assert isinstance(request.user, User)  # noqa: S101 - for the types; the view requires a login
    return request.user
