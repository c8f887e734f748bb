"""A readable page while the database is unavailable, for example while it restarts.

The response is 503 with ``Retry-After``. A page that was requested by GET retries by itself; the
script of a session's page stores an answer and retries.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from study_site.error_pages import error_page

logger = logging.getLogger(__name__)
RETRY_S: Final = 5
# A table or a column that is missing is an error of the installation, and stays one.
_OF_THE_SCHEMA: Final = ("no such table", "no such column", "has no column")


def is_away(error: BaseException | None) -> bool:
    """Return whether an error means that the database is unavailable."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    return not any(words in str(error) for words in _OF_THE_SCHEMA)


class DatabaseAway:
    """Answers with the page for 503 if a view fails because the database does not answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self._logged_at = -60.0

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the page; None for any other error."""
        if not is_away(error):
            return None
        if time.monotonic() - self._logged_at > RETRY_S:  # one line for all requests of a time
            self._logged_at = time.monotonic()
            logger.warning("The database is away: %s", str(error).strip())
        is_sent = request.method not in {"GET", "HEAD"}
        response = error_page(request, 503, retry_s=RETRY_S, is_sent=is_sent)
        response.headers["Retry-After"] = str(RETRY_S)
        response.headers["Cache-Control"] = "no-store"
        response._has_been_logged = True  # type: ignore[attr-defined]  # no error of the site
        return response
