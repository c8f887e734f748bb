"""The evidence that a decider may use, and the vote of the deciders that re-rank."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import torch
from torch import Tensor

from classifiers.core.catalogue import N_EXEMPLARS, Parameters
from classifiers.core.chm.matcher_features import Targets
from classifiers.core.chm.pair_cosines import Pairs
from classifiers.core.gallery.index import Gallery
from classifiers.core.head import LinearHead
from classifiers.core.query import QueryFeatures
from classifiers.core.vote import majority_vote
from classifiers.decision import Decision, Neighbor, PatchMatch

Matches = Callable[[int], tuple[PatchMatch, ...]]


@dataclass(frozen=True, slots=True)
class Shortlist:
    """A query's nearest images, nearest first: gallery rows (n,) and cosines (n,)."""

    rows: Tensor
    cosines: Tensor


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence that a classifier may use besides the query. Few classifiers need all of it.

    ``head`` is for softmax, ``targets`` for CHM-Corr. ``competing`` are the class indices to choose
    from (None: all). ``shortlist`` are the nearest images, if the caller has found them. CHM-Corr
    calls ``on_pairs`` with the cosines of the matched patches of the whole shortlist.
    """

    gallery: Gallery
    head: LinearHead | None = None
    targets: Targets | None = None
    competing: Collection[int] | None = None
    shortlist: Shortlist | None = None
    on_pairs: Callable[[Pairs], object] | None = None


# Scores of a shortlist (n,), and the matches of one of its places.
Rank = Callable[[QueryFeatures, Evidence, Shortlist, Parameters], tuple[Tensor, Matches]]


def decide_by_vote(
    query: QueryFeatures,
    evidence: Evidence,
    parameters: Parameters,
    *,
    rank: Rank,
) -> Decision:
    """Rank the shortlist by the scores of ``rank``.

    The first ones vote; exemplars are explained.
    """
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
