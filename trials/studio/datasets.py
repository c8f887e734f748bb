"""Datasets: their contents and jobs, and the requests for new jobs."""

from __future__ import annotations

import math
from collections.abc import Iterable

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from classifiers.core.catalogue import CLASSIFIERS
from classifiers.core.gallery.arrays import RoomMissing
from classifiers.models import (
    Dataset,
    DatasetImport,
    Gallery,
    Image,
    Job,
    PredictionImport,
    PredictionRun,
    Truth,
)
from classifiers.services.archives import ArchiveRefused
from classifiers.services.cancelling import job_cancel
from classifiers.services.category_counts import remarks_of
from classifiers.services.folders import DatasetRefused
from classifiers.services.job_queue import is_broker_away
from classifiers.services.jobs import is_any_worker_alive, is_silent
from classifiers.services.queueing import RequestRefused, gallery_request, runs_request
from classifiers.services.room import gallery_room, runs_room
from classifiers.services.uploads import folder_request, import_again, upload_request
from trials.participant.forms import storable
from trials.roles import is_administrator, refused, researcher_only
from trials.studio.dataset_photos import photo_strips
from trials.studio.forms import GalleryForm, PhotosForm, PredictForm
from trials.studio.photos_needed import photos_needed

MAX_REFUSED = 500
N_THUMBS = 12
AnyJob = DatasetImport | Gallery | PredictionImport | PredictionRun


@require_safe
@researcher_only
def home(request: HttpRequest) -> HttpResponse:
    """List the datasets with their state."""
    datasets = Dataset.objects.order_by("slug").prefetch_related("galleries", "runs")
    counts = _counts()
    rows = [(dataset, counts.get(dataset.pk, {})) for dataset in datasets]
    imports = DatasetImport.objects.exclude(status=Job.Status.DONE)
    newest = max((dataset for dataset, _ in rows), key=lambda dataset: dataset.pk, default=None)
    context = {
        "rows": rows,
        "imports": [job_state(item) for item in imports],
        "newest": newest.slug if newest else "",
    }
    return render(request, "studio/authoring/datasets.html", context)


def _counts() -> dict[int, dict[str, int]]:
    """Return the number of photos of each dataset by split."""
    found: dict[int, dict[str, int]] = {}
    rows = Image.objects.values_list("dataset", "split").annotate(n=Count("pk")).order_by("split")
    for pk, split, n in rows:
        found.setdefault(pk, {})[split] = n
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@researcher_only
def new(request: HttpRequest) -> HttpResponse:
    """Import photos."""
    is_admin = is_administrator(request.user)
    form = PhotosForm(request.POST or None, request.FILES or None, is_administrator=is_admin)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        assert request.user.is_authenticated  # noqa: S101 - for the types
        try:
            if data["file"]:
                upload_request(
                    slug=data["slug"],
                    file=data["file"],
                    draw=form.draw,
                    user=request.user,
                    is_own=not is_admin,
                    encoding=data["encoding"],
                    grey_white=data["grey_white"],
                )
            else:
                folder_request(
                    slug=data["slug"],
                    root=data["root"],
                    draw=form.draw,
                    user=request.user,
                    grey_white=data["grey_white"],
                )
        except (ArchiveRefused, DatasetRefused) as error:
            form.add_error("file" if data["file"] else "root", str(error))
        else:
            return redirect("studio-dataset", data["slug"])
    needed = photos_needed(form.fields["query_share"].initial)
    return render(request, "studio/authoring/photos.html", {"form": form, "needed": needed})


def _may_retry(request: HttpRequest, job: DatasetImport) -> bool:
    is_own = job.user_id is not None and job.user_id == request.user.pk
    return is_own or is_administrator(request.user)


@require_POST
@researcher_only
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Try an import again: one's own, or any as an administrator."""
    job = get_object_or_404(DatasetImport, pk=pk)
    if not _may_retry(request, job):
        return refused(request, "the person who started this import, and for administrators")
    import_again(job=job)
    return redirect("studio-dataset", job.slug)


@require_safe
@researcher_only
def one(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a dataset: its photos, what was refused, its galleries and predictions."""
    dataset = Dataset.objects.filter(slug=slug).first()
    last = DatasetImport.objects.filter(slug=slug).first()
    if dataset is None and last is None:
        return render(request, "studio/authoring/no_dataset.html", {"slug": slug}, status=404)
    galleries = Gallery.objects.filter(dataset=dataset).order_by("pk") if dataset else []
    listed = last.refused if last else []
    empty = [path.rstrip("/") for path, _ in listed if path.endswith("/")]
    files = [row for row in listed if not row[0].endswith("/")]
    context = {
        "slug": slug,
        "dataset": dataset,
        "last": last,
        "last_job": job_state(last) if last else None,
        "empty": empty,
        "refused": files[:MAX_REFUSED],
        "n_refused": max(last.n_refused, len(listed)) - len(empty) if last else 0,
        "remarks": last.remarks[:MAX_REFUSED] if last else [],
        "n_labelled": _labelled(dataset),
        "splits": _counts().get(dataset.pk, {}) if dataset else {},
        "categories": dataset.categories.annotate(n=Count("images")) if dataset else [],
        "thumbs": _thumbs(dataset),
        "category_remarks": remarks_of(dataset) if dataset else [],
        "galleries": [(item, job_state(item), _runs(item), PredictForm()) for item in galleries],
        "form": GalleryForm(),
        "may_retry": last is not None and _may_retry(request, last),
    }
    return render(request, "studio/authoring/dataset.html", context)


def _thumbs(dataset: Dataset | None) -> list[tuple[str, str]]:
    """Return addresses of some photos with the label of each, of as many categories as possible."""
    categories = list(dataset.categories.order_by("index")[:N_THUMBS]) if dataset else []
    strips = photo_strips(categories)
    n_each = N_THUMBS // max(1, len(categories))
    return [
        (url, each.label)
        for each in categories
        for url in [url for strip in strips[each.pk] for url in strip.urls][:n_each]
    ]


def _labelled(dataset: Dataset | None) -> dict[str, int]:
    """Return how many photos have accepted labels of their own, and how many have none at all."""
    own = Image.objects.filter(dataset=dataset).exclude(truth=Truth.FOLDER).order_by()
    return dict(own.values_list("truth").annotate(n=Count("pk")))


def _runs(gallery: Gallery) -> list[tuple[PredictionRun, dict[str, object], int, int]]:
    """Return a gallery's runs with their state, and on how many of how many the AI is right."""
    runs = gallery.runs.order_by("pk")
    return [(run, job_state(run), *run.predictions.counts()) for run in runs]


def job_state(job: AnyJob) -> dict[str, object]:
    """Return a job's state for the page and its script."""
    is_waiting = job.status == Job.Status.QUEUED or is_silent(job)
    return {
        "id": f"{job._meta.model_name}-{job.pk}",
        "name": str(job),
        "status": "waiting" if is_silent(job) else job.status,
        "n_done": job.n_done,
        "n_total": job.n_total,
        "phase": job.phase if job.status == Job.Status.RUNNING else "",
        "left": _left(job.seconds_left(timezone.now())),
        "percent": 100 * job.n_done // job.n_total if job.n_total else 0,
        "error": job.error,
        "is_open": not job.is_finished,
        "skipped": [said for _, said in getattr(job, "skipped", [])[:MAX_REFUSED]],
        "is_broker_away": is_waiting and is_broker_away(),
        "needs_worker": is_waiting and not is_any_worker_alive(),
    }


def _left(seconds: float | None) -> str:
    """Say how long a phase still takes; empty if unknown."""
    if seconds is None:
        return ""
    if seconds < 60:
        return "less than a minute left"
    minutes = math.ceil(seconds / 60)
    return f"about {minutes} min left" if minutes < 120 else f"about {minutes // 60} h left"


@require_safe
@researcher_only
def jobs(request: HttpRequest) -> HttpResponse:
    """Return the state of the jobs of one dataset, or of all imports, for the page's script."""
    slug = storable(request.GET.get("dataset", ""))
    found: list[Iterable[AnyJob]] = [DatasetImport.objects.filter(slug=slug)[:1]]
    if slug:
        found.append(PredictionImport.objects.filter(dataset__slug=slug)[:1])
        found.append(Gallery.objects.filter(dataset__slug=slug).select_related("dataset"))
        related = ("gallery__dataset",)
        runs = PredictionRun.objects.filter(gallery__dataset__slug=slug)
        found.append(runs.select_related(*related))
    else:
        found = [DatasetImport.objects.exclude(status=Job.Status.DONE)]
    return JsonResponse({"jobs": [job_state(item) for those in found for item in those]})


@require_POST
@researcher_only
def gallery(request: HttpRequest, slug: str) -> HttpResponse:
    """Request a gallery."""
    form = GalleryForm(request.POST)
    dataset = get_object_or_404(Dataset, slug=slug)
    if form.is_valid():
        try:
            with transaction.atomic():  # refused before a message is sent to a worker
                room = gallery_room(
                    gallery_request(dataset=dataset, backbone=form.cleaned_data["backbone"])
                )
                room.check()
            if room.disk:
                messages.info(request, str(room))
        except (RequestRefused, RoomMissing) as error:
            messages.error(request, str(error))
    return redirect(reverse("studio-dataset", args=[slug]) + "#galleries")


@require_POST
@researcher_only
def predict(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Request predictions with a gallery."""
    found = get_object_or_404(Gallery, pk=pk, dataset__slug=slug)
    form = PredictForm(request.POST)
    if form.is_valid():
        names, n = form.cleaned_data["classifiers"], form.cleaned_data["n_shortlist"]
        has_shortlist = any(CLASSIFIERS[name].has_shortlist for name in names)
        try:
            runs = runs_request(
                gallery=found,
                classifiers=names,
                parameters={"n_shortlist": n} if has_shortlist else {},
                has_maps=True,
                name=form.cleaned_data["name"].strip(),
            )
            if any(not run.is_finished for run in runs):
                messages.info(request, str(runs_room(runs)))
        except (RequestRefused, ValueError) as error:
            messages.error(request, str(error))
    else:
        messages.error(request, form.errors.as_text())
    return redirect(reverse("studio-dataset", args=[slug]) + "#galleries")


@require_POST
@researcher_only
def cancel(request: HttpRequest, slug: str, kind: str, pk: int) -> HttpResponse:
    """Cancel a gallery or predictions that wait or are under way."""
    found: Gallery | PredictionRun
    if kind == "gallery":
        found = get_object_or_404(Gallery, pk=pk, dataset__slug=slug)
    elif kind == "run":
        found = get_object_or_404(PredictionRun.objects.computed(), pk=pk, dataset__slug=slug)
    else:
        raise Http404
    if not job_cancel(found):
        messages.info(request, f"{found} had ended already: it is {found.status}.")
    return redirect(reverse("studio-dataset", args=[slug]) + "#galleries")
