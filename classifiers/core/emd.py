"""EMD-Corr: compare two images patch by patch, through the transport plan between their maps.

Nguyen, Taesiri & Nguyen, "Visual correspondence-based explanations improve AI robustness and
human-AI team accuracy", NeurIPS 2022 (EMD-Corr); the solver is Cuturi's Sinkhorn iteration,
NeurIPS 2013. R is the number of cells of a map (49), row-major; N the number of gallery images.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classifiers.core.catalogue import STOPS

EPS: Final = 1e-12
MARGINAL_EPS: Final = 1e-5  # part of the published definition: marginals sum to just below 1


@dataclass(frozen=True, slots=True)
class EMDResult:
    """Scores and plans of one query against N gallery images.

    ``scores`` (N,), higher is nearer; ``plan`` and ``similarity`` (N, R, R), rows are gallery
    cells and columns query cells; ``iterations`` is one number for the coupled stop, a tensor
    (N,) for the per-pair stop.
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
        yield from zip(*(each.tolist() for each in columns), strict=True)


class _Problem(NamedTuple):
    """M transport problems: similarity (M, R, R), marginals over gallery and query (M, R)."""

    similarity: Tensor
    gallery_mass: Tensor
    query_mass: Tensor


class _Solution(NamedTuple):
    """Plans (M, R, R), iterations (M,), and whether each stopped by itself (M,)."""

    plan: Tensor
    iterations: Tensor
    has_converged: Tensor


@torch.inference_mode()
def emd_scores(
    query: Tensor,
    gallery: Tensor,
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
    gallery : (N, C, H, W) tensor
        Maps of the images to compare with, of the same shape and type. Fastest with the
        channels last in memory, as ``Gallery.maps_of`` gives them.
    epsilon
        Temperature of the entropic regularisation.
    stop
        "coupled": one iteration count for all, from the mean change over all pairs and the
        pair of the query with itself, as in the authors' released code; scores then depend
        slightly on the other gallery images. "per_pair": each pair stops by itself.

    Raises
    ------
    ValueError
        Unknown ``stop``, shapes that do not fit, or ``n_patches`` outside 1..R * R.

    Warns
    -----
    RuntimeWarning
        Some pair did not reach ``tolerance`` within ``max_iterations``.

    Notes
    -----
    A map that is zero everywhere has no mass to move: its plan and score are zero.

    """
    _check(query, gallery, n_patches, stop)
    problem = _problem(query, gallery)
    if stop == "per_pair":  # the query against itself only matters where the stop is shared
        problem = _Problem(*(each[1:] for each in problem))
    solution = _sinkhorn(problem, epsilon, tolerance, max_iterations, stop)
    n = len(gallery)
    if not solution.has_converged[-n:].all():
        warnings.warn(
            f"Sinkhorn did not reach tolerance {tolerance:g} in {max_iterations} iterations for "
            f"{n - int(solution.has_converged[-n:].sum())} of {n} pairs. Raise max_iterations, "
            "tolerance or epsilon.",
            RuntimeWarning,
            stacklevel=2,
        )
    plan, similarity = solution.plan[-n:], problem.similarity[-n:]
    flows, cells = plan.flatten(1).topk(n_patches)  # (N, R, R) -> (N, R * R)
    scores = (flows * similarity.flatten(1).gather(1, cells)).sum(1)
    iterations = int(solution.iterations[0]) if stop == "coupled" else solution.iterations
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


def _problem(query: Tensor, gallery: Tensor) -> _Problem:
    """Return the N + 1 problems; slot 0 is the query against itself.

    One product of the raw maps gives everything: dividing its (N, R, R) result by the patches'
    lengths is far less work than normalising the maps, and the cross-correlation weights are
    two matrix-vector products on it, because <q_p, sum of g_s> = sum over s of <q_p, g_s>.
    """
    n, c, h, w = gallery.shape
    r = h * w
    q = query.flatten(1).T.contiguous()  # (C, H, W) -> (R, C)
    g = gallery.flatten(2).transpose(1, 2).reshape(n * r, c)  # (N, C, H, W) -> (N * R, C)
    products = (g @ q.T).view(n, r, r)  # (N * R, R) -> (N, gallery R, query R)
    products = torch.cat([(q @ q.T)[None], products])  # (N + 1, R, R)

    q_norms = torch.linalg.vector_norm(q, dim=1)  # (R,)
    g_norms = torch.linalg.vector_norm(g, dim=1).view(n, r)  # (N * R,) -> (N, R)
    g_norms = torch.cat([q_norms[None], g_norms])  # (N + 1, R)
    similarity = products / g_norms.clamp_min(EPS)[:, :, None] / q_norms.clamp_min(EPS)

    q_length = torch.linalg.vector_norm(q.mean(0))  # ()
    g_lengths = torch.linalg.vector_norm(g.view(n, r, c).mean(1), dim=1)  # (N, R, C) -> (N,)
    g_lengths = torch.cat([q_length[None], g_lengths])  # (N + 1,)
    scale = (r * r * q_length * g_lengths).clamp_min(EPS)[:, None]  # (N + 1, 1)
    gallery_map, query_map = products.sum(2) / scale, products.sum(1) / scale  # (N + 1, R)
    return _Problem(similarity, _unit_mass(gallery_map), _unit_mass(query_map))


def _unit_mass(weights: Tensor) -> Tensor:
    return weights / (weights.sum(1, keepdim=True) + MARGINAL_EPS)


def _sinkhorn(
    problem: _Problem, epsilon: float, tolerance: float, max_iterations: int, stop: str
) -> _Solution:
    """Scale rows and columns in turn; a pair is frozen when its change is below tolerance."""
    u, v = problem.gallery_mass, problem.query_mass
    kernel = torch.exp((problem.similarity - 1) / epsilon)  # (M, R, R)
    # A row vector times a contiguous matrix is the fast form of a batched product on a CPU
    # (7 times faster than the column form), so the transpose is worth its memory.
    kernel_t = kernel.transpose(1, 2).contiguous()
    tiny = torch.finfo(kernel.dtype).tiny  # maps without mass: 0 / tiny instead of 0 / 0
    rows, columns = torch.ones_like(u), torch.ones_like(v)
    is_active = torch.ones(len(u), 1, dtype=torch.bool, device=u.device)
    iterations = torch.zeros(len(u), 1, dtype=torch.int64, device=u.device)
    for _ in range(max_iterations):
        new_rows = u / torch.bmm(columns[:, None], kernel_t)[:, 0].clamp_min(tiny)  # (M, R)
        new_columns = v / torch.bmm(new_rows[:, None], kernel)[:, 0].clamp_min(tiny)  # (M, R)
        change = (new_rows - rows).abs().mean(1, keepdim=True)  # (M, 1)
        if stop == "coupled":
            change = change.mean().expand_as(change)
        rows = torch.where(is_active, new_rows, rows)
        columns = torch.where(is_active, new_columns, columns)
        iterations += is_active
        is_active = is_active & (change >= tolerance)
        if not is_active.any():
            break
    plan = rows[:, :, None] * kernel * columns[:, None, :]  # (M, R, R)
    return _Solution(plan, iterations[:, 0], ~is_active[:, 0])


def _check(query: Tensor, gallery: Tensor, n_patches: int, stop: str) -> None:
    if stop not in STOPS:
        raise ValueError(f"Unknown stop {stop!r}; known: {', '.join(STOPS)}.")
    if gallery.ndim != 4 or len(gallery) == 0 or query.shape != gallery.shape[1:]:
        raise ValueError(
            f"Query map {tuple(query.shape)}, gallery maps {tuple(gallery.shape)}; expected "
            "(C, H, W) and (N, C, H, W) with the same C, H, W and N at least 1."
        )
    n_cells = math.prod(query.shape[1:])
    if not 1 <= n_patches <= n_cells**2:
        raise ValueError(f"n_patches is {n_patches}; expected 1 to {n_cells**2}.")
