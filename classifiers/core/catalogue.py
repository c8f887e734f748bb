"""The classifiers as data: what each is called, what it shows, what can be set.

Standard library only, so that a web page may list them; ``methods.py`` runs them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

Parameters = Mapping[str, Any]

N_EXEMPLARS: Final = 5  # shown to people at most; matches are kept for these
WEIGHT_DECAY: Final = 1e-4
STOPS: Final = ("coupled", "per_pair")


@dataclass(frozen=True, slots=True)
class Classifier:
    """One classifier as people see it.

    ``votes``: its confidence is a share of voters, which it lists. ``has_matches``: it gives
    patch matches. ``parameters``: every parameter with its default.
    """

    name: str
    label: str
    votes: bool
    has_matches: bool
    parameters: Parameters


EMD_PARAMETERS: Final[Parameters] = {
    "epsilon": 0.05,
    "tolerance": 0.1,
    "max_iterations": 100,
    "n_patches": 5,
    "stop": "coupled",
}
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {"stop": STOPS}
ZERO_ALLOWED: Final = frozenset({"seed"})

CLASSIFIERS: Final[Mapping[str, Classifier]] = {
    "softmax": Classifier(
        name="softmax",
        label="Linear head",
        votes=False,
        has_matches=False,
        parameters={"seed": 0, "weight_decay": WEIGHT_DECAY},
    ),
    "knn": Classifier(
        name="knn", label="kNN", votes=True, has_matches=False, parameters={"n_voters": 20}
    ),
    "emd-corr": Classifier(
        name="emd-corr",
        label="EMD-Corr",
        votes=True,
        has_matches=True,
        parameters={"n_shortlist": 50, "n_voters": 20, **EMD_PARAMETERS},
    ),
}


def parameters_resolved(classifier: str, given: Parameters) -> dict[str, Any]:
    """Return all parameters of a classifier, the given over the defaults, each of one type.

    Equal settings give equal dicts, so the result is what to hash and to store.

    Raises
    ------
    ValueError
        Unknown classifier or parameter, or a value out of range.

    """
    if classifier not in CLASSIFIERS:
        raise ValueError(f"Unknown classifier {classifier!r}; known: {', '.join(CLASSIFIERS)}.")
    defaults = CLASSIFIERS[classifier].parameters
    for name in given:
        if name not in defaults:
            raise ValueError(
                f"{classifier} has no parameter {name!r}; known: {', '.join(defaults)}."
            )
    resolved = {
        name: _checked(name, given.get(name, value), type(value))
        for name, value in defaults.items()
    }
    if resolved.get("n_voters", 0) > resolved.get("n_shortlist", float("inf")):
        raise ValueError(
            f"n_voters is {resolved['n_voters']} of a shortlist of {resolved['n_shortlist']}; "
            "expected at most as many."
        )
    return resolved


def _checked(name: str, value: Any, kind: type) -> Any:
    """Return a parameter in its default's type; text must be one of its known values."""
    if kind is str:
        if value not in CHOICES[name]:
            raise ValueError(f"{name} is {value!r}; known: {', '.join(CHOICES[name])}.")
        return value
    allowed = (int,) if kind is int else (int, float)
    least = 0 if name in ZERO_ALLOWED else 1 if kind is int else 1e-12
    is_number = isinstance(value, allowed) and not isinstance(value, bool)
    if not is_number or not least <= value < float("inf"):
        noun = "a whole number" if kind is int else "a number"
        raise ValueError(f"{name} is {value!r}; expected {noun}, at least {least:g}.")
    return kind(value)
