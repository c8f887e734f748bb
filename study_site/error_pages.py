"""Error pages: they say what was seen, and what to do.

A participant's page has the language of the requested page. A page of the staff is in English, and
leads back to the studies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from trials.participant.framing import token_lost
from trials.participant.languages import speaking_of_error

OF_STAFF: Final = ("/studio/", "/explain/", "/login/", "/logout/", "/admin/", "/docs/")
STAFF_WORDS: Final = {
    400: (
        "The request cannot be used",
        "The site cannot read what your browser sent, so nothing was stored. "
        "Go back, reload the page, and send it again.",
    ),
    403: (
        "You may not do this",
        "Your account does not have the right to do this. An administrator can change that.",
    ),
    404: (
        "This page does not exist",
        "Nothing is at this address: it may be mistyped, or what it named may have been removed.",
    ),
    405: (
        "This page cannot be opened by its address",
        "The address only takes what a button sends, so nothing happened. "
        "Go to the page with the button, and press it again.",
    ),
    413: (
        "That is too large",
        "Your browser sent {n_bytes} bytes; at most {most} are taken here. Nothing was "
        "stored. Go back, and send a smaller text or file.",
    ),
    500: (
        "Something went wrong on our side",
        "What you saved before is stored; what you sent just now may not be. Go back, reload the "
        "page, and look. If this page comes again, tell your administrator the address and the "
        "time: the site's log has the reason.",
    ),
    503: (
        "One moment, please",
        "The database does not answer; it may be restarting. What you saved is stored. "
        "This page loads again by itself in {retry_s} seconds.",
    ),
}
UNSTORED: Final = (
    "The database does not answer, so what you sent just now is not stored. What you saved before "
    "is. Please wait a few seconds, then reload this page to send it again."
)
TOKEN_WORDS: Final = (
    "Please load the page again",
    "The page was open for too long, or you signed in or out in another tab, or cookies are "
    "blocked. What you sent was not stored. Go back, reload the page, and send it again.",
)
# Several errors are one to a participant: nothing that they do differs.
_TEMPLATES: Final = {403: "400.html", 405: "400.html", 413: "400.html"}


def error_page(request: HttpRequest, status: int, **context: object) -> HttpResponse:
    """Return the error page for a participant or the staff.

    ``context`` has ``n_bytes`` and ``most`` for 413, ``retry_s`` and ``is_sent`` for 503.
    """
    if request.path.startswith(OF_STAFF):
        heading, said = STAFF_WORDS[status]
        said = UNSTORED if context.get("is_sent") else said.format(**context)
        return _staff_page(request, status, heading, said, **context)
    with speaking_of_error(request):
        return render(request, _TEMPLATES.get(status, f"{status}.html"), context, status=status)


def _staff_page(
    request: HttpRequest, status: int, heading: str, said: str, **context: object
) -> HttpResponse:
    context |= {"heading": heading, "said": said}
    return render(request, "studio/error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page 400."""
    return error_page(request, 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page 403."""
    return error_page(request, 403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page 404."""
    return error_page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Return the page 500."""
    return error_page(request, 500)


def token_missing(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return the page of a form whose token is lost or blocked."""
    if request.path.startswith(OF_STAFF):
        return _staff_page(request, 403, *TOKEN_WORDS)
    return token_lost(request, reason)


def method_not_allowed(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Fill the page 405, which Django leaves empty: a GET of an address that takes posts only."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code == 405 and request.method == "GET" and not response.content:
            response.content = error_page(request, 405).content
        return response

    return middleware
