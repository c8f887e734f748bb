"""The one function that runs any classifier of the catalogue.

A new classifier is an entry in ``catalogue.CLASSIFIERS`` and one of ``DECIDERS``: a function
from query and gallery to a ``Decision`` or, if it re-ranks and votes, only to scores.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import torch
from PIL import Image
from torch import Tensor

from classifiers.core.catalogue import (
    CLASSIFIERS,
    EMD_PARAMETERS,
    N_EXEMPLARS,
    Parameters,
    parameters_resolved,
)
from classifiers.core.chm.chm import chm_scores
from classifiers.core.chm.chmnet import fixed_grid
from classifiers.core.chm.masks import mask_of_text, text_of_mask
from classifiers.core.chm.matcher_features import Targets
from classifiers.core.emd.emd import emd_scores, patch_pairs, scored_pairs
from classifiers.core.gallery.index import Gallery
from classifiers.core.head import LinearHead
from classifiers.core.query import QueryFeatures, matcher_kept, query_features, targets_field
from classifiers.core.vote import majority_vote
from classifiers.decision import Decision, Neighbor, PatchMatch

__all__ = ["DECIDERS", "QueryFeatures", "Shortlist", "classify"]

Matches = Callable[[int], tuple[PatchMatch, ...]]


@dataclass(frozen=True, slots=True)
class Shortlist:
    """A query's nearest images, nearest first: gallery rows (n,) and cosines (n,)."""

    rows: Tensor
    cosines: Tensor


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a classifier may look at beside the query; each is needed by some only.

    ``head`` by softmax; ``targets`` by CHM-Corr; ``competing`` are the class indices to choose
    from, all if None; ``shortlist`` are the nearest images, where the caller has found them.
    """

    gallery: Gallery
    head: LinearHead | None = None
    targets: Targets | None = None
    competing: Collection[int] | None = None
    shortlist: Shortlist | None = None


def classify(
    query: QueryFeatures | Image.Image | str | Path,
    gallery: Gallery,
    classifier: str,
    *,
    head: LinearHead | None = None,
    targets: Targets | None = None,
    competing: Collection[int] | None = None,
    shortlist: Shortlist | None = None,
    **parameters: Any,
) -> Decision:
    """Decide on one image: same input, same decision.

    Neighbors are every voter, nearest first; equal scores keep the order of the kNN ranking.
    Matches are filled for the exemplars that people see: the first five voters for the
    predicted class. A gallery smaller than the shortlist or the voters is used whole.

    Parameters
    ----------
    query
        Features, or a photo or its path, whose features are then extracted by the gallery's
        own backbone.
    head
        For "softmax": the result of ``head_train`` on this gallery, or the backbone's own.
    parameters
        Those of the catalogue. CHM-Corr+'s ``mask`` may be an array (7, 7) too.
    targets
        For CHM-Corr and CHM-Corr+: what their matcher keeps of this gallery; opened from the
        gallery's folder if left out.
    competing
        Class indices to choose from, where ``classes="split"``.
    shortlist
        The gallery's nearest images, at least as many as the classifier asks for, where they
        were found for many queries at once.

    Raises
    ------
    ValueError
        Unknown classifier or parameter, a value out of range, or something missing that the
        classifier needs.

    """
    if not isinstance(parameters.get("mask", ""), str):
        parameters["mask"] = text_of_mask(parameters["mask"])
    resolved = parameters_resolved(classifier, parameters)
    if (resolved["classes"] == "split") != (competing is not None):
        raise ValueError(
            f"classes is {resolved['classes']!r} and competing {competing!r}; expected "
            "classes='split' with the class indices that compete, or 'all' without."
        )
    if CLASSIFIERS[classifier].needs_matcher and targets is None:
        field = targets_field(resolved)
        targets = Targets.open(gallery, matcher_kept(resolved["matcher"]), field)
    if not isinstance(query, QueryFeatures):
        matcher = targets.matcher if targets is not None else None
        query = query_features(query, gallery, resolved, matcher)
    evidence = Evidence(gallery, head, targets, competing, shortlist)
    return DECIDERS[classifier](query, evidence, resolved)


def _decide_softmax(query: QueryFeatures, evidence: Evidence, parameters: Parameters) -> Decision:
    head = evidence.head
    if head is None:
        raise ValueError("No head; expected head=, the result of head_train on this gallery.")
    trained = head.parameters
    if any(parameters[name] != value for name, value in trained.items()):
        wanted = {name: parameters[name] for name in trained}
        raise ValueError(f"The head was trained with {trained}; expected {wanted}.")
    if head.is_own and evidence.gallery.manifest.grey == "half":
        raise ValueError(
            "own_head on a gallery with grey='half': its maps of grey photos are not the head's; "
            "expected a gallery built with grey='backbone'."
        )
    pooled = query.map.mean((1, 2)) if head.is_own else query.vector  # (C, 7, 7) -> (C,)
    label, probability = head.choose(pooled, evidence.competing)
    # The published confidences are whole per cents, cut off.
    confidence = math.floor(100 * probability) / 100 if parameters["paper"] else probability
    return Decision(label=label, confidence=confidence)


def _decide_by_vote(
    query: QueryFeatures,
    evidence: Evidence,
    parameters: Parameters,
    *,
    rank: Callable[[QueryFeatures, Evidence, Shortlist, Parameters], tuple[Tensor, Matches]],
) -> Decision:
    """Rank the shortlist by ``rank``'s scores, let the first ones vote, explain the exemplars."""
    gallery = evidence.gallery
    n_shortlist = parameters.get("n_shortlist", parameters["n_voters"])
    near = evidence.shortlist
    if near is None:
        found = gallery.nearest(query.vector[None], n_shortlist, classes=evidence.competing)
        near = Shortlist(found[0][0], found[1][0])
    rows, cosines = near.rows[:n_shortlist], near.cosines[:n_shortlist]
    scores, matches = rank(query, evidence, Shortlist(rows, cosines), parameters)
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
    query: QueryFeatures, evidence: Evidence, shortlist: Shortlist, parameters: Parameters
) -> tuple[Tensor, Matches]:
    return shortlist.cosines, lambda slot: ()


def _rank_emd(
    query: QueryFeatures, evidence: Evidence, shortlist: Shortlist, parameters: Parameters
) -> tuple[Tensor, Matches]:
    options = {name: parameters[name] for name in EMD_PARAMETERS}
    maps = evidence.gallery.maps_of(shortlist.rows).to(query.map.device)
    result = emd_scores(query.map, maps, **options)

    choose = patch_pairs if parameters["pairs"] == "drawn" else scored_pairs

    def matches(slot: int) -> tuple[PatchMatch, ...]:
        pairs = choose(result.plan[slot], result.similarity[slot], parameters["n_patches"])
        return tuple(PatchMatch(*pair) for pair in pairs)

    return result.scores, matches


def _rank_chm(
    query: QueryFeatures, evidence: Evidence, shortlist: Shortlist, parameters: Parameters
) -> tuple[Tensor, Matches]:
    targets, field = evidence.targets, targets_field(parameters)
    if targets is None or query.source is None:
        raise ValueError("No targets or no source; expected both, from the same matcher.")
    sha256 = parameters["matcher_sha256"] or targets.matcher.sha256
    wanted = parameters["matcher"], field, sha256
    if (targets.matcher.name, targets.field, targets.matcher.sha256) != wanted:
        raise ValueError(
            f"Targets of {targets.matcher.name}, field {targets.field}, weights "
            f"{targets.matcher.sha256[:8]}; expected {wanted[0]}, field {wanted[1]}, weights "
            f"{sha256[:8]}."
        )
    mask = _mask(parameters)  # before the work that a refusal would waste
    compared = query.map if query.matched_map is None else query.matched_map
    kept = targets.of(shortlist.rows)  # (n, 3, 225, D)
    points = targets.matcher.learner.transfer(query.source, kept, fixed_grid())  # (n, 2, 49)
    points = points.to(compared.device)
    maps = evidence.gallery.maps_of(shortlist.rows).to(compared.device)
    options = {name: parameters[name] for name in ("threshold", "n_patches") if name in parameters}
    result = chm_scores(
        compared, maps, points, mask=mask, paper=bool(parameters["paper"]), **options
    )
    n_pairs = parameters.get("n_patches", result.mask.shape[1])

    def matches(slot: int) -> tuple[PatchMatch, ...]:
        return tuple(PatchMatch(*pair) for pair in result.pairs(slot, n_pairs))

    return result.scores, matches


def _mask(parameters: Parameters) -> Tensor | None:
    if "mask" not in parameters:
        return None
    if parameters["masks"]:
        raise ValueError("masks names a file of masks; expected mask=, this image's of it.")
    return torch.from_numpy(mask_of_text(parameters["mask"]))


Decider = Callable[[QueryFeatures, Evidence, Parameters], Decision]

DECIDERS: Final[Mapping[str, Decider]] = {
    "softmax": _decide_softmax,
    "knn": partial(_decide_by_vote, rank=_rank_knn),
    "emd-corr": partial(_decide_by_vote, rank=_rank_emd),
    "chm-corr": partial(_decide_by_vote, rank=_rank_chm),
    "chm-corr-plus": partial(_decide_by_vote, rank=_rank_chm),
}
