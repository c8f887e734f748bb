"""Which template shows a step, and with what."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone

from trials import services
from trials.models import AttentionCheck, Participant, Trial
from trials.participant import texts, trial_view
from trials.study.design import Kind, Phase, Step
from trials.study.plan import QuestionPlan, StudyPlan

Context = dict[str, Any]
TITLES = {"introduction": "Introduction", "instructions": "Instructions", "debrief": "Thank you!"}
STAGES = {Phase.TRAINING: "Training", Phase.VALIDATION: "Check", Phase.TEST: "Study"}


@dataclass(frozen=True, slots=True)
class Page:
    """A template's name and all that it needs."""

    template: str
    context: Context


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as its field shows it."""

    question: QuestionPlan
    value: str
    problem: str


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks at a step, and how what it shows is found.

    ``trial`` finds a step's trial; ``asks_yes`` an attention check's wanted answer.
    """

    participant: Participant
    trial: Callable[[Step], Trial]
    asks_yes: Callable[[Step], bool]

    @property
    def plan(self) -> StudyPlan:
        """The study's document."""
        return self.participant.study.plan


def page_of(participant: Participant, position: int | None = None) -> Page:
    """Return the page of a person's current step, or of an earlier page to read again.

    Raises ``IndexError`` if ``position`` is none that may be read again now.
    """
    looker = Looker(
        participant,
        lambda step: services.trial_of(participant, step),
        lambda step: (
            AttentionCheck.objects.get(participant=participant, position=step.position).asks_yes
        ),
    )
    here = participant.step if position is None else position
    step = participant.script[here]
    way = reverse("session", args=[participant.study.slug])
    context = base(participant, here) | {
        "action": way,
        "events_url": reverse("events", args=[participant.study.slug]),
    }
    again = readable_again(participant)
    if position is not None:
        place = again.index(position) if position in again else None
        if place is None:
            raise IndexError(f"Step {position} cannot be read again at step {participant.step}.")
        after = again[place + 1 :]
        context["next_url"] = f"{way}?page={after[0]}" if after else way
        again = again[:place]
    elif step.kind != Kind.PAGE or participant.step == len(participant.script) - 1:
        again = []
    else:
        context["wait"] = math.ceil(services.seconds_left(participant, step, timezone.now()))
    if again:
        is_next_to = again[-1] == here - 1
        context["back_url"] = f"{way}?page={again[-1] if is_next_to else again[0]}"
        context["back_label"] = "Back" if is_next_to else "Read the instructions again"
    return Page(*fill(looker, here, context))


def readable_again(participant: Participant) -> list[int]:
    """Return the pages of text before the current one, which must be a page itself.

    Reading again moves nothing: the session stays where it is.
    """
    steps = participant.script[: participant.step + 1]
    if not participant.is_active or steps[-1].kind != Kind.PAGE:
        return []
    pages = participant.study.plan.pages
    return [n for n, step in enumerate(steps[:-1]) if step.kind == Kind.PAGE and step.name in pages]


def base(participant: Participant, position: int) -> Context:
    """Return what every page of a session knows."""
    plan = participant.study.plan
    return {
        "study": participant.study,
        "plan": plan,
        "participant": participant,
        "persona": participant.condition.persona,
        "view": participant.condition.view,
        "step": participant.script[position],
        "step_number": position,
    } | progress(participant.script, plan, position)


def progress(script: tuple[Step, ...], plan: StudyPlan, position: int) -> Context:
    """Return how far the session is: by the photos of the stage, and in the whole."""
    found: Context = {"percent_done": 100 * position // (len(script) - 1)}
    step = script[position]
    if step.kind == Kind.ATTENTION:  # stands where the next photo will
        step = next(each for each in script[position:] if each.kind == Kind.TRIAL)
    sizes = {each.kind: each.n for each in (plan.training, plan.validation, plan.test) if each}
    if step.kind not in {Kind.PAGE, Kind.QUESTIONS}:
        n, name = sizes[step.name], Phase(step.name)
        found |= {"stage": STAGES[name], "n_in_stage": n, "number": step.position % n + 1}
    return found


def fill(looker: Looker, position: int, context: Context) -> tuple[str, Context]:
    """Return a step's template and its context."""
    step = looker.participant.script[position]
    template, more = FILLERS[step.kind](looker, step)
    context = context | more
    following = looker.participant.script[position + 1 : position + 2]
    if following and looker.participant.step == position:
        urls = _urls(looker, following[0])
        context["preload"] = " ".join(trial_view.unique(urls, _shown(context)))
    return f"trials/{template}.html", context


def _shown(context: Mapping[str, Any]) -> tuple[str, ...]:
    screen = context.get("screen")
    return screen.urls if screen else ()


def _urls(looker: Looker, step: Step) -> tuple[str, ...]:
    """Return the photos of a step, for the browser to fetch one step ahead."""
    match step.kind:
        case Kind.TRIAL | Kind.FEEDBACK:
            return trial_view.trial_screen(looker.trial(step), looker.participant).urls
        case Kind.DEFINITION:
            return _kind(looker, step).urls
        case Kind.ATTENTION:
            return (trial_view.attention_photo(looker.participant.study, step),)
        case Kind.PAGE if step.name == "instructions" and not _own_text(looker, step):
            shown = trial_view.kinds(looker.participant.study)
            return tuple(url for kind in shown for url in kind.urls)
    return ()


Filler = Callable[[Looker, Step], tuple[str, Context]]


def _own_text(looker: Looker, step: Step) -> str:
    page = looker.plan.pages.get(step.name)
    return page.text.strip() if page else ""


def _page(looker: Looker, step: Step) -> tuple[str, Context]:
    plan, persona = looker.plan, looker.participant.condition.persona
    page = plan.pages.get(step.name)
    if page is None:
        return _between(looker, step)
    values = texts.placeholders(plan, persona)
    context: Context = {
        "title": page.title or TITLES.get(step.name, step.name.replace("_", " ").capitalize()),
        "has_own_title": bool(page.title),
        "body": texts.render(page.text, values) if page.text.strip() else "",
    }
    if context["body"] and step.name != "debrief":
        return "text_page", context
    if step.name == "instructions":
        context["kinds"] = trial_view.kinds(looker.participant.study)
    return step.name, context


def _between(looker: Looker, step: Step) -> tuple[str, Context]:
    """Show a page that the way itself puts between two stages."""
    context: Context = {}
    if step.name in {"before_test", "retry_validation"} and looker.plan.validation:
        context = _score(looker.participant, step)
    return step.name, context | own_words(looker.participant, step.name, context)


def own_words(participant: Participant, name: str, values: Context | None = None) -> Context:
    """Return what the study's ``wording`` says in the place of a standard text, as HTML."""
    plan = participant.study.plan
    text = getattr(plan.wording, name, "")
    known = texts.placeholders(plan, participant.condition.persona) | (values or {})
    return {"own_words": texts.render(text, known) if text.strip() else ""}


def _score(participant: Participant, step: Step) -> Context:
    validation = participant.study.plan.validation
    assert validation is not None  # noqa: S101 - asked for after a validation only
    if participant.pk is None:
        return {"n_correct": validation.pass_mark, "attempts_left": 1}
    attempt = services.attempt_of(participant)
    return {
        "n_correct": services.n_correct(participant, Phase.VALIDATION, attempt),
        "attempts_left": validation.attempts - attempt - 1,
    }


def _trial(looker: Looker, step: Step) -> tuple[str, Context]:
    return "trial", {
        "screen": trial_view.trial_screen(looker.trial(step), looker.participant),
        "wait": _wait(looker, step),
    }


def _wait(looker: Looker, step: Step) -> int:
    if looker.participant.pk is None:
        return 0
    return math.ceil(services.seconds_left(looker.participant, step, timezone.now()))


def _feedback(looker: Looker, step: Step) -> tuple[str, Context]:
    trial = looker.trial(step)
    return "trial", {
        "screen": trial_view.trial_screen(trial, looker.participant),
        "feedback": trial_view.feedback(trial, looker.participant),
    }


def _prior_knowledge(looker: Looker, step: Step) -> tuple[str, Context]:
    label = looker.trial(step).prediction.category.label
    return "prior_knowledge", {"label": label, "article": trial_view.article(label)}


def _definition(looker: Looker, step: Step) -> tuple[str, Context]:
    return "definition", {"kind": _kind(looker, step)}


def _kind(looker: Looker, step: Step) -> trial_view.Kind:
    return trial_view.kind(looker.trial(step).prediction.category, looker.plan.trial.n_samples)


def _attention(looker: Looker, step: Step) -> tuple[str, Context]:
    return "attention", {
        "asked": looker.plan.wording.yes if looker.asks_yes(step) else looker.plan.wording.no,
        "photo": trial_view.attention_photo(looker.participant.study, step),
    }


def _questions(looker: Looker, step: Step) -> tuple[str, Context]:
    page = looker.plan.questions[step.name]
    values = texts.placeholders(looker.plan, looker.participant.condition.persona)
    return "questions", {
        "title": page.title or "Some questions",
        "body": texts.render(page.text, values),
        "questions": asked(page.questions),
    }


def asked(
    questions: Iterable[QuestionPlan],
    given: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> list[Asked]:
    """Return questions with what was typed and what is wrong with it."""
    values, wrong = given or {}, problems or {}
    return [Asked(each, values.get(each.name, ""), wrong.get(each.name, "")) for each in questions]


FILLERS: Mapping[Kind, Filler] = {
    Kind.PAGE: _page,
    Kind.PRIOR_KNOWLEDGE: _prior_knowledge,
    Kind.DEFINITION: _definition,
    Kind.TRIAL: _trial,
    Kind.FEEDBACK: _feedback,
    Kind.ATTENTION: _attention,
    Kind.QUESTIONS: _questions,
}
