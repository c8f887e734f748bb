"""Where each page of the staff leads in the documentation."""

from __future__ import annotations

from django import template
from django.urls import reverse

register = template.Library()

TUTORIAL = "run-a-study.html"
BROWSER = "run-a-study.html#in-the-browser"
WATCHING = "run-a-study.html#while-the-study-runs"
# The address's name, and the page and section that describe what it shows.
PLACES = {
    "studio": TUTORIAL,
    "studio-new": BROWSER,
    "studio-study": BROWSER,
    "studio-act": BROWSER,
    "studio-preview": BROWSER,
    "studio-edit": "study-document.html",
    "studio-datasets": "running.html#the-folder-of-photos",
    "studio-photos": "running.html#the-folder-of-photos",
    "studio-dataset": "running.html#features-and-predictions",
    "studio-dataset-photos": "running.html#features-and-predictions",
    "studio-dataset-ai": "running.html#features-and-predictions",
    "studio-predictions": "import-predictions.html",
    "studio-monitor": WATCHING,
    "studio-people": WATCHING,
    "studio-person": WATCHING,
    "studio-results": "metrics.html",
    "studio-metrics": "metrics.html",
    "studio-lift-blind": "running.html#the-numbers",
    "studio-exports": "export.html",
    "explain": "classifiers.html#what-each-of-them-computes",
    "explain-one": "classifiers.html#the-picture",
}


@register.simple_tag(takes_context=True)
def manual_address(context: template.Context) -> str:
    """Return the address of the page that describes the current one; the tutorial for any other."""
    match = getattr(context.get("request"), "resolver_match", None)
    place, _, section = PLACES.get(getattr(match, "url_name", ""), TUTORIAL).partition("#")
    address = reverse("docs", kwargs={"path": place})
    return f"{address}#{section}" if section else address
