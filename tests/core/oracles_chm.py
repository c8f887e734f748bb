"""CHM in its plainest form: every step as published, convolutions as sums of conv3d."""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from classifiers.core.chm.chmnet import CHMLearner
from classifiers.core.chm.hough import SCALE_GROUPS, scale_kernels, sharing


def conv4d(x: Tensor, kernels: Tensor) -> Tensor:
    """Correlate (B, n, n, n, n) with (K, 5, 5, 5, 5), padded with zeros, to (B, K, n, n, n, n).

    A conv3d for each slab of the first axis, its kernels as output channels.
    """
    batch, n = x.shape[:2]
    y = x.new_zeros(batch, n, len(kernels), n, n, n)
    for tap in range(5):
        slab = F.conv3d(x.reshape(batch * n, 1, n, n, n), kernels[:, tap, None], padding=2)
        slab = slab.reshape(y.shape)
        first, last = max(0, 2 - tap), min(n, n + 2 - tap)
        y[:, first:last] += slab[:, first + tap - 2 : last + tap - 2]
    return y.transpose(1, 2)


def conv6d(x: Tensor, kernels: Tensor) -> Tensor:
    """Correlate (3, 3, n, n, n, n) with (3, 3, 5, 5, 5, 5), padded with zeros."""
    planes = conv4d(x.flatten(0, 1), kernels.flatten(0, 1))  # (9 of x, 9 kernels, n, n, n, n)
    planes = planes.reshape(3, 3, 3, 3, *x.shape[2:])
    y = torch.zeros_like(x)
    for a, b, alpha, beta in itertools.product(range(3), repeat=4):
        c, d = a + alpha - 1, b + beta - 1
        if 0 <= c < 3 and 0 <= d < 3:
            y[a, b] += planes[c, d, alpha, beta]
    return y


def kernel_6d(learner: CHMLearner) -> Tensor:
    """Return (3, 3, 5, 5, 5, 5): each offset in scale has the kernel of its group."""
    kernels = scale_kernels(learner.kernel, learner.chm6d.by_group())
    groups = SCALE_GROUPS[learner.kernel]
    of_offset = [[m in group for group in groups].index(True) for m in range(9)]
    return kernels[of_offset].reshape(3, 3, 5, 5, 5, 5)


def kernel_4d(learner: CHMLearner) -> Tensor:
    """Return (5, 5, 5, 5)."""
    return sharing(learner.kernel).spread(learner.chm4d.weight.flatten()).reshape(5, 5, 5, 5)


def resize_4d(x: Tensor, side: int) -> Tensor:
    """Interpolate (a, a, b, b): the source half, then the target half, ends on ends."""
    for _ in range(2):
        a, b = x.shape[0], x.shape[2]
        planes = x.permute(2, 3, 0, 1).reshape(1, b * b, a, a)
        planes = F.interpolate(planes, (side, side), mode="bilinear", align_corners=True)
        x = planes[0].reshape(b, b, side, side)  # the halves have changed places
    return x


def correlations(learner: CHMLearner, source: Tensor, target: Tensor) -> Tensor:
    """Return X (3, 3, 15, 15, 15, 15) of one pair (C, 15, 15)."""
    maps = []
    for image in (source, target):
        scales = []
        for factor, conv in zip((0.5, 1, 2), learner.conv2ds, strict=True):
            side = round(15 * math.sqrt(factor))
            resized = F.interpolate(image[None], (side, side), mode="bilinear", align_corners=True)
            scales.append(F.normalize(conv(resized)[0], dim=0))
        maps.append(scales)
    x = [
        resize_4d(torch.einsum("cij,ckl->ijkl", s, t), 15).clamp_min(0)
        for s, t in itertools.product(*maps)
    ]
    return torch.stack(x).reshape(3, 3, 15, 15, 15, 15)


@torch.no_grad()
def learner_plain(learner: CHMLearner, source: Tensor, target: Tensor) -> Tensor:
    """Return the correlation (900, 900) of one pair (C, 15, 15)."""
    x = correlations(learner, source, target)
    y = conv6d(x, kernel_6d(learner)) + learner.chm6d.bias
    hough = resize_4d(y.sigmoid().flatten(0, 1).amax(0), 30)
    c = F.softplus(conv4d(hough[None], kernel_4d(learner)[None])[0, 0] + learner.chm4d.bias)
    c = c.reshape(900, 900)
    return c * (c / c.amax(1, keepdim=True)) * (c / c.amax(0, keepdim=True))


def transfer_plain(correlation: Tensor, x: float, y: float) -> tuple[float, float]:
    """Transfer one key point, in pixels of 240, by loops over nodes."""
    at = np.linspace(-1, 1, 30)
    x, y = (x - 120) / 120, (y - 120) / 120
    total, sum_x, sum_y = 0.0, 0.0, 0.0
    for node in range(900):
        row, column = divmod(node, 30)
        weight = 0.1 - math.sqrt((at[column] - x) ** 2 + (at[row] - y) ** 2 + 1e-5)
        if weight > 0:
            values = correlation[node].double().numpy()
            best_row, best_column = divmod(int(values.argmax()), 30)
            rows, columns = np.divmod(np.arange(900), 30)
            distance = (rows - best_row) ** 2 + (columns - best_column) ** 2
            shares = np.exp(values * np.exp(-distance / (2 * 17**2)))
            shares /= shares.sum()
            total += weight
            sum_x += weight * float(shares @ at[columns])
            sum_y += weight * float(shares @ at[rows])
    return sum_x / total, sum_y / total


def toy_learner() -> CHMLearner:
    """Return the learner whose weights anyone can rebuild by hand: 16 channels, psi."""
    learner = CHMLearner(16)
    o, c, a, b = np.indices((4, 16, 3, 3))
    state = {
        f"conv2ds.{s}.weight": torch.tensor(
            ((5 * o + 3 * c + 2 * a + 7 * b + 11 * s) % 13 - 6) / 13
        )
        for s in range(3)
    }
    groups = np.arange(55)
    for g in range(4):
        state[f"chm6d.param.{g}"] = torch.tensor(0.05 * ((7 * g + 3 * groups) % 5 + 1))
    state["chm6d.bias"] = torch.tensor([-0.5])
    state["chm4d.weight"] = torch.tensor(0.1 * ((5 * groups) % 7 + 1))
    state["chm4d.bias"] = torch.tensor([-1.0])
    learner.load_state_dict(state)
    return learner.eval()


def toy_pair() -> tuple[Tensor, Tensor]:
    """Return source and target (16, 15, 15) that anyone can rebuild by hand."""
    c, i, j = np.indices((16, 15, 15))
    source = ((17 * c + 7 * i + 3 * j + c * i * j) % 23) / 23
    target = ((13 * c + 5 * i + 11 * j + c * i * j + 4) % 23) / 23
    return torch.tensor(source, dtype=torch.float32), torch.tensor(target, dtype=torch.float32)
