"""Limit of a request's body, checked before anything reads the body."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from study_site.error_pages import error_page
from trials.roles import is_researcher

Next = Callable[[HttpRequest], HttpResponse]
# The views that take files, from researchers who are signed in.
UPLOADS = {"studio-photos", "studio-new", "studio-predictions", "studio-lists", "explain"}
# More than any form of the site sends; below what Django keeps in memory, so nothing is written.
MAX_BODY = 1_000_000


def body_cap(get_response: Next) -> Next:
    """Refuse a large body, except for the views that take files from a researcher.

    It comes after the middleware that identifies the user, and before all that reads the body.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        length = _length(request)
        if length <= MAX_BODY or _takes_files(request):
            return get_response(request)
        return error_page(request, 413, n_bytes=length, most=MAX_BODY)

    return middleware


def _length(request: HttpRequest) -> int:
    said = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 20 else 0


def _takes_files(request: HttpRequest) -> bool:
    try:
        name = resolve(request.path_info).url_name
    except Resolver404:
        return False
    return name in UPLOADS and is_researcher(request.user)
