"""The staff's page of exports: request one, watch its progress, download it."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from analysis.blind import lift_of
from analysis.export.export_jobs import N_KEPT, export_request
from analysis.models import Export
from analysis.results.views import not_begun, refused
from classifiers.services.jobs import is_silent
from trials.models import Participant, Study
from trials.roles import staff_only

SECONDS_TO_REFRESH = 3
N_SHOWN = 10


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def exports(request: HttpRequest, slug: str) -> HttpResponse:
    """List a study's exports; a POST requests one. The page refreshes while one is being built.

    Only exports of a stage whose blind is lifted; pilot and main study are lifted separately.
    """
    study = get_object_or_404(Study, slug=slug)
    if not study.is_frozen:
        status = HTTPStatus.CONFLICT if request.method == "POST" else HTTPStatus.OK
        return not_begun(request, study, "files", status)
    stages = [item for item in Participant.Stage if lift_of(study, item) is not None]
    stage = request.POST.get("stage", Participant.Stage.LIVE)
    if not stages or (request.method == "POST" and stage not in stages):
        return refused(request, study, "The results bundle")
    if request.method == "POST":
        export_request(
            study=study,
            include_simulated=request.POST.get("simulated") == "1",
            stage=stage,
            include_texts=request.POST.get("texts") == "1",
        )
        return redirect("studio-exports", slug=slug)
    shown = list(Export.objects.filter(study=study, stage__in=stages)[:N_SHOWN])
    silent = {export.pk for export in shown if is_silent(export)}
    context = {"study": study, "exports": shown, "silent": silent, "n_kept": N_KEPT}
    context |= {"stages": stages}
    response = render(request, "studio/results/exports.html", context)
    if any(not export.is_finished for export in shown):
        response["Refresh"] = str(SECONDS_TO_REFRESH)
    return response


@require_safe
@staff_only
def export_download(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Stream an export's file."""
    export = get_object_or_404(Export, pk=pk, study__slug=slug)
    if lift_of(export.study, export.stage) is None:
        return refused(request, export.study, "The results bundle")
    if not export.file_name or not export.path.is_file():
        raise Http404(f"The file of {export} does not exist: {export.status}. Request a new one.")
    file = export.path.open("rb")
    response = FileResponse(file, as_attachment=True, filename=export.file_name)
    return cast(HttpResponse, response)  # both are responses; Django's types do not say so
