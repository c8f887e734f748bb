"""Features of crops: the map for comparing patches, and the pooled unit vector."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Literal, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from classifiers.core.backbones.backbones import LoadedBackbone
from classifiers.core.images import CROP_SIDE
from classifiers.core.parallel import map_ahead

# Convolution libraries pick their algorithm by batch size, which changes the last bits (7e-6 of
# a map's values between 1 and 16 images, measured on a CPU). So the network only ever sees
# batches of this one size, the last one padded; then neither the number of images nor their
# company nor their position changes a bit. Four is also the fastest: the activations of sixteen
# outgrow the cache. Several threads on one batch change the last bits too (3e-5), and wait for
# each other whenever something else uses a core; so each batch gets one thread, and each core
# its own batches.
BATCH: Final = 4

EPS: Final = 1e-12
HALF: Final = 127.5  # mean and standard deviation 0.5 of 0..1, in units of 0..255

Grey = Literal["backbone", "half"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Features:
    """``maps`` (B, C, 7, 7) float32, not normalised; ``vectors`` (B, C) float32, unit L2."""

    maps: Tensor
    vectors: Tensor


def extract(
    backbone: LoadedBackbone, crops: NDArray[np.uint8], *, grey: Grey = "backbone"
) -> Features:
    """Run the backbone over crops (B, 224, 224, 3), 8-bit RGB; results on the CPU.

    The vector is the mean of the map over its cells, divided by its length (or by 1e-12 if that
    is larger), as Nguyen, Taesiri & Nguyen, NeurIPS 2022, do for kNN. Values do not depend on
    how many crops are given at once, nor on the number of cores (on one kind of device).

    ``grey="half"`` normalises grey crops to -1..1 for their maps, whatever the backbone's
    statistics, as the authors' EMD-Corr code does; there a crop is grey unless some pixel has
    R != G and G != B. Vectors, which kNN compares, stay at the backbone's statistics.

    Raises
    ------
    ValueError
        ``crops`` has another shape or type.

    """
    _check(crops)
    parts = [part for _, part in extract_stream(backbone, list(crops), np.asarray, grey=grey)]
    return _joined(parts)


def extract_stream(
    backbone: LoadedBackbone,
    items: Sequence[T],
    read: Callable[[T], NDArray[np.uint8]],
    *,
    size: int = 32,
    grey: Grey = "backbone",
) -> Iterator[tuple[Sequence[T], Features]]:
    """Yield ``items`` in parts of ``size``, in order, each with its features.

    ``read`` turns an item into its crop (224, 224, 3), 8-bit RGB, and is called from several
    threads. One task reads and runs the network for four items; each core has its own, and some are
    done in advance, so that no core waits for a file, for another core or for the caller. Values
    are those of ``extract``, bit by bit. An error of ``read`` comes in its part's place.

    Raises
    ------
    ValueError
        ``size`` is not a positive multiple of 4, or a crop has another shape or type.
    """
    if size < BATCH or size % BATCH:
        raise ValueError(f"Parts of {size} items; expected a positive multiple of {BATCH}.")

    def task(start: int) -> Features:
        crops = np.stack([read(item) for item in items[start : start + BATCH]])
        _check(crops)
        return _extract_batch(backbone, crops, grey)

    starts = range(0, len(items), BATCH)
    n_ahead = size // BATCH + 2 * torch.get_num_threads()
    batches = map_ahead(task, starts, n_ahead=n_ahead)
    with closing(batches):
        for start in range(0, len(items), size):
            yield items[start : start + size], _joined(list(islice(batches, size // BATCH)))


def _joined(parts: list[Features]) -> Features:
    return Features(
        torch.cat([part.maps for part in parts]), torch.cat([part.vectors for part in parts])
    )


@torch.inference_mode()
def _extract_batch(backbone: LoadedBackbone, batch: NDArray[np.uint8], grey: Grey) -> Features:
    maps = backbone.network.maps(_normalise(backbone, batch, "backbone"))
    pooled = maps.mean(dim=(2, 3))  # (BATCH, C, 7, 7) -> (BATCH, C)
    vectors = F.normalize(pooled, dim=1, eps=EPS)
    if grey == "half" and is_grey(batch).any():
        maps = backbone.network.maps(_normalise(backbone, batch, grey))
    return Features(maps[: len(batch)].cpu(), vectors[: len(batch)].cpu())


def _normalise(backbone: LoadedBackbone, batch: NDArray[np.uint8], grey: Grey) -> Tensor:
    """Return (BATCH, 3, 224, 224) in the network's units; missing images are zero."""
    spec, device = backbone.spec, backbone.device
    images = torch.zeros(BATCH, CROP_SIDE, CROP_SIDE, 3, device=device)
    images[: len(batch)] = torch.tensor(batch).to(device)
    # (3,) -> (BATCH, 1, 1, 3)
    mean, std = (torch.tensor([[[item]]] * BATCH, device=device) for item in (spec.mean, spec.std))
    if grey == "half":
        chosen = torch.from_numpy(np.flatnonzero(is_grey(batch))).to(device)
        mean[chosen], std[chosen] = HALF, HALF
    # (BATCH, 224, 224, 3) -> (BATCH, 3, 224, 224), a view: channels stay last in memory
    return ((images - mean) / std).permute(0, 3, 1, 2)


def is_grey(crops: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return (B,) whether no pixel of a crop (B, H, W, 3) has R != G and G != B.

    The authors' chained comparison: a pixel of two equal neighbouring channels passes as grey.
    """
    red, green, blue = np.moveaxis(crops, -1, 0)
    coloured: NDArray[np.bool_] = ((red != green) & (green != blue)).any(axis=(1, 2))
    return ~coloured


def _check(crops: NDArray[Any]) -> None:
    expected = (CROP_SIDE, CROP_SIDE, 3)
    if crops.ndim != 4 or len(crops) == 0 or crops.shape[1:] != expected or crops.dtype != np.uint8:
        raise ValueError(
            f"Crops of shape {crops.shape} and type {crops.dtype}; expected uint8 of shape "
            f"(B, {CROP_SIDE}, {CROP_SIDE}, 3) with B at least 1."
        )
