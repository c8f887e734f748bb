"""The charset of the site's forms, checked before the framework creates the request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.utils.http import parse_header_parameters

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
CHARSET = "utf-8"


def charset_known(application: Application) -> Application:
    """Refuse a request in another charset than that of the site's forms.

    Python's codecs include more than charsets (``zlib``, ``rot13``), and the framework uses them
    while it makes the request, before any middleware.
    """

    def guarded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if is_charset_known(environ.get("CONTENT_TYPE", "")):
            return application(environ, start_response)
        said = f"The request is in another charset than {CHARSET}, which is expected.".encode()
        kind = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(said)))]
        start_response("415 Unsupported Media Type", kind)
        return [said]

    return guarded


def is_charset_known(content_type: str) -> bool:
    """Return whether a Content-Type names no charset, or the charset of the site's forms."""
    try:
        _, said = parse_header_parameters(content_type)
    except ValueError:
        return False
    return said.get("charset", CHARSET).lower() == CHARSET
