"""A dataset's photos by category and split, and the words that people read about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from classifiers.models import Category, Dataset, Image
from classifiers.services.category_words import LONGEST_LABEL, categories_describe
from classifiers.services.dataset_locks import holds_of
from classifiers.services.folders import DatasetRefused, Naming
from trials.panels.photos import image_url
from trials.participant.forms import storable
from trials.roles import researcher_only

N_A_PAGE = 12  # categories
N_PHOTOS = 6  # of each category and split


@dataclass(frozen=True, slots=True)
class Strip:
    """Some photos of one category in one split: how many there are, and addresses of the first."""

    split: str
    n: int
    urls: list[str]


def photo_strips(categories: Sequence[Category]) -> dict[int, list[Strip]]:
    """Return the strips of each category, in two queries; the photos are the first by SHA-256."""
    of_page = Image.objects.filter(category__in=categories)
    counts = of_page.values_list("category", "split").annotate(n=Count("pk")).order_by("split")
    place = Window(
        RowNumber(), partition_by=[F("category"), F("split")], order_by=F("sha256").asc()
    )
    urls: dict[tuple[int, str], list[str]] = defaultdict(list)
    for image in of_page.annotate(place=place).filter(place__lte=N_PHOTOS).order_by("place"):
        urls[image.category_id, image.split].append(image_url(image))
    strips: dict[int, list[Strip]] = defaultdict(list)
    for pk, split, n in counts:
        strips[pk].append(Strip(split, n, urls[pk, split]))
    return strips


def _words(posted: QueryDict) -> dict[int, Naming]:
    """Return the labels and definitions of the form, by the categories' keys."""
    keys = [name.removeprefix("label-") for name in posted if name.startswith("label-")]

    def of(field: str, key: str) -> str:
        return storable(posted.get(f"{field}-{key}") or "").strip()

    return {
        int(key): Naming(of("label", key), of("definition", key))
        for key in keys
        if key.isdecimal() and len(key) < 19
    }


@require_http_methods(["GET", "HEAD", "POST"])
@researcher_only
def photos(request: HttpRequest, slug: str) -> HttpResponse:
    """Show photos of each category; change the words of categories while no frozen study is."""
    dataset = get_object_or_404(Dataset, slug=slug)
    page = Paginator(dataset.categories.order_by("index"), N_A_PAGE).get_page(
        request.GET.get("page")
    )
    if request.method == "POST":
        words = _words(request.POST)
        try:
            n = categories_describe(dataset=dataset, words=words)
        except DatasetRefused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"Saved the words of {n} categories.")
        return redirect(f"{reverse('studio-dataset-photos', args=[slug])}?page={page.number}")
    categories = list(page.object_list)
    strips = photo_strips(categories)
    context = {
        "dataset": dataset,
        "slug": slug,
        "page": page,
        "rows": [(item, strips.get(item.pk, [])) for item in categories],
        "holders": [item.holder for item in holds_of(dataset)],
        "longest_label": LONGEST_LABEL,
    }
    return render(request, "studio/authoring/dataset_photos.html", context)
