"""Small galleries, a loaded backbone, and the published files where they are at hand."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from classifiers.core.backbones import BACKBONES, Backbone, LoadedBackbone, backbone_load
from classifiers.core.chmnet import CHMLearner
from classifiers.core.features import Features
from classifiers.core.index import Gallery, GalleryWriter
from classifiers.core.matchers import Branch, Matcher
from classifiers.core.targets import Targets, TargetsWriter
from tests.core.oracles import random_maps

CHANNELS = 24

Golden = Callable[[str], dict[str, NDArray[Any]]]


def shared_dir() -> Path:
    default = Path(__file__).parents[2].parent / "shared"
    return Path(os.environ.get("STUDY_SHARED_DIR", default))


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Let each of several test processes keep to one core: threads would wait for each other."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        torch.set_num_threads(1)


@pytest.fixture
def golden() -> Golden:
    """Read one file of reference outputs; its absence skips, except on the build server."""

    def read(name: str) -> dict[str, NDArray[Any]]:
        path = shared_dir() / "golden" / name
        if not path.is_file():
            missing = f"no {path}; set STUDY_SHARED_DIR to the folder that holds golden/"
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
        with np.load(path) as arrays:
            return dict(arrays)

    return read


@pytest.fixture(scope="session")
def lite0() -> LoadedBackbone:
    return backbone_load("efficientnet-lite0")


@pytest.fixture
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


@pytest.fixture
def gallery(tmp_path: Path, toy_backbone: Backbone) -> Gallery:
    """Sixty images, ids from 1000, classes 0, 1, 2 in turn; rows 7 and 8 equal row 5."""
    features = toy_features(60)
    same = torch.arange(60)
    same[7:9] = 5
    unfinished = writer(tmp_path / "gallery", toy_backbone)
    unfinished.append(Features(features.maps[same], features.vectors[same]))
    return unfinished.finish()


def toy_matcher(seed: int = 0, name: str = "chm-lite0") -> Matcher:
    """Return a matcher of 8 channels that takes no time to load, its two branches alike."""
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


@pytest.fixture
def targets(gallery: Gallery) -> Targets:
    """What the toy matcher keeps of the gallery's sixty images."""
    matcher = toy_matcher()
    unfinished = TargetsWriter(gallery, matcher)
    unfinished.append(matcher.encode(toy_crops(60), "target"))
    return unfinished.finish()
