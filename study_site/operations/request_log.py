"""A log line for each request, without anything that names a person or opens their session.

The line has the view's name instead of the address, since an address may carry a token, and the
person's pseudonym as the export and the monitor show it. It has neither the network address nor the
browser. ``LOG_REQUESTS=true`` switches the lines on, ``LOG_FORMAT=json`` writes every line as JSON.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from trials.participant.identity import PERSON

logger = logging.getLogger("study_site.request")
Next = Callable[[HttpRequest], HttpResponseBase]


def view_of(request: HttpRequest) -> str:
    """Return the name of a request's view; empty if no address of the site matches."""
    match = request.resolver_match
    return (match.view_name or "unnamed") if match is not None else ""


def facts_of(request: HttpRequest, status: int, seconds: float) -> dict[str, Any]:
    """Return what the log says about a request."""
    match = request.resolver_match
    facts = {
        "view": view_of(request),
        "method": request.method,
        "status": status,
        "ms": round(1000 * seconds, 1),
        "study": match.kwargs.get("slug", "") if match is not None else "",
        "person": request.META.get(PERSON, ""),
        # Only if the view has read the user anyway: the log asks the database nothing.
        "staff": getattr(getattr(request, "_cached_user", None), "pk", None),
    }
    return {name: fact for name, fact in facts.items() if fact not in ("", None)}


def request_log(get_response: Next) -> Next:
    """Log each request after its answer."""
    if not settings.LOG_REQUESTS:
        raise MiddlewareNotUsed

    def middleware(request: HttpRequest) -> HttpResponseBase:
        begun = time.perf_counter()
        response = get_response(request)
        facts = facts_of(request, response.status_code, time.perf_counter() - begun)
        words = " ".join(f"{name}={fact}" for name, fact in facts.items())
        logger.info("%s", words, extra=facts)
        return response

    return middleware
