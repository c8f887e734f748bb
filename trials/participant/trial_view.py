"""The content of a trial's page: a prediction as plain values for a template.

Only ``Feedback`` contains the truth, and it is built only after the answer. Explanations stay
numbers: the page draws them as SVG over the two crops.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from classifiers.models import Category, Prediction
from trials.models import Condition, Occasion, Participant, Response, Study, Trial
from trials.panels.base import Content, panels_of
from trials.panels.photos import Frame, frame_of, image_url
from trials.participant.languages import article, current, either, name_shown, spoken
from trials.services import shown
from trials.study.design import Step
from trials.study.kept import Kept
from trials.study.plan import StudyPlan

SURE, UNSURE = 75, 50  # percent: the AI says "sure" from 75 on, "unsure" below 50


@dataclass(frozen=True, slots=True)
class ShownPanel:
    """One panel of a trial's page: its template and what it shows.

    With a ``key``, the panel of every page with the same key is the same.
    """

    template: str
    content: Content
    shows_query: bool = False
    key: tuple[object, ...] | None = None


@dataclass(frozen=True, slots=True)
class TrialScreen:
    """Everything that a trial's page shows. ``percent`` is None if the study hides it.

    ``frame`` is the place of the AI's square in a photo that is shown as a whole.
    """

    query_url: str
    label: str
    article: str
    percent: int | None
    persona: str
    panels: tuple[ShownPanel, ...]
    has_statement: bool
    frame: Frame | None = None

    @property
    def query_panel(self) -> ShownPanel | None:
        """The panel that shows the photo itself, if one does."""
        return next((panel for panel in self.panels if panel.shows_query), None)

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses of its photos."""
        return (self.query_url, *(url for panel in self.panels for url in panel.content.urls))


@dataclass(frozen=True, slots=True)
class Kind:
    """A category as the instructions and the definition present it, with gallery photos."""

    label: str
    article: str
    definition: str
    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Feedback:
    """What training shows after the answer: the truth, and the evidence for it.

    Of ``n_voters`` nearest photos, ``n_votes`` were of the AI's category and ``n_true`` of the true
    one; None if there was no vote, or if it was not shown. ``true_urls`` are photos of the true
    kind, where the AI or the person was wrong. ``own_answer`` is what the person answered and
    ``right_answer`` the right one of Yes and No, if the study says them.
    """

    is_correct: bool
    is_ai_correct: bool
    true_label: str
    true_article: str
    true_definition: str
    is_sure: bool
    is_unsure: bool
    is_missed: bool = False
    is_choice: bool = False
    n_votes: int | None = None
    n_voters: int | None = None
    n_true: int | None = None
    true_urls: tuple[str, ...] = ()
    own_answer: str = ""
    right_answer: str = ""


def percent(prediction: Prediction) -> int | None:
    """Return the confidence in whole percent, truncated as in the reference study.

    None for an imported AI that states none.
    """
    if prediction.n_votes is not None and prediction.n_voters:
        return 100 * prediction.n_votes // prediction.n_voters
    return None if prediction.confidence is None else int(100 * prediction.confidence)


_SCREENS: Kept[TrialScreen] = Kept(5000)


def trial_screen(trial: Trial, participant: Participant) -> TrialScreen:
    """Return the page of a trial in the view of its condition.

    Of a frozen study it is built once in a process and language, if no panel depends on the
    person.
    """
    study = participant.study
    panels = panels_of(trial.condition.view)
    if not study.is_frozen or not all(panel.is_constant for panel in panels):
        return _screen(trial, participant, None)
    key = (study.frozen_sha256, study.pk, trial.condition_id, trial.prediction_id, current())
    return _SCREENS.get(key, lambda: _screen(trial, participant, key))


def _screen(trial: Trial, participant: Participant, key: tuple[object, ...] | None) -> TrialScreen:
    plan = spoken(participant.study.plan.of(trial.condition.name))
    view = trial.condition.view
    prediction = trial.prediction
    label = plan.say(prediction.category.label)
    is_told = view.has_statement and plan.trial.has_confidence
    return TrialScreen(
        query_url=image_url(prediction.image, plan),
        label=label,
        article=article(label),
        percent=percent(prediction) if is_told else None,
        persona=name_shown(trial.condition.persona),
        panels=tuple(
            ShownPanel(panel.template, content, panel.shows_query, key and (*key, panel.name))
            for panel in panels_of(view)
            if (content := panel.content_of(trial, plan)) is not None
        ),
        has_statement=view.has_statement,
        frame=frame_of(prediction.image, plan),
    )


def first_screen(trial: Trial, plan: StudyPlan, *, names_class: bool) -> TrialScreen:
    """Build the page before the AI's advice: the photo, and the class that a question names."""
    label = plan.say(trial.prediction.category.label) if names_class else ""
    return TrialScreen(
        query_url=image_url(trial.prediction.image, plan),
        label=label,
        article=article(label),
        percent=None,
        persona=name_shown(trial.condition.persona),
        panels=(),
        has_statement=False,
    )


def seen_in(study: Study, condition: Condition) -> dict[str, Any]:
    """Return what a page's template knows of a condition: its plan, the AI's name, view, panels."""
    view, plan = condition.view, spoken(study.plan.of(condition.name))
    return {
        "plan": plan,
        "persona": name_shown(condition.persona),
        "view": view,
        "panels": panels_of(view),
    }


def kinds(study: Study) -> tuple[Kind, ...]:
    """Present the categories of the standard instructions with gallery photos."""
    plan = spoken(study.plan)
    n = shown.samples_of(plan).instructions
    return tuple(kind(item, n, plan) for item in shown.categories_presented(study))


_KINDS: Kept[tuple[Kind, ...]] = Kept(200)


def kinds_at_hand(study: Study, plan: StudyPlan) -> tuple[Kind, ...]:
    """Present the categories of the drawer on a trial's page; empty if the study has none.

    They are the same on every trial, so that they tell nothing of the photo to judge.
    """
    n = shown.samples_of(plan).kinds
    if not n:
        return ()

    def presented() -> tuple[Kind, ...]:
        return tuple(kind(item, n, plan) for item in shown.categories_presented(study))

    key = (study.frozen_sha256, study.pk, current())
    return _KINDS.get(key, presented) if study.is_frozen else presented()


def defined(plan: StudyPlan, category: Category) -> Kind:
    """Present the category of a definition's screen, by the plan of the trial's condition."""
    return kind(category, shown.samples_of(plan).definition, plan)


def kind(category: Category, n_samples: int, plan: StudyPlan) -> Kind:
    """Present one category with its first gallery photos."""
    label, definition = plan.say(category.label), plan.say(category.definition)
    urls = tuple(image_url(image, plan) for image in shown.sample_photos(category, n_samples))
    return Kind(label, article(label), definition, urls)


def attention_photo(study: Study, step: Step) -> str:
    """Return the address of the gallery photo on an attention check."""
    category = shown.category_on_check(study, step.position)
    n = shown.samples_of(study.plan).attention
    return next(iter(kind(category, n, study.plan).urls), "")


def feedback(trial: Trial, participant: Participant) -> Feedback:
    """Build the feedback on an answered trial; asking before the answer is an error."""
    prediction, answer = trial.prediction, trial.responses.get(occasion=Occasion.FINAL)
    is_ai_correct = prediction.is_right
    # Of several accepted labels, people read the AI's own one if it is among them.
    truths = [prediction.category] if is_ai_correct else prediction.image.right_categories
    view = trial.condition.view
    plan = spoken(participant.study.plan.of(trial.condition.name))
    labels = [plan.say(truth.label) for truth in truths] or [_("something else")]
    is_told = view.has_statement and plan.trial.has_confidence
    told_percent = percent(prediction) if is_told else None
    is_correct = answer.is_right_on(prediction)
    n_photos = 0 if is_ai_correct and is_correct else shown.samples_of(plan).feedback
    told = Feedback(
        is_correct=is_correct,
        is_missed=answer.is_missed,
        is_choice=participant.study.plan.task.is_choice,
        is_ai_correct=is_ai_correct,
        true_label=either(labels),
        true_article=article(labels[0]) if truths else "",
        true_definition=plan.say(truths[0].definition) if len(truths) == 1 else "",
        is_sure=told_percent is not None and told_percent >= SURE,
        is_unsure=told_percent is not None and told_percent < UNSURE,
        true_urls=kind(truths[0], n_photos, plan).urls if truths and n_photos else (),
    )
    if plan.trial.has_own_answer:
        right = plan.wording.yes if is_ai_correct else plan.wording.no
        told = replace(
            told,
            own_answer=answer_said(plan, answer),
            right_answer="" if plan.task.is_choice else right,
        )
    tells_votes = any(panel.tells_votes for panel in panels_of(view))
    if not (tells_votes and is_told and prediction.n_voters):
        return told
    return replace(
        told,
        n_votes=prediction.n_votes,
        n_voters=prediction.n_voters,
        n_true=prediction.neighbors.filter(image__category__in=truths).count(),
    )


def answer_said(plan: StudyPlan, answer: Response) -> str:
    """Return an answer in the words of its page, empty if it was missed."""
    if answer.is_missed:
        return ""
    if answer.choice is not None:
        return plan.say(answer.choice.label)
    return plan.wording.yes if answer.is_accepted else plan.wording.no


def unique(urls: Iterable[str], shown: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the distinct addresses in order, without those that are already on the page."""
    return tuple(dict.fromkeys(url for url in urls if url and url not in set(shown)))
