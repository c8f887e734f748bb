"""The kind of device and the browser's family; nothing else is stored. Pure.

A script on the page is the best source (pointer, touch, size). Without it the server reads the
User-Agent and stores only the two words below.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from trials.study.plan import DevicePlan

KINDS = ("computer", "tablet", "phone")
# The first match is used: a browser also names the browsers that it descends from.
_BROWSERS = (
    ("Edge", r"Edg(e|A|iOS)?/"),
    ("Opera", r"OPR/|Opera"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/|Chromium/"),
    ("Safari", r"Safari/"),
)


def kind_of(headers: Mapping[str, str]) -> str:
    """Return the kind of device by the request's headers; the default is a computer."""
    agent = headers.get("User-Agent", "")
    if headers.get("Sec-CH-UA-Mobile") == "?1" or re.search(r"iPhone|iPod|Windows Phone", agent):
        return "phone"
    if re.search(r"iPad|Tablet|Silk/", agent):
        return "tablet"
    if "Android" in agent:
        return "phone" if "Mobile" in agent else "tablet"
    return "computer"


def browser_of(headers: Mapping[str, str]) -> str:
    """Return the browser's family, without its version."""
    agent = headers.get("User-Agent", "")
    return next((name for name, sign in _BROWSERS if re.search(sign, agent)), "other")


def fits(plan: DevicePlan, kind: str, width: int | None) -> bool:
    """Say whether a study accepts this device; an unknown width is accepted."""
    return kind in plan.kinds and (width is None or width >= plan.min_width)
