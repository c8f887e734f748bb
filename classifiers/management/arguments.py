"""Arguments that several commands share: parameters, and the choice of classifiers."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, Final

from classifiers.core.catalogue import CLASSIFIERS

TEXTS: Final = frozenset(
    name
    for each in CLASSIFIERS.values()
    for name, default in each.parameters.items()
    if isinstance(default, str)
)
WITHOUT_MASK: Final = tuple(name for name, each in CLASSIFIERS.items() if not each.needs_mask)
WITH_MASK: Final = ", ".join(name for name, each in CLASSIFIERS.items() if each.needs_mask)


def parameter(text: str) -> tuple[str, Any]:
    """Parse ``name=value``. A text parameter stays a text; another one is read as JSON if possible.

    A mask is 49 digits, which JSON would read as a number.
    """
    name, _, value = text.partition("=")
    if name in TEXTS:
        return name, value
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def classifiers_meant(named: Sequence[str] | None, given: Collection[str]) -> list[str]:
    """Return the named classifiers; without names all, those that need a mask if one is given.

    Without a mask CHM-Corr+ would count every cell, which is no classifier anybody means.
    ``given`` are the names of the parameters.
    """
    if named:
        return list(named)
    return list(CLASSIFIERS) if {"mask", "masks"} & set(given) else list(WITHOUT_MASK)
