"""Two pairs of images at a time through the learner of ``chmnet.py``.

The kernels are real, so one pair can be the real part of a signal and another the imaginary
part; both then share every transform.
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from classifiers.core.chm.hough import Mixing, correlate_4d, correlate_6d, transformed
from classifiers.core.chm.keypoints import NODES, node_positions

SIDE_IN: Final = 15  # cells along one side of the features
# Lengths of the transforms: the signal and two zeros.
LENGTH_6D, LENGTH_4D = 17, 32
TINY: Final = 1e-30


class Transfers(NamedTuple):
    """The weights in the form in which they are applied to features: spectra and biases."""

    scale_mixing: Mixing
    transfer_4d: Tensor
    bias_6d: Tensor
    bias_4d: Tensor


def _hough(source: Tensor, target: Tensor, transfers: Transfers) -> Tensor:
    """Return votes (900, 900, 2), before bias and softplus, of two encoded pairs."""
    x = _cosines(source, target)  # (9, 15, 15, 15, 15) complex
    votes = correlate_6d(x, transfers.scale_mixing, LENGTH_6D).amax(0)  # (9, 15^4, 2) -> (15^4, 2)
    best = torch.view_as_complex((votes + transfers.bias_6d).sigmoid())
    # (15^4,) -> (1, 15, 15, 15, 15) -> (32, 32, 32, 32)
    waves = transformed(best.reshape(1, *(SIDE_IN,) * 4), _resized_waves(best.device))[0]
    y = correlate_4d(waves, transfers.transfer_4d, NODES)
    # (30, 30, 30, 30, 2) -> (900, 900, 2)
    return torch.view_as_real(y).reshape(NODES**2, NODES**2, 2)


def two_pairs(source: Tensor, target: Tensor, transfers: Transfers) -> Tensor:
    """Return the correlation (b, 900, 900) of b = 1 or 2 encoded pairs (b, 3, 225, D)."""
    z = _hough(source, target, transfers)
    return _mutual(z, z, transfers.bias_4d)[: len(target)]


def two_transfers(source: Tensor, target: Tensor, transfers: Transfers, weights: Tensor) -> Tensor:
    """Return transferred points (b, 2, P); ``weights`` (P, 900) over source nodes."""
    z = _hough(source, target, transfers)
    used = weights.any(0).nonzero()[:, 0]
    rows = _mutual(z[used], z, transfers.bias_4d)[: len(target)]  # (b, S, 900)
    positions = node_positions(rows)  # (b, 2, S)
    return positions @ weights[:, used].T


def _mutual(rows: Tensor, z: Tensor, bias: Tensor) -> Tensor:
    """Return rows (S, 900, 2) of ``z`` (900, 900, 2) as soft mutual nearest neighbours (2, S, 900).

    With c = softplus(z + bias) it is c * c/(row maximum) * c/(column maximum); softplus rises,
    so the column maxima are taken before it.
    """
    of_columns = F.softplus(z.reshape(len(z), -1).amax(0) + bias).reshape(-1, 2)  # (900, 2)
    c = F.softplus(rows.permute(2, 0, 1).contiguous() + bias)  # (2, S, 900)
    of_rows = c.amax(2, keepdim=True).clamp_min(TINY)  # (2, S, 1)
    return c * c * c / (of_rows * of_columns.T[:, None].clamp_min(TINY))


def _cosines(source: Tensor, target: Tensor) -> Tensor:
    """Return cosines, negative ones as 0, of all scales: two pairs as one complex (9, 15^4)."""
    if len(target) == 1:
        target = torch.cat([target, torch.zeros_like(target)])
    if len(source) == 2 and source.stride(0) != 0:
        pairs = [_products(s, t[None]) for s, t in zip(source, target, strict=True)]
        x = torch.stack(pairs, -1).squeeze(-2)
    else:
        x = _products(source[0], target)
    return torch.view_as_complex(x.relu_().reshape(9, *(SIDE_IN,) * 4, 2))


def _products(source: Tensor, target: Tensor) -> Tensor:
    """Return (3, 3, 225, 225, k) from a source (3, 225, D) and k targets (k, 3, 225, D)."""
    k, n_scales, n_cells, d = target.shape
    # (k, 3, 225, D) -> (3 * 225 * k, D): the targets of one cell side by side
    target = target.permute(1, 2, 0, 3).reshape(-1, d)
    table = source.reshape(-1, d) @ target.T  # (675, 675 * k)
    table = table.reshape(n_scales, n_cells, n_scales, n_cells, k)
    return table.transpose(1, 2).contiguous()  # -> (3, 3, 225, 225, k)


@cache
@torch.inference_mode(mode=False)  # cached for training, too
def _resized_waves(device: torch.device) -> Tensor:
    """Return (15, 32) complex: resize 15 points to 30, ends on ends, and transform to waves."""
    identity = torch.eye(SIDE_IN, dtype=torch.float64)[None]
    resized = F.interpolate(identity, NODES, mode="linear", align_corners=True)[0]  # (15, 30)
    waves: Tensor = torch.fft.fft(resized, LENGTH_4D)  # (15, 32)
    return waves.to(device=device, dtype=torch.complex64).contiguous()
