"""A page of text: the study's own, a standard one, or one between two stages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from trials.models import Condition, Participant
from trials.participant import texts, trial_view
from trials.participant.languages import spoken
from trials.services.answers import attempt_of, n_correct
from trials.steps.base import AmongPages, AsksNothing, Context, Looker, Page, screen_type
from trials.study.contradictions import RESERVED_NAMES, STANDARD_PAGES
from trials.study.design import Kind, Phase, StageType, Step, stage_add
from trials.study.design_problems import OWN_PAGES
from trials.study.plan import StudyPlan
from trials.study.plan_parts import made
from trials.study.registries import STAGES
from trials.study.stage_plans import PagePlan

BEFORE_PRACTICE, BEFORE_BLOCK = PARTS = OWN_PAGES
TITLES = {
    "introduction": _("Introduction"),
    "instructions": _("Instructions"),
    "debrief": _("Thank you!"),
}
PICTURES = {
    "introduction": ("introduction", "Who the AI is and what it does."),
    "instructions": ("instructions", "What to do, and the kinds that may occur."),
    "before_validation": ("before-validation", "What the check asks for."),
    "before_test": ("before-test", "The check is passed; the test begins."),
    "debrief": ("debrief", "The end: the completion code and the way back."),
}


class PageStage(StageType):
    """A page of text in the document."""

    kind = "page"
    rank = 10
    part = PagePlan

    def made(self, values: Mapping[str, Any]) -> PagePlan:
        return made(PagePlan, values)

    def script(self, plan: StudyPlan, stage: PagePlan) -> Iterator[Step]:
        yield Step(Kind.PAGE, stage.name)

    def contradictions(self, stage: PagePlan) -> Iterator[tuple[str, object, str]]:
        if stage.name in RESERVED_NAMES:
            yield "name", stage.name, f"another name than {', '.join(RESERVED_NAMES)}"
        elif stage.name not in STANDARD_PAGES and not stage.text.strip():
            yield "text", stage.text, f"a text; only {', '.join(STANDARD_PAGES)} have a standard"


stage_add(PageStage())


@screen_type
class PageScreen(AsksNothing, AmongPages):
    """A page of text, in the study's words or the standard ones."""

    kind = Kind.PAGE
    rank = 10
    is_text = True

    def show(self, looker: Looker, step: Step) -> Page:
        plan, persona = looker.plan, looker.condition.persona
        page = plan.pages.get(step.name)
        if page is None and step.name in PARTS:
            return _part(looker, step)
        if page is None and step.name != "debrief":
            return _between(looker, step)
        own = page or PagePlan(Kind.PAGE, step.name, "", "", 0)
        values = texts.placeholders(plan, persona)
        context: Context = {
            "title": own.title or TITLES.get(step.name, step.name.replace("_", " ").capitalize()),
            "has_own_title": bool(own.title),
            "body": texts.render(own.text, values) if own.text.strip() else "",
        }
        if step.name == "debrief" and plan.has_score:
            context["n_right"] = n_correct(looker.participant, Phase.TEST)
        if context["body"] and step.name != "debrief":
            return Page("trials/text_page.html", context)
        if step.name == "instructions":
            context["kinds"] = trial_view.kinds(looker.participant.study)
        return Page(f"trials/{step.name}.html", context)

    def photos(self, looker: Looker, step: Step) -> tuple[str, ...]:
        page = looker.plan.pages.get(step.name)
        if step.name != "instructions" or (page and page.text.strip()):
            return ()
        shown = trial_view.kinds(looker.participant.study)
        return tuple(url for kind in shown for url in kind.urls)

    def min_seconds(self, plan: StudyPlan, step: Step) -> int:
        page = plan.pages.get(step.name)
        return page.min_seconds if page else 0

    def part_of(self, step: Step) -> str:
        """Return the stage whose script adds the page; any other page is a separate part."""
        if step.name == BEFORE_BLOCK and not step.block:  # the first block begins with the training
            return Phase.TRAINING.value
        kinds = (kind for kind, stage in STAGES.items() if step.name in stage.own_pages)
        return next(kinds, step.name)

    def monitor_line(self, step: Step) -> str:
        return step.name.replace("_", " ") + (f" {step.position + 1}" if step.name in PARTS else "")

    def label(self, step: Step) -> str:
        return self.monitor_line(step).capitalize()

    def picture(self, step: Step) -> tuple[str, str] | None:
        return PICTURES.get(step.name)


def _between(looker: Looker, step: Step) -> Page:
    """Show a page that the script itself puts before a stage."""
    context: Context = {}
    if step.name in {"before_test", "retry_validation"} and looker.plan.validation:
        context = _score(looker.participant)
    layout = looker.participant.layout
    if step.name == "before_test" and layout and looker.plan.design.trains_in_blocks:
        context["n_in_part"] = len(layout.blocks[0].test)  # later blocks have a training, too
    words = own_words(looker.participant, step.name, context, looker.condition)
    return Page(f"trials/{step.name}.html", context | words)


def _part(looker: Looker, step: Step) -> Page:
    """Show the page that announces a block, or a part of the one training, and how people work."""
    participant, layout = looker.participant, looker.participant.layout
    assert layout is not None  # noqa: S101 - scripted for people who have blocks
    block, is_practice = layout.blocks[step.position], step.name == BEFORE_PRACTICE
    arms = {
        each.name: each for each in participant.study.conditions.filter(name__in=block.conditions)
    }
    practised = [name for name in layout.training if name in block.conditions]
    context: Context = {
        "is_practice": is_practice,
        "part": step.position + 1,
        "n_parts": len(layout.blocks),
        "n_photos": len(practised if is_practice else block.test),
        "n_training": len(block.training),
        "ways": [_way(looker, arms[name]) for name in block.conditions],
    }
    words = own_words(participant, BEFORE_BLOCK, context, arms[block.conditions[0]])
    return Page("trials/before_block.html", context | words)


def _way(looker: Looker, condition: Condition) -> Context:
    """Return what the page of a block says of a condition, with its panels' instructions."""
    seen = trial_view.seen_in(looker.participant.study, condition)
    parts = (
        render_to_string(panel.template, seen | {"part": "instructions"}).strip()
        for panel in seen["panels"]
    )
    return seen | {"howto": [mark_safe(part) for part in parts if part]}  # noqa: S308 - templates


def own_words(
    participant: Participant,
    name: str,
    values: Context | None = None,
    condition: Condition | None = None,
) -> Context:
    """Return the study's ``wording`` that replaces a standard text, as HTML."""
    condition = condition or participant.condition_at(participant.step)
    plan = spoken(participant.study.plan.of(condition.name))
    text = getattr(plan.wording, name, "")
    known = texts.placeholders(plan, condition.persona) | (values or {})
    return {"own_words": texts.render(text, known) if text.strip() else ""}


def _score(participant: Participant) -> Context:
    validation = participant.study.plan.validation
    assert validation is not None  # noqa: S101 - asked for after a validation only
    attempt = attempt_of(participant)
    return {
        "n_correct": n_correct(participant, Phase.VALIDATION, attempt),
        "attempts_left": validation.attempts - attempt - 1,
    }
