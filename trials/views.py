"""The participant's pages. The server owns the position: one address shows the current step.

Whatever is typed, reloaded, clicked twice or sent from an old page, the answer is a redirect
to that address.
"""

from __future__ import annotations

import re
import secrets
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from classifiers.models import crop_path
from trials import screens, services
from trials.design import Kind, Phase, Step
from trials.forms import ConsentForm, StepForm
from trials.models import Participant, Study

# A robot says so in the WSGI environment, where nothing that travels over HTTP can write.
ROBOT = "trials.robot"
A_YEAR = 365 * 24 * 3600


def participant_of(request: HttpRequest, study: Study) -> Participant | None:
    """Return who this browser is in this study, if anyone."""
    token = request.session.get(f"participant:{study.pk}")
    related = ("study", "condition", "trial_set")
    return Participant.objects.select_related(*related).filter(study=study, token=token).first()


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: HttpRequest, slug: str) -> HttpResponse:
    """Inform and ask. Looking takes no place; only the posted consent does."""
    study = get_object_or_404(Study, slug=slug)
    if participant_of(request, study):
        return redirect("session", slug)
    if not study.is_open:
        return closed(request, study)
    form = ConsentForm(request.POST or None, initial={"enrolment_key": secrets.token_urlsafe(24)})
    if request.method == "POST" and form.is_valid():
        try:
            participant = services.participant_enrol(
                study=study,
                enrolment_key=form.cleaned_data["enrolment_key"],
                is_simulated=bool(request.META.get(ROBOT)),
            )
        except services.StudyRefused:  # closed between the look above and the lock
            return closed(request, study)
        request.session[f"participant:{study.pk}"] = participant.token
        return redirect("session", slug)
    return render(
        request, "trials/consent.html", {"study": study, "plan": study.plan, "form": form}
    )


def closed(request: HttpRequest, study: Study) -> HttpResponse:
    """Say that nobody can join."""
    return render(request, "trials/closed.html", {"study": study}, status=403)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def session(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the current step, or take it as done."""
    study = get_object_or_404(Study, slug=slug)
    participant = participant_of(request, study)
    if participant is None:
        return redirect("consent", slug)
    if request.method == "POST":
        form = StepForm(request.POST)
        if form.is_valid():
            data = form.cleaned_data
            services.participant_advance(
                participant=participant,
                step=data["step"],
                is_accepted=data["answer"],
                rt_ms=data["rt_ms"],
            )
        return redirect("session", slug)
    services.participant_seen(participant=participant)
    if participant.status == Participant.Status.FAILED_VALIDATION:
        return render(request, "trials/failed_validation.html", base_context(participant))
    return show(request, participant, participant.script[participant.step])


def show(request: HttpRequest, participant: Participant, step: Step) -> HttpResponse:
    """Render one step."""
    context = base_context(participant) | {"step": step} | progress(participant, step)
    if step.kind == Kind.PAGE:
        if step.name == "before_test":
            context["n_correct"] = services.n_correct(participant, Phase.VALIDATION)
        elif step.name == "instructions":
            context["kinds"] = screens.kinds(participant.study)
        return render(request, f"trials/{step.name}.html", context)
    trial = services.trial_of(participant, step)
    context["screen"] = screens.trial_screen(trial, participant)
    if step.kind == Kind.FEEDBACK:
        context["feedback"] = screens.feedback(trial)
    else:
        services.trial_present(trial=trial)
    return render(request, "trials/trial.html", context)


def base_context(participant: Participant) -> dict[str, Any]:
    """Return what every page of a session knows."""
    return {
        "study": participant.study,
        "plan": participant.study.plan,
        "participant": participant,
        "view": participant.condition.view,
    }


def progress(participant: Participant, step: Step) -> dict[str, Any]:
    """Return how far the session is, by trials and in the whole."""
    plan = participant.study.plan
    sizes = {"training": plan.n_training, "validation": plan.n_validation, "test": plan.n_test}
    n_steps = len(participant.script) - 1
    return {"percent_done": 100 * participant.step // n_steps, "n_in_phase": sizes.get(step.name)}


@require_safe
def crop(request: HttpRequest, token: str) -> HttpResponseBase:
    """Send a photo's crop. Its name is random and its bytes never change: keep it for good."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{20}", token):
        raise Http404("No such image.")
    try:
        file = crop_path(token).open("rb")
    except FileNotFoundError as error:
        raise Http404("No such image.") from error
    response = FileResponse(file, content_type="image/jpeg")
    response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    # FileResponse names the file; the name is the token, but no name at all says even less.
    del response.headers["Content-Disposition"]
    return response
