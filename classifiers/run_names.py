"""Names of prediction runs, for study documents and commands. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from classifiers.core.catalogue import CLASSIFIERS, EMBEDDED_BACKBONE, PAPER

MAX_NAME: Final = 100
N_DIGITS: Final = 8  # of a SHA-256
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=+-]*")
NAME_EXPECTED: Final = (
    f"1 to {MAX_NAME} letters, digits and . _ = + -, beginning with a letter or digit"
)
QUERY: Final = "query"


def is_name(text: str) -> bool:
    """Return whether a run may have this name."""
    return len(text) <= MAX_NAME and NAME.fullmatch(text) is not None


def run_name(
    classifier: str,
    parameters: Mapping[str, Any],
    *,
    backbone: str = EMBEDDED_BACKBONE,
    split: str = QUERY,
    taken: Collection[str] = (),
) -> str:
    """Return the default name of a run.

    It is the classifier, then what differs from the defaults, joined by ``-``: the backbone, the
    split, and each parameter as ``name=value``. So ``knn`` with ten voters is
    ``knn-n_voters=10``. A number is added to a name that is among ``taken``.
    """
    defaults = CLASSIFIERS[classifier].parameters if classifier in CLASSIFIERS else parameters
    defaults = {**defaults, **(PAPER.get(classifier, {}) if parameters.get("paper") else {})}
    parts = [classifier]
    parts += [backbone] * (backbone != EMBEDDED_BACKBONE)
    parts += [split] * (split != QUERY)
    parts += [
        f"{name}={_short(value)}"
        for name, value in sorted(parameters.items())
        if name != "matcher_sha256" and value != defaults.get(name, value)
    ]
    whole = re.sub(r"[^A-Za-z0-9._=+-]+", "_", "-".join(parts)).lstrip("._=+-") or "run"
    # Room for the number, which counts the runs of the same name.
    whole, number = whole[: MAX_NAME - 5], 1
    name = whole
    while name in taken:
        number += 1
        name = f"{whole}-{number}"
    return name


def _short(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    is_hash = re.fullmatch(r"[0-9a-f]{64}", text)
    return text[:N_DIGITS] if is_hash else text
