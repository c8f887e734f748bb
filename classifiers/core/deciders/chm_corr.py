"""CHM-Corr and CHM-Corr+: the shortlist is ranked by matched patches."""

from __future__ import annotations

import torch
from torch import Tensor

from classifiers.core.catalogue import Parameters
from classifiers.core.chm.chm import CHMResult, chm_scores
from classifiers.core.chm.chmnet import fixed_grid
from classifiers.core.chm.masks import mask_of_text
from classifiers.core.chm.pair_cosines import Pairs, pairs_of
from classifiers.core.deciders.evidence import Evidence, Matches, Shortlist, decide_by_vote
from classifiers.core.query import QueryFeatures, targets_field
from classifiers.decision import Decision, PatchMatch


def rank(
    query: QueryFeatures, evidence: Evidence, shortlist: Shortlist, parameters: Parameters
) -> tuple[Tensor, Matches]:
    """Score by the cosines of matched patches in the cells of the mask."""
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
    mask = _mask(parameters)  # before expensive work, because it may refuse
    compared = query.map if query.matched_map is None else query.matched_map
    kept = targets.of(shortlist.rows)  # (n, 3, 225, D)
    source, kept, grid = (
        item.to(targets.matcher.device) for item in (query.source, kept, fixed_grid())
    )
    points = targets.matcher.learner.transfer(source, kept, grid)  # (n, 2, 49)
    points = points.to(compared.device)
    maps = evidence.gallery.maps_of(shortlist.rows).to(compared.device)
    options = {name: parameters[name] for name in ("threshold", "n_patches") if name in parameters}
    result = chm_scores(
        compared, maps, points, mask=mask, paper=bool(parameters["paper"]), **options
    )
    if evidence.on_pairs is not None:
        evidence.on_pairs(_pairs(evidence, shortlist, result))
    n_pairs = parameters.get("n_patches", result.mask.shape[1])

    def matches(slot: int) -> tuple[PatchMatch, ...]:
        return tuple(PatchMatch(*pair) for pair in result.pairs(slot, n_pairs))

    return result.scores, matches


def _pairs(evidence: Evidence, shortlist: Shortlist, result: CHMResult) -> Pairs:
    rows = shortlist.rows.cpu().numpy()
    return pairs_of(
        evidence.gallery.image_ids[rows],
        evidence.gallery.labels[rows],
        result.similarity.cpu().numpy(),
        result.cells.cpu().numpy(),
    )


def _mask(parameters: Parameters) -> Tensor | None:
    if "mask" not in parameters:
        return None
    if parameters["masks"]:
        raise ValueError("masks names a file of masks; expected mask=, this image's of it.")
    return torch.from_numpy(mask_of_text(parameters["mask"]))


def decide(query: QueryFeatures, evidence: Evidence, parameters: Parameters) -> Decision:
    """Rank the shortlist by matched patches; its first photos vote."""
    return decide_by_vote(query, evidence, parameters, rank=rank)
