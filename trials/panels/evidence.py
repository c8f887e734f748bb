"""All panels of a prediction, of every kind: those that were stored with it, or its neighbours.

One renderer serves imported and built-in explanations: both are the values of
``classifiers.core.evidence``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from classifiers.core.boxes import boxes_of_parts, part_of
from classifiers.core.evidence.panels import (
    Bars,
    ExemplarImage,
    Exemplars,
    Heatmap,
    Match,
    Picture,
    Text,
    panel_json,
    panel_of,
)
from classifiers.core.evidence.panels import Panel as PanelValue
from classifiers.models import Evidence, Image, Neighbor, Prediction
from classifiers.services.panel_files import files_of, photos_of
from trials.panels.base import Content, Panel, panel
from trials.panels.exemplars import Exemplar, as_shown, voters_of
from trials.panels.photos import image_url
from trials.participant.languages import decimal, grouped, percent
from trials.study.plan import StudyPlan

Choice = Sequence[tuple[str, int]]
"""Kinds of panels in the order shown, each with how many; 0 is all."""


@dataclass(frozen=True, slots=True)
class BarShown:
    """One named number: its text, and the place of its bar, in percent of the width."""

    name: str
    text: str
    left: float
    width: float
    is_negative: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """One panel as its template needs it: of ``kind``, with the parts that this kind has."""

    kind: str
    number: int
    caption: str = ""
    url: str = ""
    alt: str = ""
    text: str = ""
    bars: tuple[BarShown, ...] = ()
    exemplars: tuple[Exemplar, ...] = ()
    captions: tuple[str, ...] = ()

    @property
    def has_boxes(self) -> bool:
        """Whether some example has matched parts."""
        return any(each.boxes for each in self.exemplars)

    @property
    def examples(self) -> list[tuple[Exemplar, str]]:
        """The examples, each with its caption."""
        return list(zip(self.exemplars, self.captions, strict=True))

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses of its pictures."""
        return (*((self.url,) if self.url else ()), *(each.url for each in self.exemplars))


@panel
class EvidencePanel(Panel):
    """The panels of a prediction, in their order."""

    name = "panels"
    label = "All explanations of the AI"
    description = (
        "also all panels of the predictions: heat maps, pictures, examples, bars and texts that "
        "were imported, or what the classifier itself gives"
    )
    rank = 50
    template = "trials/panels/panels.html"
    needs = ()
    needs_crop = True
    tells_votes = False

    def content(self, prediction: Prediction, plan: StudyPlan) -> Content | None:
        return content_chosen(prediction, plan, plan.panels)

    def facts(
        self, predictions: QuerySet[Prediction], plan: StudyPlan
    ) -> Iterator[tuple[int, Any]]:
        """Yield the panels as JSON: photos and files are named by their SHA-256."""
        yield from panels_stored(predictions, plan.trial.n_exemplars).items()

    def photos(self, predictions: QuerySet[Prediction], plan: StudyPlan) -> set[int]:
        found = panels_stored(predictions, plan.trial.n_exemplars)
        named = {photo for panels in found.values() for photo in photos_of(panels)}
        datasets = predictions.values("run__dataset")
        keys = Image.objects.filter(dataset__in=datasets).values_list("sha256", "pk")
        return {pk for sha256, pk in keys.iterator() if sha256 in named}

    def files(self, predictions: QuerySet[Prediction], plan: StudyPlan) -> set[str]:
        stored = Evidence.objects.filter(prediction__in=predictions)
        found = stored.values_list("panels", flat=True).iterator()
        return {name for panels in found for name in files_of(panels)}


def panels_stored(
    predictions: QuerySet[Prediction], n_exemplars: int
) -> dict[int, list[dict[str, Any]]]:
    """Return each prediction's panels as JSON, by its key.

    They are those that were stored with it. Where none were, its nearest examples are one panel, at
    most ``n_exemplars`` of them.
    """
    rows = Evidence.objects.filter(prediction__in=predictions)
    stored = dict(rows.values_list("prediction_id", "panels").iterator())
    near: dict[int, list[ExemplarImage]] = {}
    others = voters_of(predictions.exclude(evidence__isnull=False))
    ranked = others.order_by("prediction_id", "rank").select_related("image")
    for neighbor in ranked.iterator():
        mine = near.setdefault(neighbor.prediction_id, [])
        if len(mine) < n_exemplars:
            mine.append(exemplar_of(neighbor))
    built = {pk: [panel_json(Exemplars(tuple(mine)))] for pk, mine in near.items()}
    return stored | built


def exemplar_of(neighbor: Neighbor) -> ExemplarImage:
    """Return a neighbour as an example: its matched cells are parts of the crop."""
    matches = tuple(
        Match(part_of(match["query_cell"]), part_of(match["gallery_cell"]))
        for match in neighbor.matches
    )
    return ExemplarImage(neighbor.image.sha256, "", matches)


def panels_chosen(panels: Sequence[PanelValue], choice: Choice = ()) -> list[PanelValue]:
    """Return the chosen kinds in the chosen order; without a choice all panels as they are.

    The number of a choice limits the photos of ``exemplars`` and the items of ``bars``, and of the
    other kinds how many panels are shown.
    """
    if not choice:
        return list(panels)
    return [each for kind, n in choice for each in _first([p for p in panels if p.kind == kind], n)]


def _first(panels: list[PanelValue], n: int) -> list[PanelValue]:
    if not n:
        return panels
    found: list[PanelValue] = []
    for each in panels:
        if isinstance(each, Exemplars):
            found.append(Exemplars(each.images[:n], each.caption))
        elif isinstance(each, Bars):
            found.append(Bars(each.items[:n], each.caption))
        elif len(found) < n:
            found.append(each)
    return found


def content_chosen(prediction: Prediction, plan: StudyPlan, choice: Choice = ()) -> Content | None:
    """Return what the page shows of a prediction's panels; None if there is none to show."""
    only = Prediction.objects.filter(pk=prediction.pk)
    stored = panels_stored(only, plan.trial.n_exemplars).get(prediction.pk, [])
    panels = panels_chosen([panel_of(each) for each in stored], choice)
    named = {photo for each in panels for photo in photos_of([panel_json(each)])}
    photos = Image.objects.filter(dataset=prediction.run.dataset_id, sha256__in=named)
    found = Photos(plan, prediction.image, {image.sha256: image for image in photos})
    shown = tuple(shown_of(each, number, found) for number, each in enumerate(panels, 1))
    return Content(shown, tuple(url for each in shown for url in each.urls)) if shown else None


@dataclass(frozen=True, slots=True)
class Photos:
    """The judged photo and the examples by SHA-256, with the plan that says how they are shown."""

    plan: StudyPlan
    query: Image
    examples: Mapping[str, Image]


def shown_of(value: PanelValue, number: int, photos: Photos) -> Shown:
    """Return a panel as its template needs it."""
    if isinstance(value, Text):
        return Shown(value.kind, number, text=value.text)
    if isinstance(value, Bars):
        return Shown(value.kind, number, value.caption, bars=bars_shown(value.items))
    if isinstance(value, Exemplars):
        examples = tuple(
            _example(place, each, photos) for place, each in enumerate(value.images, 1)
        )
        captions = tuple(each.caption for each in value.images)
        return Shown(value.kind, number, value.caption, exemplars=examples, captions=captions)
    url = reverse("panel-file", args=[value.file])
    alt = value.alt if isinstance(value, Picture) else _heat_alt(value)
    return Shown(value.kind, number, value.caption, url=url, alt=alt)


def _example(place: int, value: ExemplarImage, photos: Photos) -> Exemplar:
    photo = photos.examples.get(value.image)
    found = Exemplar(
        place,
        image_url(photo) if photo else "",
        boxes_of_parts([match.query for match in value.matches]),
        boxes_of_parts([match.exemplar for match in value.matches]),
    )
    return as_shown(found, photos.plan, photos.query, photo) if photo else found


def _heat_alt(heatmap: Heatmap) -> str:
    said = _("Heat map over the photo: bright parts counted most, dark parts least")
    return f"{said}. {heatmap.caption}" if heatmap.caption else said


def bars_shown(items: Sequence[tuple[str, float]]) -> tuple[BarShown, ...]:
    """Return bars on one scale: shares of 1 as per cents, else from the least to the largest."""
    values = [value for _, value in items]
    is_share = min(values) >= 0 and max(values) <= 1
    low = min(0.0, *values)
    high = 1.0 if is_share else max(0.0, *values)
    length = high - low or 1.0
    return tuple(
        BarShown(
            name,
            percent(round(100 * value)) if is_share else _number(value),
            round(100 * (min(value, 0) - low) / length, 2),
            round(100 * abs(value) / length, 2),
            value < 0,
        )
        for name, value in items
    )


def _number(value: float) -> str:
    return grouped(round(value)) if abs(value) >= 1000 else decimal(f"{value:.3g}")
