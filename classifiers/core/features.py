"""From crops to features: the map that patches are compared on, and the pooled unit vector."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from classifiers.core.backbones import LoadedBackbone
from classifiers.core.images import CROP_SIDE

# Convolution libraries pick their algorithm by batch size, which changes the last bits (7e-6 of
# a map's values between 1 and 16 images, measured on a CPU). So the network only ever sees
# batches of this one size, the last one padded; then neither the number of images nor their
# company nor their position changes a bit. Four is also the fastest: the activations of sixteen
# outgrow the cache. Several threads on one batch change the last bits too (3e-5), and wait for
# each other whenever something else uses a core; so each batch gets one thread, and each core
# its own batches.
BATCH: Final = 4

EPS: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Features:
    """``maps`` (B, C, 7, 7) float32, not normalised; ``vectors`` (B, C) float32, unit L2."""

    maps: Tensor
    vectors: Tensor


def extract(backbone: LoadedBackbone, crops: NDArray[np.uint8]) -> Features:
    """Run the backbone over crops (B, 224, 224, 3), 8-bit RGB; results on its device.

    The vector is the mean of the map over its cells, divided by its length (or by 1e-12 if that
    is larger), as Nguyen, Taesiri & Nguyen, NeurIPS 2022, do for kNN. Values do not depend on
    how many crops are given at once, nor on the number of cores (on one kind of device).

    Raises
    ------
    ValueError
        ``crops`` has another shape or type.

    """
    _check(crops)
    batches = [crops[start : start + BATCH] for start in range(0, len(crops), BATCH)]
    n_threads = torch.get_num_threads() if backbone.device.type == "cpu" else 1
    with ThreadPoolExecutor(n_threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        parts = list(pool.map(partial(_extract_batch, backbone), batches))
    return Features(
        torch.cat([each.maps for each in parts]), torch.cat([each.vectors for each in parts])
    )


@torch.inference_mode()
def _extract_batch(backbone: LoadedBackbone, batch: NDArray[np.uint8]) -> Features:
    maps = backbone.network.maps(_normalise(backbone, batch))
    pooled = maps.mean(dim=(2, 3))  # (BATCH, C, 7, 7) -> (BATCH, C)
    vectors = F.normalize(pooled, dim=1, eps=EPS)
    return Features(maps[: len(batch)], vectors[: len(batch)])


def _normalise(backbone: LoadedBackbone, batch: NDArray[np.uint8]) -> Tensor:
    """Return (BATCH, 3, 224, 224) in the network's units; missing images are zero."""
    spec, device = backbone.spec, backbone.device
    images = torch.zeros(BATCH, CROP_SIDE, CROP_SIDE, 3, device=device)
    images[: len(batch)] = torch.tensor(batch).to(device)
    mean, std = (torch.tensor(each, device=device) for each in (spec.mean, spec.std))
    # (BATCH, 224, 224, 3) -> (BATCH, 3, 224, 224), a view: channels stay last in memory
    return ((images - mean) / std).permute(0, 3, 1, 2)


def _check(crops: NDArray[Any]) -> None:
    expected = (CROP_SIDE, CROP_SIDE, 3)
    if crops.ndim != 4 or len(crops) == 0 or crops.shape[1:] != expected or crops.dtype != np.uint8:
        raise ValueError(
            f"Crops of shape {crops.shape} and type {crops.dtype}; expected uint8 of shape "
            f"(B, {CROP_SIDE}, {CROP_SIDE}, 3) with B at least 1."
        )
