"""Convolutional Hough matching: kernels that share weights, and the convolutions in 4-D and 6-D.

Min & Cho, "Convolutional Hough matching networks", CVPR 2021. A correlation of two maps has one
axis for each coordinate of source and target. So a kernel of 5x5x5x5 weights supports matches whose
neighbours move in the same way. The 6-D kernel also covers the scales of both images.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import torch
from torch import Tensor

KERNELS: Final = ("psi", "iso", "full")
SIDE: Final = 5  # of the kernel, along each of the four axes
TAPS: Final = SIDE**4
N_SCALES: Final = 3
N_PAIRS: Final = N_SCALES**2  # source scale x target scale

SCALE_GROUPS: Final[dict[str, tuple[tuple[int, ...], ...]]] = {
    "psi": ((4,), (0, 8), (2, 6), (1, 3, 5, 7)),
    "iso": ((0, 4, 8), (2, 6), (1, 3, 5, 7)),
    "full": tuple((offset,) for offset in range(N_PAIRS)),
}
"""Offsets in scale, ``3 * source + target``, whose kernels share their weights."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """The weight group of each of the 625 taps, ``group`` (625,), and the groups' ``size`` (n,)."""

    group: Tensor
    size: Tensor

    def spread(self, weights: Tensor) -> Tensor:
        """Return the taps (625,) of shared weights (n,), each divided by its number of taps."""
        return (weights / self.size.to(weights))[self.group.to(weights.device)]


@cache
@torch.inference_mode(mode=False)  # cached for training, too
def sharing(kernel: str) -> Sharing:
    """Return the sharing of a kernel; groups are numbered by their first tap, row-major.

    Let (i, j) be a tap's offset in the source, (k, l) in the target. "psi", position-sensitive and
    isotropic: taps share a weight if they have the same larger and smaller distance from the two
    centres and the same distance between the two offsets (55 weights). "iso": taps share a weight
    if they have the same distance between the offsets (15). "full": nothing is shared (625).

    Raises
    ------
    ValueError
        Unknown kernel.

    """
    if kernel not in KERNELS:
        raise ValueError(f"Unknown kernel {kernel!r}; known: {', '.join(KERNELS)}.")
    keys: list[tuple[int, ...]] = []
    for i, j, k, m in itertools.product(range(-2, 3), repeat=4):
        head, tail, offset = k * k + m * m, i * i + j * j, (i - k) ** 2 + (j - m) ** 2
        key = {"psi": (max(head, tail), min(head, tail), offset), "iso": (offset,)}
        keys.append(key.get(kernel, (i, j, k, m)))
    number = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    group = torch.tensor([number[key] for key in keys])
    return Sharing(group, group.bincount())


def scale_kernels(kernel: str, weights: Sequence[Tensor]) -> Tensor:
    """Return the distinct 4-D kernels (G, 5, 5, 5, 5) of the 6-D kernel, by scale group.

    A group's weights are also divided by its number of offsets, so that a weight is the sum of all
    taps that share it.
    """
    groups = SCALE_GROUPS[kernel]
    spread = sharing(kernel).spread
    return torch.stack(
        [
            (spread(each) / len(group)).reshape((SIDE,) * 4)  # (625,) -> (5, 5, 5, 5)
            for each, group in zip(weights, groups, strict=True)
        ]
    )


def spectrum(kernels: Tensor, length: int) -> Tensor:
    """Return the transfer functions (..., length^4) of kernels (..., 5, 5, 5, 5).

    Multiplying a signal's spectrum by it correlates the signal with the centred kernel; the signal
    must end in at least two zeros along each axis. It includes the factor of the inverse transform,
    which must be called with ``norm="forward"``.
    """
    axes = (-4, -3, -2, -1)
    padded = torch.nn.functional.pad(kernels, (0, length - SIDE) * 4).roll((-2,) * 4, axes)
    transfer: Tensor = torch.fft.fftn(padded, dim=axes).conj() / length**4
    return transfer


def is_even(kernels: Tensor) -> bool:
    """Return whether kernels (..., 5, 5, 5, 5) are point-symmetric (their spectrum is real)."""
    return torch.equal(kernels, kernels.flip(-4, -3, -2, -1))


@dataclass(frozen=True, slots=True)
class Mixing:
    """The mixing of the nine scale pairs at each frequency, in a basis with few terms.

    ``basis`` (9, 9) is orthogonal; ``terms`` are (out, in, spectrum) in that basis, ordered by
    ``out``. The spectra are real and stored twice, (length^4, 2) for the real and the imaginary
    part of the signal, or else complex (length^4).
    """

    basis: Tensor
    terms: list[tuple[int, int, Tensor]]


def mixing(kernel: str, kernels: Tensor, length: int) -> Mixing:
    """Return the mixing of the scale pairs by the kernels (G, 5, 5, 5, 5) of the scale groups.

    At each frequency the 6-D correlation is a 9 x 9 matrix M over scale pairs, with 49 entries. For
    the groups of "psi" and "iso", M does not change if source and target scale are exchanged or
    both are reversed. In the basis of the common eigenvectors M has blocks of 4, 2, 2 and 1, so 23
    entries are left.
    """
    spectra = spectrum(kernels, length).flatten(1)  # (G, length^4)
    if kernel != "full" or is_even(kernels):
        spectra = spectra.real[..., None].expand(-1, -1, 2)  # (G, length^4, 2)
    basis = _basis(kernel).to(kernels)
    rotated = basis.T @ _offsets(kernel).to(kernels) @ basis  # (G, 9, 9)
    terms = []
    for out, into in itertools.product(range(N_PAIRS), repeat=2):
        shares = rotated[:, out, into]  # (G,)
        if shares.abs().max() > 1e-6:
            terms.append((out, into, torch.tensordot(shares.to(spectra), spectra, 1)))
    return Mixing(basis, terms)


@cache
@torch.inference_mode(mode=False)  # cached for training, too
def _offsets(kernel: str) -> Tensor:
    """Return (G, 9, 9): 1 where a scale pair (column) reaches another (row) by that group."""
    table = torch.zeros(len(SCALE_GROUPS[kernel]), N_PAIRS, N_PAIRS)
    scales = list(itertools.product(range(N_SCALES), repeat=2))
    for out, (a, b) in enumerate(scales):
        for into, (c, d) in enumerate(scales):
            offset = N_SCALES * (c - a + 1) + (d - b + 1)
            if abs(c - a) <= 1 and abs(d - b) <= 1:
                group = [offset in item for item in SCALE_GROUPS[kernel]].index(True)
                table[group, out, into] = 1
    return table


@cache
@torch.inference_mode(mode=False)  # cached for training, too
def _basis(kernel: str) -> Tensor:
    """Return (9, 9), columns the eigenvectors that the symmetries of the scale pairs share."""
    identity = torch.eye(N_PAIRS, dtype=torch.float64)
    if kernel == "full":
        return identity
    grid = torch.arange(N_PAIRS).reshape(N_SCALES, N_SCALES)
    swap, flip = identity[grid.T.flatten()], identity[grid.flip(0, 1).flatten()]
    columns: list[Tensor] = []
    for of_swap, of_flip in itertools.product((1, -1), repeat=2):
        projection = (identity + of_swap * swap) @ (identity + of_flip * flip)
        for column in projection.T:
            is_new = all(abs(column @ item) < 1e-9 for item in columns)
            if column.norm() > 0 and is_new:
                columns.append(column / column.norm())
    return torch.stack(columns, 1)


def correlate_6d(x: Tensor, mix: Mixing, length: int) -> Tensor:
    """Correlate two pairs at once with the 6-D kernel, without its bias.

    ``x`` is complex (9, n, n, n, n): one pair of images is the real part, the other the imaginary
    part, because a real kernel does not mix them. The result is real (9, n^4, 2).
    """
    n = x.shape[-1]
    into, back = _transforms(n, length, x.device)
    # (9, n, n, n, n) -> (9, length^4) complex
    waves = transformed(_rotate(mix.basis.T, x), into).flatten(1)
    waves = _mix(waves, mix).reshape(N_PAIRS, *(length,) * 4)
    y = _rotate(mix.basis, transformed(waves, back))
    return torch.view_as_real(y).flatten(1, 4)  # (9, n, n, n, n, 2) -> (9, n^4, 2)


def transformed(x: Tensor, matrix: Tensor) -> Tensor:
    """Apply a matrix (n, m) to each of the last four axes: (B, n, n, n, n) to (B, m, m, m, m).

    Each product moves the first of these axes to the end, so four products restore the order. For
    so few points this is faster than an FFT: there is no padding, cutting or strided access.
    """
    n, m = matrix.shape
    batch = x.shape[0]
    for _ in range(4):
        x = x.reshape(batch, n, -1).mT @ matrix  # (B, n, rest) -> (B, rest, m)
    return x.reshape(batch, *(m,) * 4)


@cache
@torch.inference_mode(mode=False)  # cached for training, too
def _transforms(n: int, length: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return (n, length), points to waves, and (length, n), waves to the same points."""
    waves = torch.fft.fft(torch.eye(n, dtype=torch.float64), length)
    points = torch.fft.ifft(torch.eye(length, dtype=torch.float64), norm="forward")[:, :n]
    kind = {"device": device, "dtype": torch.complex64}
    return waves.to(**kind).contiguous(), points.to(**kind).contiguous()


def _rotate(basis: Tensor, x: Tensor) -> Tensor:
    """Apply (9, 9) to the first axis of complex (9, ...)."""
    flat = torch.view_as_real(x.contiguous()).reshape(N_PAIRS, -1)
    return torch.view_as_complex((basis @ flat).reshape(*x.shape, 2))


def _mix(waves: Tensor, mix: Mixing) -> Tensor:
    """Return the mixed spectra (9, length^4) of (9, length^4), complex."""
    is_real = not mix.terms[0][2].is_complex()
    source = torch.view_as_real(waves) if is_real else waves
    mixed: list[Tensor] = []
    for out, into, transfer in mix.terms:
        if out == len(mixed):
            mixed.append(source[into] * transfer)
        else:
            mixed[out].addcmul_(source[into], transfer)
    stacked = torch.stack(mixed)
    return torch.view_as_complex(stacked) if is_real else stacked


def correlate_4d(waves: Tensor, transfer: Tensor, n: int) -> Tensor:
    """Correlate two pairs at once with the 4-D kernel, without its bias.

    ``waves`` is the spectrum (length, length, length, length) of a complex signal, ``transfer``
    as in ``Mixing``; the result is complex (n, n, n, n).
    """
    flat = waves.flatten()  # (length^4,)
    if transfer.is_complex():
        mixed = flat * transfer
    else:
        mixed = torch.view_as_complex(torch.view_as_real(flat) * transfer)
    y: Tensor = torch.fft.ifftn(mixed.reshape(waves.shape), norm="forward")
    return y[:n, :n, :n, :n]
