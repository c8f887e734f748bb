"""The study's own words on a trial's screens."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from trials.participant import texts
from trials.participant.languages import percent as say_percent
from trials.templatetags.languages import named

register = template.Library()


@register.simple_tag(takes_context=True)
def words(context: template.Context, name: str, **values: Any) -> SafeString:
    """Return a sentence of ``wording`` with its values; ``percent`` is a whole number."""
    if values.get("percent") is not None:
        percent = format_html(
            '<span class="statement__percent">{}</span>',
            say_percent(values["percent"], context["plan"]),
        )
        values["percent"] = percent
    if "label" in values:
        values["label"] = named(values["label"])
    text = getattr(context["plan"].wording, name)
    return texts.inline(text, {"persona": context["persona"]} | values)


@register.filter
def prose(text: str) -> SafeString:
    """Return a text as paragraphs, lists and bold; everything in it is escaped."""
    return texts.render(text, {})
