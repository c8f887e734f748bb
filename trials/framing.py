"""Being shown inside another site's page: Mechanical Turk puts a task into a frame of its own."""

from __future__ import annotations

from django.http import HttpRequest

from trials.models import Study

# In the WSGI environment, where nothing that travels over HTTP can write.
FRAMED = "trials.framed"
# worker.mturk.com and workersandbox.mturk.com frame the task; www.mturk.com takes the result and
# leads back to them.
FRAMES = "https://*.mturk.com"


def frame(request: HttpRequest, study: Study) -> None:
    """Mark a page of a study that recruits on Mechanical Turk; the site's middleware reads it."""
    if study.plan.recruitment.channel == "mturk":
        request.META[FRAMED] = "yes"
