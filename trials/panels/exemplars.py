"""The nearest examples: gallery photos of the AI's class that voted for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import Any, ClassVar

from django.db.models import F, QuerySet

from classifiers.core.boxes import Box, boxes, boxes_in_whole
from classifiers.models import Image, Neighbor, Prediction
from trials.panels.base import Content, Panel, panel, panels_of
from trials.panels.photos import frame_of, image_url
from trials.study.plan import StudyPlan, View


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A gallery photo as evidence, with its boxes and those on the query."""

    number: int
    url: str
    query_boxes: tuple[Box, ...]
    boxes: tuple[Box, ...]


@panel
class ExemplarsPanel(Panel):
    """The photos alone."""

    name = "exemplars"
    label = "Nearest examples"
    description = "also its nearest examples"
    rank = 20
    template = "trials/panels/exemplars.html"
    needs: ClassVar[tuple[tuple[str, str], ...]] = (("votes", "examples"),)
    needs_crop = False
    tells_votes = True
    is_bare = True

    def content(self, prediction: Prediction, plan: StudyPlan) -> Content | None:
        voters = prediction.neighbors.filter(image__category_id=prediction.category_id)
        nearest = voters.select_related("image").order_by("rank")[: plan.trial.n_exemplars]
        shown = tuple(
            as_shown(self.exemplar(number, each), plan, prediction.image, each.image)
            for number, each in enumerate(nearest, start=1)
        )
        return Content(shown, tuple(each.url for each in shown)) if shown else None

    def first_example(self, content: Content) -> Exemplar | None:
        examples: tuple[Exemplar, ...] = content.data
        return examples[0]

    def facts(
        self, predictions: QuerySet[Prediction], plan: StudyPlan
    ) -> Iterator[tuple[int, Any]]:
        rows = voters_of(predictions).order_by("prediction_id", "rank")
        found = rows.values_list("prediction_id", "image__sha256", "matches").iterator()
        for pk, group in groupby(found, key=lambda row: row[0]):
            shown = islice(group, plan.trial.n_exemplars)
            yield pk, [[sha256, self.marks(matches)] for _, sha256, matches in shown]

    def photos(self, predictions: QuerySet[Prediction], plan: StudyPlan) -> set[int]:
        rows = voters_of(predictions).order_by("prediction_id", "rank")
        found = rows.values_list("prediction_id", "image").iterator()
        return {
            image
            for _, group in groupby(found, key=lambda row: row[0])
            for _, image in islice(group, plan.trial.n_exemplars)
        }

    def exemplar(self, number: int, neighbor: Neighbor) -> Exemplar:
        """Return one example as the page shows it."""
        return Exemplar(number, image_url(neighbor.image), (), ())

    def marks(self, matches: list[dict[str, Any]]) -> list[list[int]]:
        """Return which matched cells are shown: pairs of a query's and a gallery's cell."""
        return []


def as_shown(exemplar: Exemplar, plan: StudyPlan, query: Image, photo: Image) -> Exemplar:
    """Return an example as a study shows its photos: whole ones have their boxes moved."""
    on_query, on_photo = frame_of(query, plan), frame_of(photo, plan)
    if on_query is None or on_photo is None:
        return exemplar
    return replace(
        exemplar,
        url=image_url(photo, plan),
        query_boxes=boxes_in_whole(exemplar.query_boxes, on_query.share),
        boxes=boxes_in_whole(exemplar.boxes, on_photo.share),
    )


def voters_of(predictions: QuerySet[Prediction]) -> QuerySet[Neighbor]:
    """Return the neighbours that people see: photos of the AI's class."""
    return Neighbor.objects.filter(
        prediction__in=predictions, image__category=F("prediction__category")
    )


def boxes_of(matches: list[dict[str, Any]], cell: str) -> tuple[Box, ...]:
    """Return numbered boxes at one side of the matches: ``query_cell`` or ``gallery_cell``."""
    return boxes([match[cell] for match in matches])


def examples_of(view: View) -> ExemplarsPanel | None:
    """Return the panel of a view that shows examples; None if none of its panels does."""
    found = (item for item in panels_of(view) if isinstance(item, ExemplarsPanel))
    return next(found, None)
