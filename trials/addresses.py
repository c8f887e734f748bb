"""Where a request came from."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """Return where a request came from, as the outermost of ``TRUSTED_PROXIES`` saw it.

    Entries further to the left in X-Forwarded-For come from the visitor and are not trusted.
    """
    n, said = settings.TRUSTED_PROXIES, request.headers.get("X-Forwarded-For", "")
    hops = [part.strip() for part in said.split(",") if part.strip()]
    return hops[-n] if n and len(hops) >= n else request.META.get("REMOTE_ADDR", "")
