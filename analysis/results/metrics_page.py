"""The page of formulas: docs/metrics.md as a part of the site, so that links work offline."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from analysis.results.markdown_html import markdown_html
from trials.roles import staff_only


@cache
def metrics_html() -> SafeString:
    """Return the HTML of docs/metrics.md."""
    text = (settings.DOCS_DIR / "metrics.md").read_text(encoding="utf-8")
    return mark_safe(markdown_html(text))  # noqa: S308 - our own file, and the renderer escapes


@require_safe
@staff_only
def metrics(request: HttpRequest) -> HttpResponse:
    """Show the formula, the assumptions and the limits of every number."""
    return render(request, "studio/results/metrics.html", {"text": metrics_html()})
