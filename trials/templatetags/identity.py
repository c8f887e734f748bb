"""The fields that name a page's person, for forms and links."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from trials.models import Participant
from trials.participant import identity

register = template.Library()


def _seal(context: Context) -> str:
    participant: Participant = context["participant"]
    found: Any = context.get("step_number", participant.step)
    step: int = found
    return identity.seal(participant, step)


@register.simple_tag(takes_context=True)
def shown_to(context: Context) -> SafeString:
    """Return the hidden field that every form of a session's page sends."""
    return format_html('<input type="hidden" name="{}" value="{}">', identity.SEAL, _seal(context))


@register.simple_tag(takes_context=True)
def own(context: Context, address: str) -> str:
    """Return an address that acts only for the person of this page."""
    return f"{address}{'&' if '?' in address else '?'}{urlencode({identity.SEAL: _seal(context)})}"
