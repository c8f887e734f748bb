"""What a page offers to whom."""

from __future__ import annotations

from django import template
from django.contrib.auth.models import User

from trials.roles import is_researcher

register = template.Library()


@register.filter
def may_make_studies(user: User) -> bool:
    """Whether somebody may make studies."""
    return is_researcher(user)
