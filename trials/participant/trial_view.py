"""What a participant is shown of a trial: a prediction turned into plain values for a template.

Nothing here but ``Feedback`` knows the truth, and feedback is built after the answer only.
Explanations stay numbers: the page draws them as SVG over the two crops.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.urls import reverse

from classifiers.core.boxes import Box, boxes
from classifiers.models import Category, Image, Neighbor, Prediction
from trials.models import Participant, Study, Trial
from trials.study.design import Step

# Above this many categories the instructions present none: nobody learns a thousand by heart.
MAX_KINDS = 12
SURE, UNSURE = 75, 50  # percent: from here on the AI calls itself sure; below here, unsure


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A gallery photo as evidence, with its boxes and those on the query."""

    number: int
    url: str
    query_boxes: tuple[Box, ...]
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class TrialScreen:
    """Everything that a trial's page shows. ``percent`` is None where it is hidden."""

    query_url: str
    label: str
    article: str
    percent: int | None
    persona: str
    exemplars: tuple[Exemplar, ...]
    has_statement: bool
    has_boxes: bool

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses of its photos."""
        return (self.query_url, *(each.url for each in self.exemplars))


@dataclass(frozen=True, slots=True)
class Kind:
    """A category as the instructions and the definition present it, with gallery photos."""

    label: str
    article: str
    definition: str
    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Feedback:
    """What training tells after the answer: the truth, and what could have told it.

    ``n_votes`` and ``n_true`` of ``n_voters`` nearest photos were of the AI's and of the true
    category; None where there was no vote, or nothing of it was shown.
    """

    is_correct: bool
    is_ai_correct: bool
    true_label: str
    true_article: str
    true_definition: str
    is_sure: bool
    is_unsure: bool
    n_votes: int | None = None
    n_voters: int | None = None
    n_true: int | None = None


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
        nearest = voters.select_related("image").order_by("rank")[: plan.trial.n_exemplars]
        shown = tuple(
            _exemplar(number, neighbor, view.has_boxes)
            for number, neighbor in enumerate(nearest, start=1)
        )
    is_told = view.has_statement and plan.trial.has_confidence
    return TrialScreen(
        query_url=image_url(prediction.image),
        label=label,
        article=article(label),
        percent=percent(prediction) if is_told else None,
        persona=participant.condition.persona,
        exemplars=shown,
        has_statement=view.has_statement,
        has_boxes=view.has_boxes,
    )


def kinds(study: Study, n_samples: int = 2) -> tuple[Kind, ...]:
    """Present every category with its first gallery photos; no query is ever among them.

    Of a dataset with more than ``MAX_KINDS`` categories, none.
    """
    categories = list(study.dataset.categories.all()[: MAX_KINDS + 1])
    if len(categories) > MAX_KINDS:
        return ()
    return tuple(kind(each, n_samples) for each in categories)


def kind(category: Category, n_samples: int) -> Kind:
    """Present one category with its first gallery photos."""
    samples = category.images.filter(split=Image.GALLERY).order_by("sha256")[:n_samples]
    urls = tuple(image_url(image) for image in samples)
    return Kind(category.label, article(category.label), category.definition, urls)


def attention_photo(study: Study, step: Step) -> str:
    """Return the address of the gallery photo that stands on an attention check."""
    categories = list(study.dataset.categories.all()[: MAX_KINDS + 1])
    return next(iter(kind(categories[step.position % len(categories)], 1).urls), "")


def feedback(trial: Trial, participant: Participant) -> Feedback:
    """Build the feedback on an answered trial; asking before the answer is an error."""
    prediction = trial.prediction
    truth, is_ai_correct = prediction.image.category, prediction.is_right
    view = participant.condition.view
    is_told = view.has_statement and participant.study.plan.trial.has_confidence
    told = Feedback(
        is_correct=trial.response.is_accepted == is_ai_correct,
        is_ai_correct=is_ai_correct,
        true_label=truth.label,
        true_article=article(truth.label),
        true_definition=truth.definition,
        is_sure=is_told and percent(prediction) >= SURE,
        is_unsure=is_told and percent(prediction) < UNSURE,
    )
    if not (view.has_exemplars and is_told and prediction.n_voters):
        return told
    return replace(
        told,
        n_votes=prediction.n_votes,
        n_voters=prediction.n_voters,
        n_true=prediction.neighbors.filter(image__category=truth).count(),
    )


def unique(urls: Iterable[str], shown: Iterable[str] = ()) -> tuple[str, ...]:
    """Return addresses once each, in order, without those that are on the page already."""
    return tuple(dict.fromkeys(url for url in urls if url and url not in set(shown)))
