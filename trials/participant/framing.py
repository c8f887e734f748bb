"""Pages inside another site's frame: Mechanical Turk shows a task in a frame."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.csrf import csrf_failure

from trials.models import Study
from trials.participant.languages import LANGUAGE, language_of, speaking_of_error

# The URL names of the participants' pages.
PAGES = {"consent", "next-person", "session", "stop", "events", "mask"}
# The cookie of a study's person: this, and the study's key.
PERSON_COOKIE = "person_"
# A key of the WSGI environment, which no HTTP request can set.
FRAMED = "trials.framed"
# worker.mturk.com and workersandbox.mturk.com frame the task; www.mturk.com receives the result and
# redirects to them.
FRAMES = "https://*.mturk.com"


def frame(request: HttpRequest, study: Study) -> None:
    """Mark a page of a study that recruits on Mechanical Turk; the site's middleware reads it."""
    if study.plan.recruitment.channel == "mturk":
        request.META[FRAMED] = "yes"


def token_lost(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say what to do when a page's token is lost; allow the frame, or the browser shows nothing.

    The view that would mark the page has not run at that point.
    """
    match = request.resolver_match
    if match is not None and match.url_name in PAGES:
        study = Study.objects.filter(slug=match.kwargs["slug"]).first()
        if study is not None:
            frame(request, study)
            request.META[LANGUAGE] = language_of(request, study, None)
    with speaking_of_error(request):
        return csrf_failure(request, reason)
