"""Words and numbers in the language of a participant's page."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString
from django.utils.translation import get_language_bidi

from trials.participant import languages
from trials.participant.script_texts import script_texts as texts_of_scripts
from trials.study.languages import LANGUAGES
from trials.study.plan import StudyPlan

register = template.Library()


@register.simple_tag
def language_attributes() -> SafeString:
    """Return the attributes of the page's root: its language, and the direction of its text."""
    direction = SafeString(' dir="rtl"') if get_language_bidi() else ""
    return format_html('lang="{}"{}', languages.current(), direction)


@register.simple_tag
def language() -> str:
    """Return the tag of the page's language, for forms."""
    return languages.current()


@register.simple_tag
def languages_offered(plan: StudyPlan) -> list[tuple[str, str]]:
    """Return the tags and names of a study's languages; none if there is only one."""
    return [(tag, LANGUAGES[tag]) for tag in plan.languages] if len(plan.languages) > 1 else []


@register.filter
def percent(n: int | None, plan: StudyPlan | None = None) -> str:
    """Return a whole number of percent as the language writes it; nothing for None."""
    return "" if n is None else languages.percent(n, plan)


@register.filter
def named(label: object) -> SafeString:
    """Return the name of a category, marked so that a browser's translator leaves it as it is."""
    return format_html('<span translate="no">{}</span>', label)


@register.simple_tag(takes_context=True)
def label_of(context: Context, category: Any) -> SafeString:
    """Return a category's label in the page's language."""
    return named(context["plan"].say(category.label))


@register.simple_tag
def devices_accepted(plan: StudyPlan) -> str:
    """Return the devices that a study accepts, in words."""
    return languages.devices_accepted(plan)


@register.simple_tag
def script_texts() -> SafeString:
    """Return the texts of the page's scripts as a block of data, which no script policy affects."""
    return json_script(texts_of_scripts(), "texts")
