"""The published definitions in their plainest form: loops, one pair at a time, no cleverness."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def toy_maps(n: int, channels: int, side: int, power: int = 1) -> Tensor:
    """Return maps (n, channels, side, side) that anyone can rebuild by hand."""
    image, c, i, j = np.indices((n, channels, side, side))
    values = ((31 * image + 17 * c + 7 * i + 3 * j + c * i * j) % 23) / 23
    return torch.tensor(values**power, dtype=torch.float32)


def random_maps(n: int, channels: int, seed: int = 0, side: int = 7) -> Tensor:
    """Return maps like a network's: never negative, half of the values zero."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, channels, side, side, generator=generator).relu()


def marginals_loop(query: Tensor, gallery: Tensor) -> tuple[Tensor, Tensor]:
    """Return the weights of gallery and query cells by summing the table of inner products."""
    n_cells = query.shape[0]
    q = query / (n_cells * query.mean(0).norm())
    g = gallery / (n_cells * gallery.mean(0).norm())
    table = g.double() @ q.double().T
    of_gallery, of_query = table.sum(1), table.sum(0)
    of_gallery, of_query = (item / (item.sum() + 1e-5) for item in (of_gallery, of_query))
    return of_gallery.float(), of_query.float()


def sinkhorn_loop(
    kernels: list[Tensor], us: list[Tensor], vs: list[Tensor], tolerance: float = 0.1
) -> tuple[list[Tensor], int]:
    """Scale all pairs together until the mean change of the row scalings is below tolerance."""
    rows = [torch.ones_like(u) for u in us]
    columns = [torch.ones_like(v) for v in vs]
    iteration, change = 0, [torch.tensor(torch.inf)]
    while iteration < 100 and torch.stack(change).mean() >= tolerance:
        iteration += 1
        change = []
        for pair, kernel in enumerate(kernels):
            previous = rows[pair]
            rows[pair] = us[pair] / (kernel @ columns[pair])
            columns[pair] = vs[pair] / (kernel.T @ rows[pair])
            change.append((rows[pair] - previous).abs().mean())
    plans = [r[:, None] * k * c for r, k, c in zip(rows, kernels, columns, strict=True)]
    return plans, iteration


def emd_loop(query: Tensor, gallery: Tensor, stop: str = "coupled") -> tuple[Tensor, list[int]]:
    """Return scores (N,) and iterations of EMD-Corr, the query against itself being slot 0."""
    q = query.flatten(1).T
    similarities, kernels, us, vs = [], [], [], []
    for item in torch.cat([query[None], gallery]):
        g = item.flatten(1).T
        unit_g, unit_q = (torch.nn.functional.normalize(x, dim=1) for x in (g, q))
        similarities.append(unit_g @ unit_q.T)
        kernels.append(torch.exp((similarities[-1] - 1) / 0.05))
        u, v = marginals_loop(q, g)
        us.append(u)
        vs.append(v)
    if stop == "coupled":
        plans, count = sinkhorn_loop(kernels, us, vs)
        iterations = [count]
    else:
        alone = [sinkhorn_loop([k], [u], [v]) for k, u, v in zip(kernels, us, vs, strict=True)]
        plans, iterations = [item[0][0] for item in alone], [item[1] for item in alone]
    scores = []
    for plan, similarity in zip(plans, similarities, strict=True):
        flows, cells = plan.flatten().sort(descending=True)
        scores.append((flows[:5] * similarity.flatten()[cells[:5]]).sum())
    return torch.stack(scores[1:]), iterations[-len(gallery) :]


def nearest_brute_force(
    gallery: NDArray[np.float32], query: NDArray[np.float32], n: int
) -> list[tuple[int, float]]:
    """Return (row, cosine) of the n nearest rows: every cosine, then one sort."""
    cosines = [float((row.astype(np.float64) * query).sum()) for row in gallery]
    order = sorted(range(len(gallery)), key=lambda row: (-cosines[row], row))
    return [(row, cosines[row]) for row in order[:n]]


def head_objective(
    flat: NDArray[np.float64],
    x: NDArray[np.float64],
    labels: NDArray[np.int64],
    weight_decay: float,
) -> float:
    """Return the softmax head's objective; ``flat`` is (n_classes * (C + 1),), bias last."""
    parameters = flat.reshape(-1, x.shape[1] + 1)
    logits = x @ parameters[:, :-1].T + parameters[:, -1]
    total = 0.0
    for row, label in zip(logits, labels, strict=True):
        total += math.log(sum(math.exp(value) for value in row)) - row[label]
    return float(total / len(labels) + weight_decay / 2 * (flat**2).sum())


def emd_original(query: Tensor, gallery: Tensor) -> Tensor:
    """Return scores (N,) with the released code's shape of work, coupled stop.

    Not its code: pair by pair, the table of inner products from one replicated cell after the
    other; scaling of all pairs at once; a full sort of each plan on the host.
    """
    q = query.flatten(1).T.contiguous()  # (C, H, W) -> (R, C)
    maps = torch.cat([query[None], gallery]).flatten(2).transpose(1, 2)  # (N + 1, R, C)
    weights = [_weights_replicated(q, item) for item in maps]
    u, v = (torch.stack(weight) for weight in zip(*weights, strict=True))  # (N + 1, R) each
    unit_q = torch.nn.functional.normalize(q, dim=1)
    unit = (torch.nn.functional.normalize(item, dim=1) for item in maps)
    similarity = torch.stack([item @ unit_q.T for item in unit])  # (N + 1, R, R)
    plan = _sinkhorn_stacked(torch.exp((similarity - 1) / 0.05), u, v)
    scores = []
    for flows, cosines in zip(plan.flatten(1), similarity.flatten(1), strict=True):
        best = np.argsort(flows.cpu().numpy())[-5:].copy()
        scores.append((flows.cpu()[best] * cosines.cpu()[best]).sum())
    return torch.stack(scores[1:])


def _weights_replicated(query: Tensor, gallery: Tensor) -> tuple[Tensor, Tensor]:
    n_cells = len(query)
    q = query / (n_cells * query.mean(0).norm())
    g = gallery / (n_cells * gallery.mean(0).norm())
    table = torch.empty(n_cells, n_cells, dtype=torch.float64)
    for cell in range(n_cells):
        table[:, cell] = (g * q[cell].repeat(n_cells, 1)).sum(1)  # (R, C) temporaries
    both = table.sum(1), table.sum(0)
    of_gallery, of_query = ((item / (item.sum() + 1e-5)).float() for item in both)
    return of_gallery.to(query.device), of_query.to(query.device)


def _sinkhorn_stacked(kernel: Tensor, u: Tensor, v: Tensor) -> Tensor:
    rows, columns = torch.ones_like(u), torch.ones_like(v)
    for _ in range(100):
        previous = rows
        rows = u / torch.bmm(kernel, columns[:, :, None])[:, :, 0]
        columns = v / torch.bmm(kernel.transpose(1, 2), rows[:, :, None])[:, :, 0]
        if float((rows - previous).abs().mean()) < 0.1:
            break
    return rows[:, :, None] * kernel * columns[:, None, :]
