"""Small stand-ins: features, a gallery, a matcher and photos that cost next to nothing."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from classifiers.core.backbones.backbones import BACKBONES, Backbone
from classifiers.core.chm.chmnet import CHMLearner
from classifiers.core.chm.matchers import Branch, Matcher
from classifiers.core.features import Features
from classifiers.core.gallery.writer import GalleryWriter
from tests.core.oracles import random_maps

CHANNELS = 24


def toy_backbone() -> Backbone:
    return replace(BACKBONES["efficientnet-lite0"], name="toy", channels=CHANNELS)


def toy_features(n: int, seed: int = 0) -> Features:
    maps = random_maps(n, CHANNELS, seed)
    return Features(maps, F.normalize(maps.mean((2, 3)), dim=1))


def writer(path: Path, backbone: Backbone, n: int = 60, **changes: Any) -> GalleryWriter:
    plan: dict[str, Any] = {
        "image_ids": np.arange(n) + 1000,
        "labels": np.arange(n) % 3,
        "dataset": "toy",
    }
    return GalleryWriter(path, backbone=backbone, **(plan | changes))


@cache  # a learner keeps the spectra of its kernels, which take most of a toy's time
def toy_matcher(seed: int = 0, name: str = "chm-lite0") -> Matcher:
    """Return a matcher of 8 channels that takes no time to load, its two branches alike.

    Everybody gets the same one: copy its learner before you change a weight.
    """
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(8, 3, 1, 1, generator=generator)
    torch.manual_seed(seed)
    learner = CHMLearner(8)
    for weights in (*learner.chm6d.parameters(), *learner.chm4d.parameters()):
        weights.data *= 100

    def network(x: torch.Tensor) -> torch.Tensor:
        return F.conv2d(F.adaptive_avg_pool2d(x, 15), mixing)

    branch = Branch(network, (127.0,) * 3, (128.0,) * 3)
    learner.requires_grad_(False).eval()
    return Matcher(name, f"toy{seed}", branch, branch, learner, torch.device("cpu"))


def toy_crops(n: int, seed: int = 0, side: int = 240) -> NDArray[np.uint8]:
    """Return photos (n, side, side, 3) of coarse random patches."""
    coarse = np.random.default_rng(seed).integers(0, 256, (n, 6, 6, 3), dtype=np.uint8)
    return coarse.repeat(side // 6, axis=1).repeat(side // 6, axis=2)
