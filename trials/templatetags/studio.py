"""The parts that every researcher's page shares: tables, cards, and a study's tabs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.template import Context
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

from trials.models import Participant, Study
from trials.roles import is_researcher, may_edit
from trials.studio.dataset_step import dataset_standing, dataset_step
from trials.studio.next_step import Standing, next_briefly

register = template.Library()


@register.filter
def may_make_studies(user: User) -> bool:
    """Whether a user may make studies."""
    return is_researcher(user)


@register.simple_block_tag
def table(
    content: SafeString, label: str, *, caption: str = "", anchor: str = "", kind: str = ""
) -> SafeString:
    """Wrap a table's head and body so that it scrolls sideways and can be reached by keyboard.

    ``label`` names it for screen readers and is unique on its page, ``kind`` adds classes. The
    caption stands above, so that it does not scroll away with a wide table.
    """
    context = {
        "content": content,
        "label": label,
        "caption": caption,
        "caption_id": f"caption-{slugify(label)}",
        "anchor": anchor,
        "kind": kind,
    }
    return mark_safe(render_to_string("studio/_table.html", context))  # noqa: S308 - a template


@register.simple_block_tag
def card(content: SafeString, title: str = "", *, anchor: str = "") -> SafeString:
    """Wrap a part of a page; ``anchor`` is what links lead to."""
    context = {"content": content, "title": title, "anchor": anchor}
    return mark_safe(render_to_string("studio/_card.html", context))  # noqa: S308 - a template


@dataclass(frozen=True, slots=True)
class Tab:
    """One page of a study: its words, the view it leads to, and the views that belong to it."""

    label: str
    view: str
    more: frozenset[str] = frozenset()
    is_for_analysts: bool = False


# These pages show the next step themselves, with what the checklist found, or are a step.
ON_CHECKLIST = frozenset({"studio-study", "studio-act"})
TABS = (
    Tab("Design", "studio-edit"),
    Tab("Preview", "studio-preview"),
    Tab("Checklist", "studio-study", frozenset({"studio-act", "studio-copy", "studio-lists"})),
    Tab(
        "People",
        "studio-people",
        frozenset({"studio-person", "studio-person-act", "studio-people-act"}),
    ),
    Tab("Monitor", "studio-monitor"),
    Tab(
        "Results",
        "studio-results",
        frozenset({"studio-lift-blind", "studio-table", "studio-figure"}),
        is_for_analysts=True,
    ),
    Tab("Files", "studio-exports", frozenset({"studio-export-file"}), is_for_analysts=True),
)


@register.inclusion_tag("studio/_tabs.html", takes_context=True)
def study_tabs(context: Context, study: Study) -> dict[str, Any]:
    """Show the pages of a study that the user may open, the current one marked."""
    request = context["request"]
    here = request.resolver_match.url_name
    is_editor = may_edit(request.user, study)
    tabs = [
        {"label": tab.label, "view": tab.view, "is_here": here == tab.view, "is_within": is_within}
        for tab in TABS
        if is_editor or tab.is_for_analysts
        for is_within in [here == tab.view or here in tab.more]
    ]
    current = next((tab["label"] for tab in tabs if tab["is_within"]), "")
    step = None
    if is_editor and here not in ON_CHECKLIST:
        step = next_briefly(_standing(study, request))
    return {
        "study": study,
        "tabs": tabs,
        "current": current,
        "is_editor": is_editor,
        "next": step if step and step.url != request.path else None,
    }


def _standing(study: Study, request: HttpRequest) -> Standing:
    """Return what the next step depends on, without the checklist: three cheap queries."""
    people = study.participants
    of_pilot = people.filter(is_simulated=False, stage=Participant.Stage.PILOT)
    return Standing(
        slug=study.slug,
        status=study.status,
        to_fix=(),
        is_text_valid=True,
        n_pilot=int(of_pilot.filter(status=Participant.Status.COMPLETED).exists()),
        n_live=int(people.filter(is_simulated=False, stage=Participant.Stage.LIVE).exists()),
        n_robots=int(people.filter(is_simulated=True).exists()),
        participant_url=request.build_absolute_uri(reverse("consent", args=[study.slug])),
    )


@register.inclusion_tag("studio/_step.html", takes_context=True)
def dataset_next(context: Context, slug: str, *, name: str = "") -> dict[str, Any]:
    """Show the one next step of a dataset; ``name`` tells which where a page has several."""
    return {"next": dataset_step(dataset_standing(slug, context["request"].user)), "name": name}
