"""Addresses for machines: ``/healthz``, ``/readyz`` and ``/metrics``.

They are answered before anything else, whatever host name the request carries: a load balancer asks
by a number, and without TLS.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from study_site.operations import metrics

OK: Final = "ok"
Next = Callable[[HttpRequest], HttpResponseBase]


def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process answers. It asks nothing else, so a restart would help if it fails."""
    return HttpResponse(OK, content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether requests can be served: 503 without the database or the data folder.

    Without the cache the site works, only slower; the answer names it, and stays 200.
    """
    needed = {"database": _database(), "data": _data_folder()}
    is_ready = all(state == OK for state in needed.values())
    return JsonResponse(needed | {"cache": _cache()}, status=200 if is_ready else 503)


def metrics_page(request: HttpRequest) -> HttpResponse:
    """Send the metrics to a client that knows ``METRICS_TOKEN``; without the setting to nobody."""
    said = request.headers.get("Authorization", "")
    if not settings.METRICS_TOKEN:
        return HttpResponse("METRICS_TOKEN is not set.", status=404, content_type="text/plain")
    if not secrets.compare_digest(said.encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
        return HttpResponse("Expected the bearer token.", status=403, content_type="text/plain")
    return HttpResponse(metrics.exposition(), content_type=metrics.CONTENT_TYPE)


PROBES: Final = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics_page}


def probes(get_response: Next) -> Next:
    """Answer the addresses for machines."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        probe = PROBES.get(request.path_info)
        if probe is None or request.method not in {"GET", "HEAD"}:
            return get_response(request)
        response = probe(request)
        response.headers["Cache-Control"] = "no-store"
        return response

    return middleware


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:  # noqa: BLE001 - a driver's or a library's own: whatever it is, it is away
        return "away"
    return OK


def _data_folder() -> str:
    return OK if os.access(settings.DATA_DIR, os.W_OK) else "not writable"


def _cache() -> str:
    try:
        cache.set("readyz", OK, 60)
        return OK if cache.get("readyz") == OK else "away"
    except Exception:  # noqa: BLE001 - each backend has errors of its own
        return "away"
