"""The predictions of outside AIs: the upload, its progress, and the refused rows."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from classifiers.models import Dataset, PredictionImport, PredictionRun
from classifiers.services.prediction_imports import ImportRefused
from classifiers.services.prediction_uploads import predictions_upload
from trials.roles import researcher_only
from trials.studio.datasets import MAX_REFUSED, job_state
from trials.studio.forms import OutsideForm


@require_http_methods(["GET", "HEAD", "POST"])
@researcher_only
def home(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the imported predictions of a dataset and the last upload; take another upload."""
    dataset = get_object_or_404(Dataset, slug=slug)
    form = OutsideForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        assert request.user.is_authenticated  # noqa: S101 - for the types
        try:
            job = predictions_upload(
                dataset=dataset, name=data["name"], files=data, user=request.user
            )
        except ImportRefused as error:
            form.add_error("name", str(error))
        else:
            # Another address than that of the form: the page's script follows it then.
            return redirect(f"{reverse('studio-predictions', args=[slug])}?upload={job.pk}")
    last = PredictionImport.objects.filter(dataset=dataset).select_related("dataset").first()
    runs = PredictionRun.objects.for_any_study().filter(dataset=dataset, gallery=None)
    context = {
        "dataset": dataset,
        "form": form,
        "last": last,
        "job": job_state(last) if last else None,
        "refused": last.refused[:MAX_REFUSED] if last else [],
        "runs": [(run, run.predictions.right().count()) for run in runs.order_by("name")],
    }
    return render(request, "studio/authoring/predictions.html", context)
