"""Explain any photo: choose one, and see a classifier's decision, its figure and its parts.

For researchers; for everyone where ``EXPLAIN_PUBLIC`` says so. A visitor without a login brings a
photo and is not offered the datasets' own, which studies may ask about.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django import forms
from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from classifiers.core.boxes import boxes
from classifiers.core.chm.masks import mask_of_text
from classifiers.core.interactive import answer
from classifiers.models import Explanation, Gallery, Image, Job
from classifiers.services.explanations import (
    CROP,
    FIGURES,
    OFFERED,
    ExplanationRefused,
    explainers,
    explanation_pairs,
    explanation_request,
)
from trials.addresses import address_of
from trials.panels.photos import image_url
from trials.roles import is_researcher, researcher_only
from trials.services.limits import attempt_take, network_of

N_CELLS = 49
TYPES = {"crop.jpg": "image/jpeg", "figure.png": "image/png", "figure.svg": "image/svg+xml"}
TYPES |= {"figure.pdf": "application/pdf"}
AnyView = Callable[..., HttpResponseBase]


def allowed(view: AnyView) -> AnyView:
    """Admit researchers, and everyone where the site's owner says so."""
    closed = researcher_only(view)

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return (view if settings.EXPLAIN_PUBLIC else closed)(request, *args, **kwargs)

    return guarded


class ExplainForm(forms.Form):
    """Which photo, by which classifier and gallery."""

    gallery = forms.ModelChoiceField(
        Gallery.objects.filter(status=Job.Status.DONE).select_related("dataset").order_by("pk"),
        empty_label=None,
        label="Photos and backbone",
    )
    classifier = forms.ChoiceField(label="Classifier")
    file = forms.FileField(label="A photo of yours", required=False)
    source = forms.CharField(
        label="Or a photo of the dataset: its path below the dataset's folder",
        required=False,
        max_length=1000,
    )

    n_shortlist = forms.IntegerField(
        label="Photos compared",
        min_value=1,
        max_value=OFFERED["n_shortlist"],
        initial=50,
        required=False,
        help_text="The nearest photos, which are ranked again part by part.",
    )
    n_voters = forms.IntegerField(
        label="Voters",
        min_value=1,
        max_value=OFFERED["n_voters"],
        initial=20,
        required=False,
        help_text="The number of these photos that vote, from the best one on.",
    )
    n_patches = forms.IntegerField(
        label="Matched parts",
        min_value=1,
        max_value=OFFERED["n_patches"],
        initial=5,
        required=False,
        help_text="Pairs of parts that count for EMD-Corr and that are drawn for both.",
    )

    def __init__(self, *args: Any, has_datasets: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["classifier"].choices = list(explainers().items())  # type: ignore[attr-defined]
        if not has_datasets:
            del self.fields["source"]

    def request(self) -> Explanation:
        """Ask a worker. Raises ``ExplanationRefused``."""
        data = self.cleaned_data
        gallery, source = data["gallery"], data.get("source", "")
        image = Image.objects.filter(dataset=gallery.dataset, source=source).first()
        if source and image is None:
            raise ExplanationRefused(f"Dataset {gallery.dataset} has no photo {source}.")
        return explanation_request(
            gallery=gallery,
            classifier=data["classifier"],
            image=image,
            file=data["file"],
            parameters={name: data[name] for name in OFFERED if data[name] is not None},
        )

    @property
    def first_fields(self) -> list[forms.BoundField]:
        """The fields that every request needs."""
        return [self[name] for name in self.fields if name not in OFFERED]

    @property
    def parameter_fields(self) -> list[forms.BoundField]:
        """The fields of the classifier's parameters."""
        return [self[name] for name in OFFERED]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed
def home(request: HttpRequest) -> HttpResponse:
    """Show the form, or ask a worker to explain a photo."""
    is_staff = is_researcher(request.user)
    form = ExplainForm(request.POST or None, request.FILES or None, has_datasets=is_staff)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            if not is_staff and not _take(request):
                status = 429
                n = settings.EXPLAIN_PER_HOUR
                raise ExplanationRefused(f"At most {n} photos an hour are explained. Try later.")
            return redirect("explain-one", form.request().token)
        except ExplanationRefused as error:
            form.add_error(None, str(error))
    return render(request, "studio/explain.html", {"form": form}, status=status)


def _take(request: HttpRequest) -> bool:
    who = network_of(address_of(request))
    limit = settings.EXPLAIN_PER_HOUR
    return attempt_take(what="explain", who=who, limit=limit, within=timedelta(hours=1))


@never_cache
@require_safe
@allowed
def one(request: HttpRequest, token: str) -> HttpResponse:
    """Show an explanation: its progress, then the decision, the grid and the figure."""
    related = ("gallery__dataset", "image__category")
    found = get_object_or_404(Explanation.objects.select_related(*related), token=token)
    context: dict[str, Any] = {"explanation": found, "is_done": found.status == Job.Status.DONE}
    if found.status == Job.Status.DONE:
        context |= _answer(found, request.GET.getlist("cell"))
    context["is_waiting"] = not found.is_finished
    return render(request, "studio/explained.html", context)


def _answer(found: Explanation, chosen: list[str]) -> dict[str, Any]:
    """Return the decision, for the chosen cells where the classifier can rank again."""
    categories = {each.index: each.label for each in found.gallery.dataset.categories.all()}
    pairs = explanation_pairs(found)
    on = {int(cell) for cell in chosen if cell.isascii() and cell.isdecimal() and len(cell) < 3}
    mask = "".join("1" if cell in on else "0" for cell in range(N_CELLS))
    own, knn = found.answer["reranked"], found.answer["knn"]
    said = {"label": categories[own["label"]], "votes": own["n_votes"], "voters": own["n_voters"]}
    shown = [each for each in own["neighbors"] if each["label"] == own["label"]][:5]
    exemplars = [
        (each["image"], [(pair["query_cell"], pair["gallery_cell"]) for pair in each["matches"]])
        for each in shown
    ]
    if pairs is not None and "1" in mask:
        n_voters = int(found.all_parameters["n_voters"])
        again = answer(pairs, mask_of_text(mask), n_voters)
        said = {
            "label": categories[again.label], "votes": again.n_votes, "voters": again.n_voters
        }  # fmt: skip
        exemplars = [(each.image, list(each.cells)) for each in again.exemplars]
    images = Image.objects.in_bulk([image for image, _ in exemplars])
    return {
        "said": said,
        "knn": {"label": categories[knn["label"]], "votes": knn["n_votes"]},
        "cells": [digit == "1" for digit in mask] if pairs is not None else [],
        "n_on": mask.count("1"),
        "exemplars": [
            {
                "url": image_url(images[image]),
                "query_boxes": boxes([query for query, _ in cells]),
                "boxes": boxes([cell for _, cell in cells]),
            }
            for image, cells in exemplars
            if image in images
        ],
        "forms": FIGURES,
        "crop": CROP,
        "plan": {"trial": {"is_equal": False}},  # boxes as in the layout of the reference study
    }


@require_safe
@allowed
def file(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """Send the photo's crop or a figure."""
    found = get_object_or_404(Explanation, token=token)
    path = found.folder / name
    if name not in TYPES or not path.is_file():
        raise Http404("No such file.")
    response = FileResponse(path.open("rb"), content_type=TYPES[name])
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response
