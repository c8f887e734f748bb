"""What browsers draw: coordinates have a decimal point in every language."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from classifiers.core.boxes import boxes
from trials.study.languages import LANGUAGES

PLAN = SimpleNamespace(trial=SimpleNamespace(is_equal=True))
BAR = SimpleNamespace(name="fir", text="0,25", left=12.5, width=37.5, is_negative=False)


def drawn(language: str, template: str, **context: object) -> list[str]:
    """Return the numbers in the attributes of a drawing."""
    with translation.override(language):
        page = render_to_string(f"trials/{template}", {"plan": PLAN} | context)
    return re.findall(r'\b(?:x|y|cx|cy|width|height)="([^"]*)"', page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_boxes_are_drawn_in_every_language(language: str) -> None:
    found = drawn(language, "_boxes.html", boxes=boxes([8, 8, 20]))
    assert found == drawn("en", "_boxes.html", boxes=boxes([8, 8, 20]))
    assert {"1.08", "0.84"} <= set(found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_bars_are_drawn_in_every_language(language: str) -> None:
    panel = SimpleNamespace(caption="", bars=[BAR])
    assert {"12.5", "37.5"} <= set(drawn(language, "panels/_bars.html", panel=panel))
