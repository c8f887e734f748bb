"""Feature maps as sets of patches, and the product that compares all patches of two images.

N is the number of images, C of channels, R = H * W of cells, row-major.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

CHANNEL_BLOCK: Final = 128  # channels whose squares are added at once
# With registers of 16 float32 numbers, other ways are fastest (docs/performance.md).
HAS_AVX512: Final = torch.backends.cpu.get_cpu_capability() == "AVX512"
LANES: Final = 16 if HAS_AVX512 else 8  # float32 numbers of a vector register


@dataclass(frozen=True, slots=True)
class PatchMaps:
    """N images in EMD-Corr's form; keep it if the same maps are compared again.

    ``maps`` (N, C, H, W), not normalised, on whose memory layout the speed depends (channels
    last is fastest); ``norms`` (N, R), the length of each patch vector; ``mean_norms`` (N,),
    the length of the mean patch vector. Lengths take 200 bytes an image, unit patches would
    take as much as the maps.
    """

    maps: Tensor
    norms: Tensor
    mean_norms: Tensor

    @classmethod
    def of(cls, maps: Tensor) -> PatchMaps:
        """Measure the patches of ``maps`` (N, C, H, W), in any memory layout."""
        n, c, h, w = maps.shape
        if _has_channels_last(maps):
            rows = _rows(maps).view(n, h * w, c)  # (N * R, C) -> (N, R, C)
            norms = torch.linalg.vector_norm(rows, dim=2)
            ones = rows.new_ones(n, 1, h * w)
            sums = torch.bmm(ones, rows)[:, 0]  # twice as fast as sum(1)
        else:
            cells = maps.flatten(2)  # (N, C, H, W) -> (N, C, R)
            norms = _norms_of_columns(cells)
            sums = cells.reshape(n * c, h * w).mv(cells.new_ones(h * w)).view(n, c)
        return cls(maps, norms, torch.linalg.vector_norm(sums, dim=1) / (h * w))

    def products(self, cells: Tensor) -> Tensor:
        """Return the inner products (N, R, P) of every patch with each of ``cells`` (P, C).

        Raw maps go into the product and the caller divides by the lengths: the (N, R, P)
        result is far smaller than the maps.
        """
        if self.maps.device.type != "cpu" or self.maps.dtype != torch.float32:
            return self.maps.flatten(2).transpose(1, 2) @ cells.T  # (N, R, C) x (C, P)
        if not _has_channels_last(self.maps):
            if HAS_AVX512:
                return (cells @ self.maps.flatten(2)).transpose(1, 2)  # (P, C) x (N, C, R)
            return _convolved(self.maps, cells).flatten(2).transpose(1, 2)  # (N, R, P)
        return _split(self.maps, cells) if HAS_AVX512 else _padded(self.maps, cells)


def _split(maps: Tensor, cells: Tensor) -> Tensor:
    """Return the products (N, R, P), those beyond whole registers as a product of their own."""
    n, p = len(maps), len(cells)
    whole = p - p % LANES
    rows = _rows(maps)  # (N * R, C)
    products = rows.new_empty(len(rows), p)
    if whole:
        convolved = _convolved(maps, cells[:whole]).permute(0, 2, 3, 1)  # (N, H, W, whole)
        products[:, :whole] = convolved.reshape(-1, whole)  # (N * R, whole)
    products[:, whole:] = rows @ cells[whole:].T  # (N * R, C) x (C, P - whole)
    return products.view(n, -1, p)  # (N * R, P) -> (N, R, P)


def _padded(maps: Tensor, cells: Tensor) -> Tensor:
    """Return the products (N, R, P). 49 cells take longer than 56, the rest zeros."""
    n_cells, c = cells.shape
    padded = cells.new_zeros(n_cells + -n_cells % LANES, c)
    padded[:n_cells] = cells
    products = _convolved(maps, padded).permute(0, 2, 3, 1)  # (N, H, W, P + padding)
    return products.flatten(1, 2)[:, :, :n_cells]


def _convolved(maps: Tensor, cells: Tensor) -> Tensor:
    """Return the products (N, P, H, W) as a 1 x 1 convolution, oneDNN's: the fastest on a CPU."""
    return F.conv2d(maps, cells[:, :, None, None])


def _has_channels_last(maps: Tensor) -> bool:
    return maps.is_contiguous(memory_format=torch.channels_last)


def _rows(maps: Tensor) -> Tensor:
    return maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])  # (N, C, H, W) -> (N * R, C)


def _norms_of_columns(cells: Tensor) -> Tensor:
    """Return the lengths (N, R) of the columns of ``cells`` (N, C, R).

    Summing over a strided dimension is ten times slower than reading it where R is small, so
    blocks of channels are squared and added whole.
    """
    n, c, r = cells.shape
    if c % CHANNEL_BLOCK:
        lengths: Tensor = torch.linalg.vector_norm(cells, dim=1)
        return lengths
    blocks = cells.reshape(n, -1, CHANNEL_BLOCK * r).unbind(1)  # (N, C, R) -> (N, ., . * R)
    total = blocks[0].square()
    for block in blocks[1:]:
        total.addcmul_(block, block)
    return total.view(n, CHANNEL_BLOCK, r).sum(1).sqrt()
