"""CHMNet's learner: from two feature maps to a dense correlation of their points.

Min & Cho, "Convolutional Hough matching networks" (CVPR 2021), in the form that CHM-Corr uses.
Every step is exact. It is fast because of the order of operations: features are normalised before
they are resized (resizing and the inner product are both linear, so they commute), convolutions are
products of spectra, and two pairs of images share one complex transform.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from classifiers.core.chm.hough import (
    SCALE_GROUPS,
    SIDE,
    is_even,
    mixing,
    scale_kernels,
    sharing,
    spectrum,
)
from classifiers.core.chm.keypoints import (
    fixed_grid,
    node_positions,
    node_weights,
    transfer_keypoints,
)
from classifiers.core.chm.pairs import (
    LENGTH_4D,
    LENGTH_6D,
    SIDE_IN,
    Transfers,
    two_pairs,
    two_transfers,
)
from classifiers.core.parallel import map_ahead

__all__ = ["CHMLearner", "fixed_grid", "node_positions", "transfer_keypoints"]

SCALES: Final = tuple(round(SIDE_IN * math.sqrt(factor)) for factor in (0.5, 1, 2))  # 11, 15, 21
SHRINK: Final = 4  # channels in for one channel out of the convolutions
EPS: Final = 1e-12


class _Weights6d(nn.Module):
    """Weights of the 6-D kernel by scale group, and its bias, under the published names."""

    def __init__(self, kernel: str) -> None:
        super().__init__()
        groups, size = SCALE_GROUPS[kernel], sharing(kernel).size
        self.bias = nn.Parameter(torch.zeros(1))
        self.param: nn.ParameterList | nn.Parameter
        if kernel == "full":
            self.param = nn.Parameter(1e-3 * torch.randn(1, 1, 3, 3, *(SIDE,) * 4).abs())
        else:
            self.param = nn.ParameterList(
                [1e-3 * torch.randn(len(size)).abs() * size * len(group) for group in groups]
            )

    def by_group(self) -> list[Tensor]:
        """Return the shared weights of each scale group."""
        if isinstance(self.param, nn.ParameterList):
            return list(self.param)
        return list(self.param.reshape(len(SCALE_GROUPS["full"]), -1))  # (1,1,3,3,...) -> (9, 625)


class _Weights4d(nn.Module):
    """Weights of the 4-D kernel and its bias, under the published names."""

    def __init__(self, kernel: str) -> None:
        super().__init__()
        is_full = kernel == "full"
        shape = (1, 1, *(SIDE,) * 4) if is_full else (len(sharing(kernel).size),)
        self.weight = nn.Parameter(1e-3 * torch.randn(shape).abs())
        self.bias = nn.Parameter(torch.tensor(0.0) if is_full else torch.zeros(1))


class CHMLearner(nn.Module):
    """Computes the correlation of 900 source nodes with 900 target nodes from two feature maps.

    ``learner(source, target)`` maps (B, C, 15, 15) twice to (B, 900, 900) and can be trained. For
    one source and many targets, call ``encode`` for each image and then ``correlate``: this gives
    the same values and is many times faster.

    The state dict has the published names, so that the learner of ``pas_psi.pt`` loads.
    """

    def __init__(self, feat_dim: int, kernel: str = "psi") -> None:
        """Build a learner with small random weights.

        ``feat_dim`` is C, a multiple of 4; ``kernel`` is "psi", "iso" or "full" (see
        ``hough.sharing``).

        Raises
        ------
        ValueError
            Unknown kernel, or ``feat_dim`` not a positive multiple of 4.

        """
        super().__init__()
        sharing(kernel)  # refuses an unknown one
        if feat_dim < SHRINK or feat_dim % SHRINK:
            raise ValueError(f"feat_dim is {feat_dim}; expected a positive multiple of {SHRINK}.")
        self.feat_dim, self.kernel = feat_dim, kernel
        self.conv2ds = nn.ModuleList(
            nn.Conv2d(feat_dim, feat_dim // SHRINK, 3, padding=1, bias=False) for _ in SCALES
        )
        self.chm6d = _Weights6d(kernel)
        self.chm4d = _Weights4d(kernel)
        self._kept: tuple[object, Transfers] | None = None

    def encode(self, features: Tensor) -> Tensor:
        """Return the encoding of images: (B, C, 15, 15) to (B, 3, 225, C / 4).

        Per scale: resize, convolve, normalise each position to unit length (a zero stays
        zero), resize to 15 x 15 again.

        Raises
        ------
        ValueError
            Another shape.

        """
        if features.ndim != 4 or features.shape[1:] != (self.feat_dim, SIDE_IN, SIDE_IN):
            raise ValueError(
                f"Features {tuple(features.shape)}; expected (B, {self.feat_dim}, {SIDE_IN}, "
                f"{SIDE_IN})."
            )
        scales = []
        for side, conv in zip(SCALES, self.conv2ds, strict=True):
            unit = F.normalize(conv(_resize(features, side)), dim=1, eps=EPS)
            scales.append(_resize(unit, SIDE_IN).flatten(2).transpose(1, 2))  # (B, 225, C / 4)
        return torch.stack(scales, 1)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Map (B, C, 15, 15) twice to the correlation (B, 900, 900), differentiably."""
        encoded = self.encode(source), self.encode(target)
        transfers = self._transfers()
        return torch.cat([two_pairs(s, t, transfers) for s, t in _by_two(*encoded)])

    @torch.inference_mode()
    def correlate(self, source: Tensor, targets: Tensor) -> Tensor:
        """Return the correlation (B, 900, 900) of encoded images.

        ``source`` is (3, 225, C / 4), one for all, or (B, ...); ``targets`` (B, 3, 225, C / 4).
        """
        return torch.cat(list(self._correlate(source, targets)))

    @torch.inference_mode()
    def transfer(self, source: Tensor, targets: Tensor, keypoints: Tensor) -> Tensor:
        """Return the positions of key points (2, P), pixels of 240, in each target: (B, 2, P).

        The result is that of ``transfer_keypoints(correlate(source, targets), keypoints)``, but
        memory does not grow with the number of targets.
        """
        return torch.cat(list(self._correlate(source, targets, keypoints)))

    def _correlate(
        self, source: Tensor, targets: Tensor, keypoints: Tensor | None = None
    ) -> Iterator[Tensor]:
        """Yield correlations, or transferred key points, of two targets at a time.

        Each core computes different pairs: threads inside one transform hardly help, and wait for
        each other if another process uses a core.
        """
        _check(source, targets)
        weights = None if keypoints is None else node_weights(keypoints).to(targets)
        run = partial(_run_two, transfers=self._transfers_kept(), weights=weights)
        jobs = list(_by_two(source.expand_as(targets), targets))
        if targets.device.type != "cpu" or len(jobs) == 1:
            yield from map(run, jobs)
        else:
            yield from map_ahead(run, jobs, n_ahead=len(jobs))

    def _transfers_kept(self) -> Transfers:
        """Return the transfers of the current weights, cached until the weights change."""
        weights = [*self.chm6d.parameters(), *self.chm4d.parameters()]
        state = [(weight.data_ptr(), weight._version) for weight in weights]
        if self._kept is None or self._kept[0] != state:
            self._kept = state, self._transfers()
        return self._kept[1]

    def _transfers(self) -> Transfers:
        six = scale_kernels(self.kernel, self.chm6d.by_group())
        shared = self.chm4d.weight.flatten()
        four = sharing(self.kernel).spread(shared).reshape((SIDE,) * 4)  # (625,) -> (5, 5, 5, 5)
        transfer = spectrum(four, LENGTH_4D).flatten()  # (32^4,)
        if is_even(four):
            transfer = transfer.real[:, None].expand(-1, 2).contiguous()  # (32^4, 2)
        return Transfers(
            mixing(self.kernel, six, LENGTH_6D), transfer, self.chm6d.bias, self.chm4d.bias
        )


def _check(source: Tensor, targets: Tensor) -> None:
    is_shared = source.shape == targets.shape[1:]
    if targets.ndim != 4 or len(targets) == 0 or not (is_shared or source.shape == targets.shape):
        raise ValueError(
            f"Source {tuple(source.shape)}, targets {tuple(targets.shape)}; expected "
            "(3, 225, D) or (B, 3, 225, D), and (B, 3, 225, D) with B at least 1."
        )


def _by_two(source: Tensor, target: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    for start in range(0, len(target), 2):
        yield source[start : start + 2], target[start : start + 2]


@torch.inference_mode()
def _run_two(
    pair: tuple[Tensor, Tensor], *, transfers: Transfers, weights: Tensor | None
) -> Tensor:
    if weights is None:
        return two_pairs(*pair, transfers)
    return two_transfers(*pair, transfers, weights)


def _resize(x: Tensor, side: int) -> Tensor:
    if x.shape[-1] == side:
        return x
    return F.interpolate(x, (side, side), mode="bilinear", align_corners=True)


def learner_of(state: dict[str, Tensor]) -> CHMLearner:
    """Return the learner of a state dict, loaded, in evaluation mode.

    Raises
    ------
    ValueError
        The names or shapes are not those of a learner.

    """
    first = state.get("conv2ds.0.weight")
    if first is None or first.ndim != 4:
        raise ValueError(
            f"Keys {sorted(state)[:3]}...; expected those of a CHM learner, conv2ds.0.weight "
            "of shape (C / 4, C, 3, 3) among them."
        )
    n_groups = sum(key.startswith("chm6d.param") for key in state)
    kernel = {4: "psi", 3: "iso"}.get(n_groups, "full")
    learner = CHMLearner(first.shape[1], kernel)
    try:
        learner.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise ValueError(f"Not the weights of a CHM learner: {error}") from error
    return learner.requires_grad_(False).eval()
