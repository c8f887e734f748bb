"""Being shown inside another site's page: Mechanical Turk puts a task into a frame of its own."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.csrf import csrf_failure

from trials.models import Study

# The names of the addresses that people of a study open.
PAGES = {"consent", "next-person", "session", "stop", "events"}
# The cookie of a study's person: this, and the study's key.
PERSON_COOKIE = "person_"
# In the WSGI environment, where nothing that travels over HTTP can write.
FRAMED = "trials.framed"
# worker.mturk.com and workersandbox.mturk.com frame the task; www.mturk.com takes the result and
# leads back to them.
FRAMES = "https://*.mturk.com"


def frame(request: HttpRequest, study: Study) -> None:
    """Mark a page of a study that recruits on Mechanical Turk; the site's middleware reads it."""
    if study.plan.recruitment.channel == "mturk":
        request.META[FRAMED] = "yes"


def token_lost(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say what to do when a page's token is lost, in the frame too: a refused frame says nothing.

    No view has run by then that could have marked the page.
    """
    match = request.resolver_match
    if match is not None and match.url_name in PAGES:
        study = Study.objects.filter(slug=match.kwargs["slug"]).first()
        if study is not None:
            frame(request, study)
    return csrf_failure(request, reason)
