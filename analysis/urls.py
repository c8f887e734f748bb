"""URLs of a study's people, monitor, results and files, and redirects from the old URLs."""

from collections.abc import Callable

from django.http.response import HttpResponseBase
from django.urls import include, path
from django.views.generic import RedirectView

from analysis.results.metrics_page import metrics


def moved(view: str) -> Callable[..., HttpResponseBase]:
    """Return a view that permanently redirects an old URL to ``view``, with its query."""
    return RedirectView.as_view(pattern_name=view, permanent=True, query_string=True)


study = [
    path("", include("analysis.monitor.urls")),
    path("", include("analysis.results.urls")),
    path("", include("analysis.export.urls")),
]

old = [
    path("staff/", moved("studio")),
    path("staff/<slug:slug>/", moved("studio-results")),
    path("staff/<slug:slug>/<slug:name>.csv", moved("studio-table")),
    path("staff/<slug:slug>/figure/<slug:name>.<slug:kind>", moved("studio-figure")),
    path("staff/<slug:slug>/lift-blind/", moved("studio-lift-blind")),
    path("staff/<slug:slug>/exports/", moved("studio-exports")),
    path("staff/<slug:slug>/exports/<int:pk>.zip", moved("studio-export-file")),
    path("studio/study/<slug:slug>/running/", moved("studio-monitor")),
]

urlpatterns = [
    path("studio/formulas/", metrics, name="studio-metrics"),
    path("studio/study/<slug:slug>/", include(study)),
    *old,
]
