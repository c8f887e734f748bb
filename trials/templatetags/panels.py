"""The panels of a trial's page, rendered once in a process where all people see the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.template import Context
from django.utils.safestring import SafeString

from classifiers.core.boxes import Box, badges_outside
from trials.participant.trial_view import ShownPanel
from trials.study.kept import Kept

register = template.Library()
# Twenty boxes on each of five photos are 20 kB.
_RENDERED: Kept[SafeString] = Kept(2000)


@register.filter
def badged(boxes: Sequence[Box], is_outside: object) -> Sequence[Box]:
    """Return the boxes with their badges where the study's layout has them."""
    return badges_outside(boxes) if is_outside else boxes


@register.simple_tag(takes_context=True)
def panel_shown(context: Context, panel: ShownPanel) -> SafeString:
    """Return a panel beside the question, by the panel's own template."""

    def render() -> SafeString:
        engine: Any = context.template.engine  # type: ignore[union-attr]
        with context.push(part="trial", shown=panel.content.data):
            return engine.get_template(panel.template).render(context)  # type: ignore[no-any-return]

    # With feedback on the page the same panel may say more.
    if panel.key is None or "feedback" in context:
        return render()
    return _RENDERED.get(panel.key, render)
