"""CHM-Corr and CHM-Corr+: compare the patches that a matcher puts in correspondence.

Nguyen, Taesiri & Nguyen, "Visual correspondence-based explanations improve AI robustness and
human-AI team accuracy", NeurIPS 2022. N is the number of gallery images; cells are those of the
7 x 7 grid, row-major, R = 49 of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from classifiers.core.chm.keypoints import target_cells
from classifiers.core.emd.patch_maps import PatchMaps
from classifiers.decision import GRID

EPS: Final = 1e-6  # added by the published cosine where both lengths are near zero
N_CELLS: Final = GRID * GRID


@dataclass(frozen=True, slots=True)
class CHMResult:
    """One query against N gallery images.

    ``scores`` (N,), higher is nearer; ``similarity`` (N, 49), the cosine of each query cell's patch
    with its partner's; ``cells`` (N, 49), the partners' cells; ``mask`` (N, 49), bool: the query
    cells that count. With ``paper=True`` the cosine is that of the mirror image of the partner in
    ``cells``; the partner in ``cells`` is drawn.
    """

    scores: Tensor
    similarity: Tensor
    cells: Tensor
    mask: Tensor

    def pairs(self, slot: int, n: int) -> list[tuple[int, int, float, float]]:
        """Return the n best pairs of one image: (query cell, gallery cell, weight, cosine).

        Only cells of the mask are used. The largest cosine comes first; of equal ones, the smaller
        cell. The weight is the cosine, because it ranks the pairs.
        """
        values, cells = self.similarity[slot].tolist(), self.cells[slot].tolist()
        kept = self.mask[slot].nonzero()[:, 0].tolist()
        best = sorted(kept, key=lambda cell: -values[cell])[:n]
        return [(cell, cells[cell], values[cell], values[cell]) for cell in best]


@torch.inference_mode()
def chm_scores(
    query: Tensor,
    gallery: Tensor | PatchMaps,
    transferred: Tensor,
    *,
    threshold: float = 0.55,
    n_patches: int = 5,
    mask: Tensor | None = None,
    paper: bool = False,
) -> CHMResult:
    """Score gallery images by the patches that correspond to the query's.

    Parameters
    ----------
    query : (C, 7, 7) tensor
        Feature map, not normalised, never negative.
    gallery : (N, C, 7, 7) tensor or PatchMaps
    transferred : (N, 2, 49) tensor
        Normalised positions of the fixed grid's points (x slowest) in each gallery image.
    threshold
        CHM-Corr: query cells count whose cross-correlation with the gallery image, scaled to
        0..1, reaches it; the score is the mean of the ``n_patches`` largest cosines among
        them, 0 standing for those that are missing.
    mask : (7, 7) bool tensor
        CHM-Corr+: the cells that count, instead of the threshold; the score is the sum of
        their cosines, divided by 49.
    paper
        Compare as the authors' code does: it takes the x of a point for a row, so that it
        compares the mirror images, across the main diagonal, of query cell and partner.

    Raises
    ------
    ValueError
        Shapes that do not fit, or ``n_patches`` outside 1..49.

    """
    maps = gallery if isinstance(gallery, PatchMaps) else PatchMaps.of(gallery)
    _check(query, maps.maps, transferred, n_patches, mask)
    columns, rows = target_cells(transferred).unbind(1)  # (N, 49) each, key point 7 * x + y
    drawn = _by_cell(GRID * rows + columns)
    compared = GRID * columns + rows if paper else drawn
    cells = query.flatten(1).T.contiguous()  # (C, 7, 7) -> (49, C)
    products = maps.products(cells)  # (N, gallery 49, query 49)
    lengths = maps.norms[:, :, None] * torch.linalg.vector_norm(cells, dim=1)
    cosines = products / lengths.clamp_min(EPS)
    similarity = cosines.gather(1, compared[:, None])[:, 0]  # (N, 49)
    if mask is not None:
        counts = mask.flatten().to(similarity.device, torch.bool).expand_as(similarity)
        scores = (similarity * counts).mean(1)
    else:
        counts = _unit_range(products.sum(1)) >= threshold
        scores = (similarity * counts).topk(n_patches, dim=1).values.mean(1)
    return CHMResult(scores, similarity, drawn, counts)


def _by_cell(by_point: Tensor) -> Tensor:
    """Reorder (N, 49) from key points, 7 * x + y, to cells, 7 * y + x."""
    return by_point.reshape(-1, GRID, GRID).transpose(1, 2).flatten(1)  # (N, 49) -> (N, x, y)


def _unit_range(x: Tensor) -> Tensor:
    """Scale each row of (N, 49) to 0..1; a constant row becomes zero."""
    low, high = x.amin(1, keepdim=True), x.amax(1, keepdim=True)
    span = high - low
    return torch.where(span > 0, (x - low) / span.clamp_min(torch.finfo(x.dtype).tiny), 0)


def _check(
    query: Tensor, gallery: Tensor, transferred: Tensor, n_patches: int, mask: Tensor | None
) -> None:
    if gallery.ndim != 4 or len(gallery) == 0 or query.shape != gallery.shape[1:]:
        raise ValueError(
            f"Query map {tuple(query.shape)}, gallery maps {tuple(gallery.shape)}; expected "
            "(C, 7, 7) and (N, C, 7, 7) with the same C and N at least 1."
        )
    expected = (len(gallery), 2, N_CELLS)
    if query.shape[1:] != (GRID, GRID) or transferred.shape != expected:
        raise ValueError(
            f"Query map {tuple(query.shape)}, transferred points {tuple(transferred.shape)}; "
            f"expected (C, 7, 7) and {expected}."
        )
    if not 1 <= n_patches <= N_CELLS:
        raise ValueError(f"n_patches is {n_patches}; expected 1 to {N_CELLS}.")
    if mask is not None and mask.shape != (GRID, GRID):
        raise ValueError(f"Mask {tuple(mask.shape)}; expected (7, 7).")
