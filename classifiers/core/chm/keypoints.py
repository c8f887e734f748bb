"""Transfer of key points from source to target by a correlation of 30 x 30 nodes.

Pixels run from 0 to ``image_size`` along each axis; normalised coordinates, (pixel - half) /
half, from -1 to 1. The nodes are ``linspace(-1, 1, 30)`` along each axis, row-major:
node = 30 * row + column. Coordinates come as (x, y).
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from classifiers.decision import GRID

NODES: Final = 30  # along each axis
SIGMA: Final = 17.0  # of the Gaussian around the best target node, in nodes
REACH: Final = 0.1  # radius in which a key point uses source nodes, in normalised coordinates
IMAGE_SIZE: Final = 240
FIRST_POINT, LAST_POINT = 18, 222  # pixels of the fixed grid, out of 240


def fixed_grid() -> Tensor:
    """Return the 49 key points (2, 49) in pixels of 240: seven along each axis, x slowest."""
    at = torch.linspace(FIRST_POINT, LAST_POINT, GRID)
    return torch.stack([at.repeat_interleave(GRID), at.repeat(GRID)])


def node_coordinates() -> Tensor:
    """Return the normalised (x, y) of the 900 nodes, shape (900, 2)."""
    at = torch.linspace(-1, 1, NODES)
    return torch.stack([at.repeat(NODES), at.repeat_interleave(NODES)], 1)


def node_positions(correlation: Tensor) -> Tensor:
    """Return the normalised position of each source node in the target: (B, S, 900) to (B, 2, S).

    It is the mean of the target nodes under a softmax of the correlation, which is first weighted
    by a Gaussian around its maximum (Min & Cho, CVPR 2021). It is differentiable except for the
    position of the maximum; of equal maxima the first is used.
    """
    best = correlation.detach().argmax(2)  # (B, S)
    at = torch.arange(NODES, device=correlation.device)
    bell = torch.exp(-((at[:, None] - at) ** 2) / (2 * SIGMA**2)).to(correlation)  # (30, 30)
    rows, columns = bell[best // NODES], bell[best % NODES]  # (B, S, 30) each
    # (B, S, 30, 1) x (B, S, 1, 30) -> (B, S, 900)
    window = (rows[..., None] * columns[..., None, :]).flatten(2)
    shares = (correlation * window).softmax(2)
    return (shares @ node_coordinates().to(correlation)).transpose(1, 2)  # (B, S, 2) -> (B, 2, S)


def node_weights(keypoints: Tensor, image_size: float = IMAGE_SIZE) -> Tensor:
    """Return each key point's weights over the source nodes: pixels (2, P) to (P, 900).

    A node's weight is 0.1 minus its distance (with 1e-5 under the root, as published), if that is
    positive. The weights of a point are normalised to sum 1.

    Raises
    ------
    ValueError
        A key point is outside the image.

    """
    if keypoints.ndim != 2 or keypoints.shape[0] != 2:
        raise ValueError(f"Key points {tuple(keypoints.shape)}; expected (2, P): x and y.")
    if keypoints.numel() and not (keypoints.min() >= 0 and keypoints.max() <= image_size):
        low, high = float(keypoints.min()), float(keypoints.max())
        raise ValueError(
            f"Key points from {low:g} to {high:g}; expected pixels from 0 to {image_size:g}."
        )
    half = image_size / 2
    at = ((keypoints.double() - half) / half).T  # (2, P) -> (P, 2)
    nodes = node_coordinates().double().to(at.device)
    squared = (at[:, None] - nodes).square().sum(2)  # (P, 900)
    weights = (REACH - (squared + 1e-5).sqrt()).clamp_min(0)
    return (weights / weights.sum(1, keepdim=True)).float()


@torch.inference_mode()
def transfer_keypoints(
    correlation: Tensor, keypoints: Tensor, image_size: float = IMAGE_SIZE
) -> Tensor:
    """Transfer key points from source to target.

    Parameters
    ----------
    correlation : (B, 900, 900) tensor
        Of source nodes (rows) and target nodes, as ``CHMLearner`` gives it.
    keypoints : (2, P) tensor
        x and y in pixels, 0 to ``image_size``, the same for all B.

    Returns
    -------
    (B, 2, P) tensor of normalised x and y in the target.

    Raises
    ------
    ValueError
        Shapes that do not fit, or a key point outside the image.

    """
    n_nodes = NODES**2
    if correlation.ndim != 3 or correlation.shape[1:] != (n_nodes, n_nodes):
        raise ValueError(
            f"Correlation {tuple(correlation.shape)}; expected (B, {n_nodes}, {n_nodes})."
        )
    weights = node_weights(keypoints, image_size).to(correlation)  # (P, 900)
    used = weights.any(0).nonzero()[:, 0]  # of the fixed grid's points, 316 nodes
    positions = node_positions(correlation[:, used])  # (B, 2, S)
    return positions @ weights[:, used].T  # (B, 2, S) x (S, P) -> (B, 2, P)


def target_cells(transferred: Tensor) -> Tensor:
    """Return the cells (B, 2, P) as (column, row) of normalised points (B, 2, P), clamped."""
    return (GRID * (transferred + 1) / 2).floor().long().clamp(0, GRID - 1)
