"""A toy panel: one sentence about the AI's answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from classifiers.models import Prediction
from trials.panels.base import Content, Panel, panel
from trials.study.plan import StudyPlan


@panel
class HintPanel(Panel):
    """A sentence that names the AI's class."""

    name = "hint"
    label = "A hint"
    description = "also a sentence"
    rank = 200
    template = "trials/panels/hint.html"
    needs = ()
    needs_crop = False
    tells_votes = False

    def content(self, prediction: Prediction, plan: StudyPlan) -> Content | None:
        return Content(f"Look at the bark of the {prediction.category.label}.")

    def facts(
        self, predictions: QuerySet[Prediction], plan: StudyPlan
    ) -> Iterator[tuple[int, Any]]:
        for prediction in predictions.select_related("category").order_by("pk"):
            yield prediction.pk, f"Look at the bark of the {prediction.category.label}."

    def photos(self, predictions: QuerySet[Prediction], plan: StudyPlan) -> set[int]:
        return set()
