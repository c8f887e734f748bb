"""The page that is shown while the worker computes the numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from analysis.summaries import NotComputed
from classifiers.services.jobs import is_any_worker_alive

View = Callable[..., HttpResponse]


def shows_computing(view: View) -> View:
    """Show that the numbers are being computed if there is no state yet (202)."""

    @wraps(view)
    def shown(request: HttpRequest, *args: object, **named: object) -> HttpResponse:
        try:
            return view(request, *args, **named)
        except NotComputed as missing:
            job = missing.job
            context = {"study": job.study, "job": job, "needs_worker": not is_any_worker_alive()}
            return render(request, "studio/results/computing.html", context, status=202)

    return shown
