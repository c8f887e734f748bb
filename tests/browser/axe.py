"""What axe-core finds wrong with the page that a browser shows, and what is shown though hidden."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

# Every rule runs; what passes is counted, but not described.
RUN = "axe.run(document, {resultTypes: ['violations']})"
HIDDEN_BUT_DISPLAYED = (
    "[...document.querySelectorAll('[hidden]')]"
    ".filter(each => getComputedStyle(each).display !== 'none')"
    ".map(each => each.cloneNode().outerHTML)"
)


def violations(page: Page) -> list[str]:
    """Return one line a violation: the rule, what it says, and where; empty for a good page.

    All of axe-core's rules run, best practices included. The script is evaluated, not loaded,
    so that the page's security policy may stay as it is.
    """
    page.evaluate(axe_source())
    wrong = told(page.evaluate(f"async () => (await {RUN}).violations"))
    return wrong + [f"hidden, but displayed: {item}" for item in hidden_but_displayed(page)]


def axe_source() -> str:
    """Return axe-core's script, from the package that brings it."""
    spec = find_spec("axe_playwright_python")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("axe.min.js").read_text(encoding="utf-8")


def told(found: list[dict[str, Any]]) -> list[str]:
    """Return axe-core's violations in one line each."""
    return [f"{item['id']}: {item['help']} at {_places(item['nodes'])}" for item in found]


def hidden_but_displayed(page: Page) -> list[str]:
    """Return the elements with the attribute ``hidden`` that a style shows all the same."""
    found: list[str] = page.evaluate(HIDDEN_BUT_DISPLAYED)
    return found


def _places(nodes: list[dict[str, Any]]) -> str:
    return ", ".join(str(node["target"]) for node in nodes)
