"""What a participant is shown of a trial: a prediction turned into plain values for a template.

Nothing here but ``Feedback`` knows the truth, and feedback is built after the answer only.
Explanations stay numbers: the page draws them as SVG over the two crops.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from classifiers.core.boxes import Box, boxes
from classifiers.models import Image, Neighbor, Prediction
from trials.models import Participant, Study, Trial


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A gallery photo as evidence, with its boxes and those on the query."""

    number: int
    url: str
    query_boxes: tuple[Box, ...]
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class TrialScreen:
    """Everything that a trial's page shows."""

    query_url: str
    label: str
    article: str
    percent: int
    persona: str
    exemplars: tuple[Exemplar, ...]
    has_boxes: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """A category as the instructions present it, with sample photos from the gallery."""

    label: str
    definition: str
    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Feedback:
    """What training tells after the answer."""

    is_correct: bool
    is_ai_correct: bool
    true_label: str
    true_article: str


def image_url(image: Image) -> str:
    """Return the address of the crop: a random name, the same for everyone."""
    return reverse("crop", args=[image.token])


def article(noun: str) -> str:
    """Return "a" or "an", by the first letter."""
    return "an" if noun[:1].lower() in "aeiou" else "a"


def percent(prediction: Prediction) -> int:
    """Return the confidence in whole percent, truncated as in the reference study."""
    if prediction.n_votes is not None and prediction.n_voters:
        return 100 * prediction.n_votes // prediction.n_voters
    return int(100 * prediction.confidence)


def _exemplar(number: int, neighbor: Neighbor, has_boxes: bool) -> Exemplar:
    matches: list[dict[str, Any]] = neighbor.matches if has_boxes else []
    return Exemplar(
        number=number,
        url=image_url(neighbor.image),
        query_boxes=boxes([match["query_cell"] for match in matches]),
        boxes=boxes([match["gallery_cell"] for match in matches]),
    )


def trial_screen(trial: Trial, participant: Participant) -> TrialScreen:
    """Build the page of a trial in the view of the participant's condition."""
    plan = participant.study.plan
    view = participant.condition.view
    prediction = trial.prediction
    label = prediction.category.label
    shown: tuple[Exemplar, ...] = ()
    if view.has_exemplars:
        voters = prediction.neighbors.filter(image__category_id=prediction.category_id)
        nearest = voters.select_related("image").order_by("rank")[: plan.n_exemplars]
        shown = tuple(
            _exemplar(number, neighbor, view.has_boxes)
            for number, neighbor in enumerate(nearest, start=1)
        )
    return TrialScreen(
        query_url=image_url(prediction.image),
        label=label,
        article=article(label),
        percent=percent(prediction),
        persona=plan.persona,
        exemplars=shown,
        has_boxes=view.has_boxes,
    )


def kinds(study: Study, n_samples: int = 2) -> tuple[Kind, ...]:
    """Present every category with its first gallery photos; no query is ever among them."""
    presented = []
    for category in study.dataset.categories.all():
        samples = category.images.filter(split=Image.GALLERY).order_by("sha256")[:n_samples]
        urls = tuple(image_url(image) for image in samples)
        presented.append(Kind(category.label, category.definition, urls))
    return tuple(presented)


def feedback(trial: Trial) -> Feedback:
    """Build the feedback on an answered trial; asking before the answer is an error."""
    truth = trial.prediction.image.category
    is_ai_correct = trial.prediction.is_right
    return Feedback(
        is_correct=trial.response.is_accepted == is_ai_correct,
        is_ai_correct=is_ai_correct,
        true_label=truth.label,
        true_article=article(truth.label),
    )
