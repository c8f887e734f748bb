"""Baselines for a trained matcher: simple rules on the feature maps.

Every rule takes maps of source and target, (C, H, W), and key points (2, P), and returns their
positions in the target, (2, P); coordinates are normalised, (x, y) in [-1, 1] from edge to edge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from classifiers.core.chm.keypoints import IMAGE_SIZE, fixed_grid
from classifiers.core.chm.warped_pairs import Pair, normalised

N_DRAWS: Final = 500
INLIER: Final = 0.1  # of a half side, 12 pixels of 240
N_REFITS: Final = 3

Rule = Callable[[Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Score:
    """Error of n transferred points: shares within 24 and 12 pixels of 240, mean in pixels."""

    pck_10: float
    pck_05: float
    mean_px: float
    n: int


def score(predicted: Tensor, truth: Tensor, mask: Tensor) -> Score:
    """Compare (..., 2, P) with the truth (..., 2, P) where ``mask`` (..., P) is true.

    PCK@0.1, the percentage of correct key points, allows a tenth of the image's side (Yang &
    Ramanan, "Articulated human detection with flexible mixtures of parts", PAMI 2013).

    Raises
    ------
    ValueError
        No point counts.

    """
    error = torch.linalg.vector_norm(predicted - truth, dim=-2)[mask] * IMAGE_SIZE / 2  # (n,)
    if not len(error):
        raise ValueError("No point to score: every one of them left the target image.")

    def share(limit: float) -> float:
        return float((error <= limit * IMAGE_SIZE).double().mean())

    return Score(share(0.1), share(0.05), float(error.mean()), len(error))


def cells(height: int, width: int) -> Tensor:
    """Return the centres (2, H * W) of a map's cells, row by row."""
    y, x = ((2 * torch.arange(n) + 1) / n - 1 for n in (height, width))
    return torch.stack([x.repeat(height), y.repeat_interleave(width)])


def stay(source: Tensor, target: Tensor, points: Tensor) -> Tensor:
    """Return every point unchanged."""
    return points.clone()


def best_cell(source: Tensor, target: Tensor, points: Tensor) -> Tensor:
    """Move each point to the centre of the cell that is most similar to its own (cosine)."""
    similarity = _similarity(source, target)[_cell_of(points, source)]  # (P, R)
    return cells(*target.shape[1:])[:, similarity.argmax(1)]


def best_cell_bilinear(source: Tensor, target: Tensor, points: Tensor) -> Tensor:
    """Do the same for the features at the point itself, interpolated between cells."""
    grid = points.T[None, None]  # (2, P) -> (1, 1, P, 2)
    sampled = F.grid_sample(source[None], grid, padding_mode="border", align_corners=False)
    features = F.normalize(sampled[0, :, 0], dim=0)  # (1, C, 1, P) -> (C, P)
    similarity = features.T @ F.normalize(target.flatten(1), dim=0)  # (P, R)
    return cells(*target.shape[1:])[:, similarity.argmax(1)]


def mutual_cell(source: Tensor, target: Tensor, points: Tensor) -> Tensor:
    """Move each point to the best cell after the soft mutual-neighbour filter.

    Rocco et al., "Neighbourhood consensus networks", NeurIPS 2018: a cosine (negative ones are
    0) is multiplied by its ratios to the best of its row and of its column.
    """
    c = _similarity(source, target).clamp_min(0)
    tiny = torch.finfo(c.dtype).tiny
    rows, columns = (c.amax(axis, keepdim=True).clamp_min(tiny) for axis in (1, 0))
    filtered = (c * (c / rows) * (c / columns))[_cell_of(points, source)]  # (P, R)
    return cells(*target.shape[1:])[:, filtered.argmax(1)]


def mutual_affine(source: Tensor, target: Tensor, points: Tensor) -> Tensor:
    """Move all points by one affine map, fitted robustly to pairs of mutually best cells.

    RANSAC (Fischler & Bolles, 1981): of 500 triples of mutual neighbours, take the map with most
    neighbours within 12 pixels, then fit these by least squares; repeat the fit three times. The
    draws are always the same. With fewer than three mutual neighbours, points do not move. No point
    leaves the target image.
    """
    similarity = _similarity(source, target)
    there, back = similarity.argmax(1), similarity.argmax(0)
    chosen = (back[there] == torch.arange(len(there))).nonzero()[:, 0]  # (M,)
    if len(chosen) < 3:
        return points.clone()
    start = _lifted(cells(*source.shape[1:])[:, chosen]).double()  # (M, 3)
    end = cells(*target.shape[1:])[:, there[chosen]].T.double()  # (M, 2)
    affine = _ransac(start, end)  # (3, 2)
    moved = (_lifted(points).double() @ affine).T  # (P, 3) @ (3, 2) -> (2, P)
    return moved.clamp(-1, 1).to(points)


def _ransac(start: Tensor, end: Tensor) -> Tensor:
    """Return the (3, 2) map from (M, 3) to (M, 2)."""
    generator = torch.Generator().manual_seed(0)
    triples = torch.rand(N_DRAWS, len(start), generator=generator).topk(3, dim=1).indices
    # Three points on a line have no affine map; that of the pseudo-inverse fits few others.
    maps = torch.linalg.pinv(start[triples]) @ end[triples]  # (500, 3, 3) @ (500, 3, 2)
    errors = torch.linalg.vector_norm(start @ maps - end, dim=2)  # (500, M)
    affine: Tensor = maps[(errors < INLIER).sum(1).argmax()]
    for _ in range(N_REFITS):
        is_near = torch.linalg.vector_norm(start @ affine - end, dim=1) < INLIER  # (M,)
        affine = torch.linalg.pinv(start[is_near]) @ end[is_near]
    return affine


def _lifted(points: Tensor) -> Tensor:
    """Return (2, P) as (P, 3) with 1 as the last coordinate."""
    return torch.cat([points.T, torch.ones_like(points[:1]).T], dim=1)


def _similarity(source: Tensor, target: Tensor) -> Tensor:
    """Return cosines (R, R): rows are source cells, columns target cells."""
    return F.normalize(source.flatten(1), dim=0).T @ F.normalize(target.flatten(1), dim=0)


def _cell_of(points: Tensor, feature_map: Tensor) -> Tensor:
    """Return the number (P,) of the cell that contains each point (2, P)."""
    height, width = feature_map.shape[1:]
    column = ((points[0] + 1) / 2 * width).long().clamp(0, width - 1)
    row = ((points[1] + 1) / 2 * height).long().clamp(0, height - 1)
    return row * width + column


RULES: Final[dict[str, Rule]] = {
    "identity": stay,
    "best cell": best_cell,
    "best cell, bilinear": best_cell_bilinear,
    "soft mutual neighbours": mutual_cell,
    "robust affine": mutual_affine,
}


def rules_score(pairs: Pair) -> dict[str, Score]:
    """Score every rule on the 7 x 7 fixed key points of a batch of pairs."""
    points = normalised(fixed_grid())
    maps = list(zip(pairs.source.float(), pairs.target.float(), strict=True))
    return {
        name: score(
            torch.stack([rule(*item, points) for item in maps]), pairs.points, pairs.point_mask
        )
        for name, rule in RULES.items()
    }
