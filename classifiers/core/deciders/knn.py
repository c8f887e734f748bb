"""kNN: the nearest gallery photos by the cosine of their vectors vote."""

from __future__ import annotations

from torch import Tensor

from classifiers.core.catalogue import Parameters
from classifiers.core.deciders.evidence import Evidence, Matches, Shortlist, decide_by_vote
from classifiers.core.query import QueryFeatures
from classifiers.decision import Decision


def rank(
    query: QueryFeatures, evidence: Evidence, shortlist: Shortlist, parameters: Parameters
) -> tuple[Tensor, Matches]:
    """Keep the order of the cosines."""
    return shortlist.cosines, lambda slot: ()


def decide(query: QueryFeatures, evidence: Evidence, parameters: Parameters) -> Decision:
    """Let the nearest photos vote."""
    return decide_by_vote(query, evidence, parameters, rank=rank)
