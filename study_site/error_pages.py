"""Pages for what does not exist and for errors, in the language of the page that was asked for."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from trials.participant.languages import speaking_of_error


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page 404."""
    with speaking_of_error(request):
        return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Return the page 500."""
    with speaking_of_error(request):
        return defaults.server_error(request)
