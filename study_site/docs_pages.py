"""The documentation, served by the site itself: what ``make docs`` built, or the plain pages."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils._os import safe_join
from django.views.static import serve

from study_site.docs_text import docs_text
from study_site.middleware import POLICY

INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def page(request: HttpRequest, path: str = "index.html") -> HttpResponseBase:
    """Serve one file of the built site; without a built site, a page without its search.

    Raises ``Http404`` for a file that does not exist or is outside the folder.
    """
    if ".." in path.split("/"):
        raise Http404(f"{path}: outside the documentation")
    if (settings.DOCS_SITE_DIR / "index.html").is_file():
        response = serve(request, path, str(settings.DOCS_SITE_DIR))
        if path.endswith(".html") and isinstance(response, FileResponse):
            file = Path(safe_join(settings.DOCS_SITE_DIR, path))
            response.headers["Content-Security-Policy"] = _policy(file)
        return response
    if not path.endswith((".html", ".jpg", ".png")):
        raise Http404(f"{path}: no page of the documentation")
    if not path.endswith(".html"):
        return serve(request, path, str(settings.DOCS_DIR))
    file = Path(safe_join(settings.DOCS_DIR, re.sub(r"\.html$", ".md", path)))
    if not file.is_file():
        raise Http404(f"{path}: no page of the documentation")
    return render(request, "studio/docs.html", {"page": docs_text(file)})


def _policy(file: Path) -> str:
    """Return the site's policy plus the page's own inline scripts, by hash, and inline styles."""
    scripts = INLINE_SCRIPT.findall(file.read_text(encoding="utf-8"))
    hashes = (b64encode(sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = "".join(f" 'sha256-{each}'" for each in sorted(set(hashes)))
    return POLICY.replace("script-src 'self'", f"script-src 'self'{allowed}").replace(
        "style-src 'self'", "style-src 'self' 'unsafe-inline'"
    )
