"""The staff's pages. No number is computed here: ``bundle.results_read`` has them all."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.admin.views.decorators import staff_member_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from pandas import DataFrame

from analysis.bundle import Results, csv_bytes, results_read
from analysis.codebook import FILES
from analysis.frame import studies_overview
from trials.models import Study


def staff_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Send everyone else to the login."""
    return staff_member_required(view, login_url="staff-login")


@never_cache
@require_safe
@staff_only
def home(request: HttpRequest) -> HttpResponse:
    """List the studies."""
    return render(request, "staff/home.html", {"studies": studies_overview()})


@never_cache
@require_safe
@staff_only
def study(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a study's results, and where people enter it."""
    results = _results(request, slug)
    context = {
        "study": results.study,
        "results": results,
        "rows": _rows(results.accuracy),
        "files": [file.removesuffix(".csv") for file in results.tables],
        "participant_url": request.build_absolute_uri(reverse("consent", args=[slug])),
    }
    return render(request, "staff/study.html", context)


@never_cache
@require_safe
@staff_only
def download(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Send one table as a file. Its name says when simulated people are in it."""
    file = f"{name}.csv"
    if file not in FILES:
        raise Http404(f"No file {file}. Files: {', '.join(FILES)}.")
    results = _results(request, slug)
    suffix = "-with-simulated" if results.is_simulated_included else ""
    content = csv_bytes(file, results.tables[file])
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}-{name}{suffix}.csv"'
    return response


def _results(request: HttpRequest, slug: str) -> Results:
    study = get_object_or_404(Study, slug=slug)
    return results_read(study, include_simulated=request.GET.get("simulated") == "1")


def _rows(table: DataFrame) -> list[dict[str, object]]:
    """Return a table as a template reads it: dictionaries, with None for what is missing."""
    return table.astype(object).where(table.notna(), None).to_dict("records")  # type: ignore[return-value]
