"""EMD-Corr: the shortlist is ranked by the earth mover's distance between patches."""

from __future__ import annotations

from torch import Tensor

from classifiers.core.catalogue import EMD_PARAMETERS, Parameters
from classifiers.core.deciders.evidence import Evidence, Matches, Shortlist, decide_by_vote
from classifiers.core.emd.emd import emd_scores, patch_pairs, scored_pairs
from classifiers.core.query import QueryFeatures
from classifiers.decision import Decision, PatchMatch


def rank(
    query: QueryFeatures, evidence: Evidence, shortlist: Shortlist, parameters: Parameters
) -> tuple[Tensor, Matches]:
    """Score by optimal transport; the pairs carry the most weight."""
    options = {name: parameters[name] for name in EMD_PARAMETERS}
    maps = evidence.gallery.maps_of(shortlist.rows).to(query.map.device)
    result = emd_scores(query.map, maps, **options)

    choose = patch_pairs if parameters["pairs"] == "drawn" else scored_pairs

    def matches(slot: int) -> tuple[PatchMatch, ...]:
        pairs = choose(result.plan[slot], result.similarity[slot], parameters["n_patches"])
        return tuple(PatchMatch(*pair) for pair in pairs)

    return result.scores, matches


def decide(query: QueryFeatures, evidence: Evidence, parameters: Parameters) -> Decision:
    """Rank the shortlist by optimal transport; its first photos vote."""
    return decide_by_vote(query, evidence, parameters, rank=rank)
