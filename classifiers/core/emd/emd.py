"""EMD-Corr: compare two images patch by patch, through the transport plan between their maps.

Nguyen, Taesiri & Nguyen, "Visual correspondence-based explanations improve AI robustness and
human-AI team accuracy", NeurIPS 2022 (EMD-Corr). The solvers are in ``transport.py``.
R is the number of cells of a map (49), row-major; N the number of gallery images.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classifiers.core.emd.patch_maps import PatchMaps
from classifiers.core.emd.transport import SOLVERS, Problem, Settings, Solution

EPS: Final = 1e-12
SMALL_MAP: Final = 1024  # largest map (in numbers) for which float64 costs no time
MARGINAL_EPS: Final = 1e-5  # part of the published definition: marginals sum to just below 1


@dataclass(frozen=True, slots=True)
class EMDResult:
    """Scores and plans of one query against N gallery images.

    ``scores`` (N,), higher is nearer; ``plan`` and ``similarity`` (N, R, R), rows are gallery
    cells and columns query cells; ``iterations`` is one number for the coupled stop, otherwise
    a tensor (N,), of zeros for the exact plan, which is not found by Sinkhorn's iteration.
    """

    scores: Tensor
    plan: Tensor
    similarity: Tensor
    iterations: int | Tensor


@dataclass(frozen=True, slots=True)
class PatchPairs:
    """n pairs of cells, largest flow first: four arrays of shape (n,)."""

    query_cells: NDArray[np.int64]
    gallery_cells: NDArray[np.int64]
    flows: NDArray[np.float64]
    similarities: NDArray[np.float64]

    def __iter__(self) -> Iterator[tuple[int, int, float, float]]:
        """Yield (query cell, gallery cell, flow, similarity) of each pair, plain numbers."""
        columns = self.query_cells, self.gallery_cells, self.flows, self.similarities
        yield from zip(*(column.tolist() for column in columns), strict=True)


@torch.inference_mode()
def emd_scores(
    query: Tensor,
    gallery: Tensor | PatchMaps,
    *,
    epsilon: float = 0.05,
    tolerance: float = 0.1,
    max_iterations: int = 100,
    n_patches: int = 5,
    stop: str = "coupled",
) -> EMDResult:
    r"""Score gallery images by the flow between their most similar patches.

    With S the cosines of patch vectors, the plan F solves, approximately,

        min over F of  <F, 1 - S> + epsilon * sum F (log F - 1),   F 1 = u,  F^T 1 = v,

    where u and v weight a cell by its cross-correlation with the other image's mean patch. The
    score is the sum of F * S over the ``n_patches`` largest flows. The iteration ends when the
    row scaling changes by less than ``tolerance`` in the mean; the published tolerance stops
    long before convergence and is part of the definition of the scores.

    Parameters
    ----------
    query : (C, H, W) tensor
        Feature map, not normalised, never negative; R = H * W.
    gallery : (N, C, H, W) tensor or PatchMaps
        Maps of the images to compare with, of the same shape and type. Fastest with the
        channels last in memory, as ``Gallery.maps_of`` gives them, and as ``PatchMaps`` where
        the same maps are compared with many queries.
    epsilon
        Temperature of the entropic regularisation; not used by the exact plan.
    tolerance, max_iterations
        Of the first two stops.
    stop
        "coupled": one iteration count for all, from the mean change over all pairs and the
        pair of the query with itself, as in the authors' released code; scores then depend
        slightly on the other gallery images. "per_pair": each pair stops by itself; its score
        changes with the company by rounding only (1e-6). "converged": each pair goes on, in
        float64, until its plan's rows miss their mass u by 1e-9 in total (the columns carry
        theirs). "exact": the optimal plan without regularisation, from POT's ``ot.emd``; its
        ties are broken as POT breaks them.

    Raises
    ------
    ValueError
        Unknown ``stop``, shapes that do not fit, ``n_patches`` outside 1..R * R, or an epsilon
        below 0.005 for the converged plan.

    Warns
    -----
    RuntimeWarning
        Some pair did not reach ``tolerance`` within ``max_iterations``, or the converged plan
        not its 1e-9 within 10 000 iterations.

    Notes
    -----
    A map that is zero everywhere has no mass to move: its plan and score are zero.

    """
    maps = gallery.maps if isinstance(gallery, PatchMaps) else gallery
    _check(query, maps, n_patches, stop)
    problem = _problem(*_prepared(query, gallery))
    if stop != "coupled":  # the query against itself only matters if the stop is shared
        problem = Problem(*(item[1:] for item in problem))
    settings = Settings(epsilon, tolerance, max_iterations)
    solution = Solution(*(item[-len(maps) :] for item in SOLVERS[stop](problem, settings)))
    if not solution.has_converged.all():
        _warn(solution, settings, stop)
    plan, similarity = solution.plan, problem.similarity[-len(maps) :]  # (N, R, R)
    flows, cells = plan.flatten(1).topk(n_patches, sorted=False)  # (N, R, R) -> (N, R * R)
    scores = (flows * similarity.flatten(1).gather(1, cells)).sum(1)
    iterations = int(solution.iterations[0]) if stop == "coupled" else solution.iterations
    scores, plan, similarity = (item.to(query.dtype) for item in (scores, plan, similarity))
    return EMDResult(scores, plan, similarity, iterations)


def patch_pairs(plan: Tensor, similarity: Tensor, n: int = 5) -> PatchPairs:
    """Return the pairs that are drawn for one exemplar: the best partner of n query cells.

    For each query cell the gallery cell with the largest flow (the first of equals), then the
    n query cells with the largest such flow. Query cells are distinct, gallery cells need not
    be. ``plan`` and ``similarity`` are (R, R), rows gallery cells. Equal flows: smaller query
    cell first.
    """
    flows = _array(plan)
    partners = flows.argmax(axis=0)  # (R, R) -> (R,)
    query_cells = np.argsort(-flows.max(axis=0), kind="stable")[:n]
    return _pairs(flows, _array(similarity), partners[query_cells], query_cells)


def scored_pairs(plan: Tensor, similarity: Tensor, n: int = 5) -> PatchPairs:
    """Return the pairs that make up the score: the n largest flows, cells may repeat.

    ``plan`` and ``similarity`` are (R, R), rows gallery cells.
    """
    flows = _array(plan)
    best = np.argsort(-flows, axis=None, kind="stable")[:n]
    gallery_cells, query_cells = np.divmod(best, flows.shape[1])
    return _pairs(flows, _array(similarity), gallery_cells, query_cells)


def _pairs(
    flows: NDArray[np.float64],
    similarities: NDArray[np.float64],
    gallery_cells: NDArray[np.int64],
    query_cells: NDArray[np.int64],
) -> PatchPairs:
    at = gallery_cells, query_cells
    return PatchPairs(query_cells, gallery_cells, flows[at], similarities[at])


def _array(x: Tensor) -> NDArray[np.float64]:
    return x.detach().double().cpu().numpy()


def _prepared(query: Tensor, gallery: Tensor | PatchMaps) -> tuple[Tensor, PatchMaps]:
    """Measure the gallery's patches if the caller has not; convert small maps to float64.

    The kernel exp(20 (S - 1)) multiplies rounding errors by 20, which is visible in the seventh
    digit.
    """
    maps = gallery.maps if isinstance(gallery, PatchMaps) else gallery
    if query.numel() <= SMALL_MAP:
        return query.double(), PatchMaps.of(maps.double())
    return query, gallery if isinstance(gallery, PatchMaps) else PatchMaps.of(gallery)


def _problem(query: Tensor, gallery: PatchMaps) -> Problem:
    """Return the N + 1 problems; slot 0 is the query against itself.

    One product of the raw maps gives both the cosines, after division by the patches' lengths, and
    the cross-correlation weights, because <q_p, sum of g_s> = sum of <q_p, g_s>.
    """
    r = gallery.norms.shape[1]
    itself = PatchMaps.of(query[None].contiguous(memory_format=torch.channels_last))
    cells = itself.maps[0].permute(1, 2, 0).reshape(r, -1)  # (C, H, W) -> (R, C)
    products = torch.cat([(cells @ cells.T)[None], gallery.products(cells)])  # (N + 1, R, R)
    norms = torch.cat([itself.norms, gallery.norms]).clamp_min_(EPS)  # (N + 1, R)
    mean_norms = torch.cat([itself.mean_norms, gallery.mean_norms])  # (N + 1,)
    scale = (r * r * itself.mean_norms * mean_norms).clamp_min_(EPS)[:, None]  # (N + 1, 1)
    gallery_map, query_map = products.sum(2) / scale, products.sum(1) / scale  # (N + 1, R)
    similarity = products.div_(norms[:, :, None]).div_(norms[0])
    return Problem(similarity, _unit_mass(gallery_map), _unit_mass(query_map))


def _unit_mass(weights: Tensor) -> Tensor:
    return weights / (weights.sum(1, keepdim=True) + MARGINAL_EPS)


def _warn(solution: Solution, settings: Settings, stop: str) -> None:
    n_left, n = int((~solution.has_converged).sum()), len(solution.has_converged)
    goal = f"reach tolerance {settings.tolerance:g}" if stop != "converged" else "converge"
    remedy = "max_iterations, tolerance or epsilon" if stop != "converged" else "epsilon"
    warnings.warn(
        f"Sinkhorn did not {goal} in {int(solution.iterations.max())} iterations for "
        f"{n_left} of {n} pairs. Raise {remedy}.",
        RuntimeWarning,
        stacklevel=4,  # the caller of emd_scores, past its decorator
    )


def _check(query: Tensor, gallery: Tensor, n_patches: int, stop: str) -> None:
    if stop not in SOLVERS:
        raise ValueError(f"Unknown stop {stop!r}; known: {', '.join(SOLVERS)}.")
    if gallery.ndim != 4 or len(gallery) == 0 or query.shape != gallery.shape[1:]:
        raise ValueError(
            f"Query map {tuple(query.shape)}, gallery maps {tuple(gallery.shape)}; expected "
            "(C, H, W) and (N, C, H, W) with the same C, H, W and N at least 1."
        )
    n_cells = math.prod(query.shape[1:])
    if not 1 <= n_patches <= n_cells**2:
        raise ValueError(f"n_patches is {n_patches}; expected 1 to {n_cells**2}.")
