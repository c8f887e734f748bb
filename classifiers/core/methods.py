"""The one function that runs any classifier of the catalogue.

A new classifier is an entry in ``catalogue.CLASSIFIERS`` and one of ``DECIDERS``: a function
from query and gallery to a ``Decision`` or, if it re-ranks and votes, only to scores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import torch
from torch import Tensor

from classifiers.core.catalogue import EMD_PARAMETERS, N_EXEMPLARS, Parameters, parameters_resolved
from classifiers.core.emd import emd_scores, patch_pairs
from classifiers.core.head import LinearHead
from classifiers.core.index import Gallery
from classifiers.core.vote import majority_vote
from classifiers.decision import Decision, Neighbor, PatchMatch

Matches = Callable[[int], tuple[PatchMatch, ...]]


@dataclass(frozen=True, slots=True)
class QueryFeatures:
    """One image's features: ``map`` (C, 7, 7) not normalised, ``vector`` (C,) of unit length."""

    map: Tensor
    vector: Tensor


@dataclass(frozen=True, slots=True)
class Shortlist:
    """A query's nearest images, nearest first: gallery rows (n,) and cosines (n,)."""

    rows: Tensor
    cosines: Tensor


def classify(
    query: QueryFeatures,
    gallery: Gallery,
    classifier: str,
    *,
    head: LinearHead | None = None,
    **parameters: Any,
) -> Decision:
    """Decide on one image: same input, same decision.

    Neighbors are every voter, nearest first; equal scores keep the order of the kNN ranking.
    Matches are filled for the exemplars that people see: the first five voters for the
    predicted class. A gallery smaller than the shortlist or the voters is used whole.

    Raises
    ------
    ValueError
        Unknown classifier or parameter, a value out of range, or no head where one is needed.

    """
    resolved = parameters_resolved(classifier, parameters)
    return DECIDERS[classifier](query, gallery, head, resolved)


def _decide_softmax(
    query: QueryFeatures, gallery: Gallery, head: LinearHead | None, parameters: Parameters
) -> Decision:
    if head is None:
        raise ValueError("No head; expected head=, the result of head_train on this gallery.")
    trained = {"seed": head.seed, "weight_decay": head.weight_decay}
    if trained != parameters:
        raise ValueError(f"The head was trained with {trained}; expected {dict(parameters)}.")
    labels, probabilities = head.predict(query.vector[None])  # (C,) -> (1, C)
    return Decision(label=int(labels[0]), confidence=float(probabilities.max()))


def _decide_by_vote(
    query: QueryFeatures,
    gallery: Gallery,
    head: LinearHead | None,
    parameters: Parameters,
    *,
    rank: Callable[[QueryFeatures, Gallery, Shortlist, Parameters], tuple[Tensor, Matches]],
) -> Decision:
    """Rank the shortlist by ``rank``'s scores, let the first ones vote, explain the exemplars."""
    n_shortlist = parameters.get("n_shortlist", parameters["n_voters"])
    rows, cosines = (each[0] for each in gallery.nearest(query.vector[None], n_shortlist))
    scores, matches = rank(query, gallery, Shortlist(rows, cosines), parameters)
    order = torch.argsort(scores.cpu(), descending=True, stable=True)[: parameters["n_voters"]]
    labels = [int(gallery.labels[row]) for row in rows[order]]
    label, n_votes = majority_vote(labels)
    shown = [place for place, each in enumerate(labels) if each == label][:N_EXEMPLARS]
    neighbors = tuple(
        Neighbor(
            rank=place,
            image=int(gallery.image_ids[rows[slot]]),
            label=labels[place],
            score=float(scores[slot]),
            similarity=float(cosines[slot]),
            matches=matches(slot) if place in shown else (),
        )
        for place, slot in enumerate(order.tolist())
    )
    return Decision(label, n_votes / len(labels), n_votes, len(labels), neighbors)


def _rank_knn(
    query: QueryFeatures, gallery: Gallery, shortlist: Shortlist, parameters: Parameters
) -> tuple[Tensor, Matches]:
    return shortlist.cosines, lambda slot: ()


def _rank_emd(
    query: QueryFeatures, gallery: Gallery, shortlist: Shortlist, parameters: Parameters
) -> tuple[Tensor, Matches]:
    options = {name: parameters[name] for name in EMD_PARAMETERS}
    maps = gallery.maps_of(shortlist.rows).to(query.map.device)
    result = emd_scores(query.map, maps, **options)

    def matches(slot: int) -> tuple[PatchMatch, ...]:
        pairs = patch_pairs(result.plan[slot], result.similarity[slot], parameters["n_patches"])
        return tuple(PatchMatch(*pair) for pair in pairs)

    return result.scores, matches


Decider = Callable[[QueryFeatures, Gallery, LinearHead | None, Parameters], Decision]

DECIDERS: Final[Mapping[str, Decider]] = {
    "softmax": _decide_softmax,
    "knn": partial(_decide_by_vote, rank=_rank_knn),
    "emd-corr": partial(_decide_by_vote, rank=_rank_emd),
}
