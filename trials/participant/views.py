"""The participant's pages. The server stores the position: one address shows the current step.

A typed address, a reload, a double click or a post from an old page gets a redirect to that
address. If a required answer is missing or wrong, the page is shown again with what to do (422).
"""

from __future__ import annotations

import logging
import math
import re
from pathlib import Path

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from classifiers.models import Image
from classifiers.services.crops import is_on_disk
from classifiers.services.panel_files import panel_path
from classifiers.services.photos import PhotoMissing
from classifiers.services.whole_photos import SIZES, whole_file
from classifiers.tokens import crop_path, whole_path
from trials import services
from trials.models import Participant, Study
from trials.participant.forms import EventsForm, StepForm
from trials.participant.identity import own_page_only
from trials.participant.languages import spoken
from trials.steps import pages
from trials.steps.base import screen_of
from trials.steps.page import own_words
from trials.study.schema import schema

logger = logging.getLogger(__name__)
A_YEAR = 365 * 24 * 3600
TOKEN = re.compile(r"[A-Za-z0-9_-]{20}")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@own_page_only
def session(request: HttpRequest, study: Study, participant: Participant | None) -> HttpResponse:
    """Show the current step, or submit it; ``?page=`` shows an earlier page of text."""
    if participant is None:
        is_lost = request.method == "POST"
        return lost(request, study) if is_lost else redirect("consent", study.slug)
    if request.method == "POST":
        return submit(request, participant)
    if "page" in request.GET:
        return again(request, participant)
    participant = services.step_show(participant=participant)
    if not participant.is_active:
        return ended(request, participant)
    page = pages.page_of(participant)
    return render(request, page.template, page.context)


def submit(request: HttpRequest, participant: Participant) -> HttpResponse:
    """Submit the current step (idempotent); say what is missing if it is not complete."""
    form = StepForm(request.POST)
    if form.is_valid():
        submission = form.submission(request.POST)
        participant = services.participant_advance(participant=participant, submission=submission)
        if participant.is_active and participant.step == submission.step:
            return refused(request, participant, submission)
    return redirect("session", participant.study.slug)


def refused(
    request: HttpRequest, participant: Participant, submission: services.Submission
) -> HttpResponse:
    """Show the same page again with the typed text and the errors beside it."""
    page = pages.page_of(participant)
    step = participant.script[participant.step]
    screen, seconds = screen_of(step), services.seconds_left(participant, step, timezone.now())
    if seconds:
        n = math.ceil(seconds)
        problem = ngettext(
            "Please take %(n)s more second for this page.",
            "Please take %(n)s more seconds for this page.",
            n,
        ) % {"n": n}
    else:
        problem = screen.problem(participant, step, submission)
        page.context.update(
            screen.typed_again(participant.plan_at(participant.step), step, submission)
        )
    return render(request, page.template, page.context | {"problem": problem}, status=422)


def again(request: HttpRequest, participant: Participant) -> HttpResponse:
    """Show an earlier page of text; any other value redirects to the current step."""
    typed = request.GET["page"]
    services.participant_seen(participant=participant)
    try:
        page = pages.page_of(participant, int(typed[:6]))
    except (ValueError, IndexError):
        return redirect("session", participant.study.slug)
    return render(request, page.template, page.context)


def ended(request: HttpRequest, participant: Participant) -> HttpResponse:
    """Show the last page of a session, by how it ended."""
    if participant.status == Participant.Status.COMPLETED:
        page = pages.page_of(participant)
        return render(request, page.template, page.context)
    context = pages.base(participant, participant.step)
    context |= own_words(participant, participant.status)
    return render(request, f"trials/{participant.status}.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@own_page_only
def stop(request: HttpRequest, study: Study, participant: Participant | None) -> HttpResponse:
    """Ask whether to stop for good and whether to keep the answers; only a post stops."""
    answers = request.POST.get("answers")
    if participant is None or not participant.is_active:
        return redirect("session", study.slug)
    if answers not in {"keep", "delete"}:
        context = pages.base(participant, participant.step)
        return render(request, "trials/stop.html", context, status=400 if request.POST else 200)
    services.participant_stop(participant=participant, keeps_answers=answers == "keep")
    return redirect("session", study.slug)


def lost(request: HttpRequest, study: Study) -> HttpResponse:
    """Tell a person whose cookie is lost what to do."""
    context = {"study": study, "plan": spoken(study.plan)}
    return render(request, "trials/lost.html", context, status=403)


@require_POST
@own_page_only
def events(request: HttpRequest, study: Study, participant: Participant | None) -> HttpResponse:
    """Store events that a page sends while it is open or left. The page ignores the response."""
    form = EventsForm(request.POST)
    if participant is not None and form.is_valid():
        services.events_add(
            participant=participant,
            step=form.cleaned_data["step"],
            events=form.client_events(),
        )
    return HttpResponse(status=204)


@require_safe
def panel_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """Send a panel's picture or drawn map: the bytes under one name never change."""
    try:
        file = panel_path(name).open("rb")
    except (ValueError, FileNotFoundError) as error:
        raise Http404("No such picture.") from error
    kind = "image/png" if name.endswith(".png") else "image/jpeg"
    return _for_ever(FileResponse(file, content_type=kind))


@require_safe
def crop(request: HttpRequest, token: str) -> HttpResponseBase:
    """Send a photo's crop. It is cached without limit: name random, bytes constant."""
    if not TOKEN.fullmatch(token):
        raise Http404("No such image.")
    return _photo(crop_path(token))


@require_safe
def whole_photo(request: HttpRequest, size: str, token: str) -> HttpResponseBase:
    """Send a whole photo, of a page's size or large; it is made when it is first asked for."""
    if size not in SIZES or not TOKEN.fullmatch(token):
        raise Http404("No such image.")
    path = whole_path(token, size)
    if not is_on_disk(path):
        image = get_object_or_404(Image.objects.select_related("dataset"), token=token)
        try:
            whole_file(image, size)
        except PhotoMissing as error:
            logger.error("%s", error)
            raise Http404("No such image.") from error
    return _photo(path)


def _photo(path: Path) -> HttpResponseBase:
    if settings.CROPS_BY_PROXY:
        return _by_proxy(path)
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise Http404("No such image.") from error
    return _for_ever(FileResponse(file, content_type="image/jpeg"))


def _by_proxy(path: Path) -> HttpResponse:
    """Let the web server send a crop (nginx: ``X-Accel-Redirect``), or 404 if there is none."""
    response = HttpResponse(content_type="image/jpeg")
    name = path.relative_to(settings.CROP_DIR).as_posix()
    response.headers["X-Accel-Redirect"] = f"{settings.CROPS_BY_PROXY.rstrip('/')}/{name}"
    response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    return response


def _for_ever(response: FileResponse) -> FileResponse:
    """Let browsers keep a file without limit, and do not tell its name."""
    response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    # FileResponse adds the file's name. The name is the token, but no name reveals even less.
    del response.headers["Content-Disposition"]
    return response


@require_safe
def study_schema(request: HttpRequest) -> HttpResponse:
    """Publish the schema that every study document is checked against."""
    return JsonResponse(schema(), json_dumps_params={"indent": 2})
