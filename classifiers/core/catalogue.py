"""The classifiers as data: their names, what they show, and their parameters.

Standard library only, so that web pages can list them; ``methods.py`` runs them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

Parameters = Mapping[str, Any]

N_EXEMPLARS: Final = 5  # largest number shown to people; matches are stored for these
WEIGHT_DECAY: Final = 1e-4
N_CELLS: Final = 49  # of the 7x7 grid
STOPS: Final = ("coupled", "per_pair", "converged", "exact")


@dataclass(frozen=True, slots=True)
class Classifier:
    """One classifier.

    ``votes``: its confidence is a share of voters, which it lists. ``has_matches``: it gives patch
    matches. ``needs_matcher``: it needs a network that finds corresponding points. ``parameters``:
    every parameter with its default. ``decider``: module and function of the decision, imported
    only if torch is needed. ``is_suggested``: selected in the form by default. ``is_baseline``: the
    others are compared with it. ``has_saliency``: it gives a class activation map.
    """

    name: str
    label: str
    votes: bool
    has_matches: bool
    parameters: Parameters
    decider: str
    needs_matcher: bool = False
    is_suggested: bool = False
    is_baseline: bool = False
    has_saliency: bool = False

    @property
    def needs_mask(self) -> bool:
        """Whether it needs a mask of the query's cells."""
        return "mask" in self.parameters

    @property
    def has_shortlist(self) -> bool:
        """Whether it re-ranks a shortlist of the nearest photos."""
        return "n_shortlist" in self.parameters


EMD_PARAMETERS: Final[Parameters] = {
    "epsilon": 0.05,
    "tolerance": 0.1,
    "max_iterations": 100,
    "n_patches": 5,
    "stop": "per_pair",
}
EMBEDDED_BACKBONE: Final = "efficientnet-lite0"
EMBEDDED_MATCHER: Final = "chm-lite0"
EMBEDDED_WEIGHTS: Final = Path(__file__).parent / "data" / "chm-lite0.pt"
# What the network gives for each cell, and a matcher keeps at each position: sizes of files.
CHANNELS: Final[Mapping[str, int]] = {
    EMBEDDED_BACKBONE: 1280,
    "resnet50-imagenet1k-v1": 2048,
    "resnet50-inaturalist2017": 2048,
}
KEPT: Final[Mapping[str, int]] = {EMBEDDED_MATCHER: 28, "chm-trained": 28}
MATCHER_PARAMETERS: Final[Parameters] = {"matcher": EMBEDDED_MATCHER, "matcher_sha256": ""}
# How the query is prepared, and which classes of the gallery compete: all, or only those that occur
# among the queries.
QUERY_PARAMETERS: Final[Parameters] = {"transform": "crop", "classes": "all"}
VOTE_PARAMETERS: Final[Parameters] = {"n_shortlist": 50, "n_voters": 20}

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "stop": STOPS,
    "pairs": ("drawn", "scored"),
    "transform": ("crop", "squash"),
    "classes": ("all", "split"),
    "matcher": (EMBEDDED_MATCHER, "chm-trained", "chmnet-psi", "chmnet-iso", "chmnet-full"),
}
PATTERNS: Final[Mapping[str, tuple[str, str]]] = {
    "mask": (f"[01]{{{N_CELLS}}}", f"{N_CELLS} digits 0 or 1, row by row"),
    "masks": ("|[0-9a-f]{64}", "nothing, or the sha256 of a file of masks"),
    "matcher_sha256": ("|[0-9a-f]{64}", "nothing, or the sha256 of the matcher's weights"),
}
ZERO_ALLOWED: Final = frozenset({"seed"})

# Values that ``paper=True`` sets: the original's, if the recommended one differs.
PAPER: Final[Mapping[str, Parameters]] = {"emd-corr": {"stop": "coupled"}}

CLASSIFIERS: Final[Mapping[str, Classifier]] = {
    "softmax": Classifier(
        name="softmax",
        label="Linear head",
        votes=False,
        has_matches=False,
        parameters={
            "own_head": False,
            "seed": 0,
            "weight_decay": WEIGHT_DECAY,
            "paper": False,
            **QUERY_PARAMETERS,
        },
        decider="classifiers.core.deciders.softmax:decide",
        has_saliency=True,
        is_suggested=True,
    ),
    "knn": Classifier(
        name="knn",
        label="kNN",
        votes=True,
        has_matches=False,
        parameters={"n_voters": 20, **QUERY_PARAMETERS},
        decider="classifiers.core.deciders.knn:decide",
        is_suggested=True,
        is_baseline=True,
    ),
    "emd-corr": Classifier(
        name="emd-corr",
        label="EMD-Corr",
        votes=True,
        has_matches=True,
        parameters={
            **VOTE_PARAMETERS,
            **EMD_PARAMETERS,
            "pairs": "drawn",
            "paper": False,
            **QUERY_PARAMETERS,
        },
        decider="classifiers.core.deciders.emd_corr:decide",
        is_suggested=True,
    ),
    "chm-corr": Classifier(
        name="chm-corr",
        label="CHM-Corr",
        votes=True,
        has_matches=True,
        needs_matcher=True,
        parameters={
            **VOTE_PARAMETERS,
            "threshold": 0.55,
            "n_patches": 5,
            **MATCHER_PARAMETERS,
            "paper": False,
            **QUERY_PARAMETERS,
        },
        decider="classifiers.core.deciders.chm_corr:decide",
    ),
    "chm-corr-plus": Classifier(
        name="chm-corr-plus",
        label="CHM-Corr+",
        votes=True,
        has_matches=True,
        needs_matcher=True,
        parameters={
            **VOTE_PARAMETERS,
            "mask": "1" * N_CELLS,
            "masks": "",
            **MATCHER_PARAMETERS,
            "paper": False,
            **QUERY_PARAMETERS,
        },
        decider="classifiers.core.deciders.chm_corr:decide",
    ),
}


# The classifier that the others are compared with.
BASELINE: Final = next(name for name, each in CLASSIFIERS.items() if each.is_baseline)


def parameters_resolved(classifier: str, given: Parameters) -> dict[str, Any]:
    """Return all parameters of a classifier: the given ones and defaults, in their types.

    Equal settings give equal dicts, so hash and store the result.

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
    given = _with_paper(classifier, given)
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


def _with_paper(classifier: str, given: Parameters) -> Parameters:
    """Return the parameters with the values that ``paper=True`` sets; refuse contradictions."""
    if given.get("paper") is not True:
        return given
    for name, value in PAPER.get(classifier, {}).items():
        if given.get(name, value) != value:
            raise ValueError(f"paper=True sets {name} to {value!r}; given {given[name]!r}.")
    return {**given, **PAPER.get(classifier, {})}


def _checked(name: str, value: Any, kind: type) -> Any:
    """Return a parameter in its default's type; text must be one of its known values."""
    if kind is bool:
        if not isinstance(value, bool):
            raise ValueError(f"{name} is {value!r}; expected true or false.")
        return value
    if kind is str:
        return _checked_text(name, value)
    allowed = (int,) if kind is int else (int, float)
    least = 0 if name in ZERO_ALLOWED else 1 if kind is int else 1e-12
    is_number = isinstance(value, allowed) and not isinstance(value, bool)
    if not is_number or not least <= value < float("inf"):
        noun = "a whole number" if kind is int else "a number"
        raise ValueError(f"{name} is {value!r}; expected {noun}, at least {least:g}.")
    return kind(value)


def _checked_text(name: str, value: Any) -> str:
    if name in PATTERNS:
        pattern, expected = PATTERNS[name]
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError(f"{name} is {value!r}; expected {expected}.")
    elif value not in CHOICES[name]:
        raise ValueError(f"{name} is {value!r}; known: {', '.join(CHOICES[name])}.")
    return str(value)
