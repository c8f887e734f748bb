"""Small galleries, a loaded backbone, and the published files where they are at hand.

Fixtures import what they need: under xdist the process that only hands out tests reads this
file too, before any other starts, and torch alone takes two seconds.
"""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

if TYPE_CHECKING:
    from classifiers.core.backbones.backbones import Backbone, LoadedBackbone
    from classifiers.core.chm.matcher_features import Targets
    from classifiers.core.chm.matchers import Matcher
    from classifiers.core.gallery.index import Gallery

Golden = Callable[[str], dict[str, NDArray[Any]]]


def shared_dir() -> Path:
    default = Path(__file__).parents[2].parent / "shared"
    return Path(os.environ.get("STUDY_SHARED_DIR", default))


def pytest_collectstart() -> None:
    """Spare the garbage collector the libraries' million objects, which stay anyway."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Collect what tests leave, and never look at the libraries."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Let each of several test processes keep to one core: threads would wait for each other."""
    import torch

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
    from classifiers.core.backbones.backbones import backbone_load

    return backbone_load("efficientnet-lite0")


@pytest.fixture(scope="session")
def lite0_matcher() -> Matcher:
    from classifiers.core.query import matcher_kept

    return matcher_kept("chm-lite0")  # the one that classify loads


@pytest.fixture
def toy_backbone() -> Backbone:
    from tests.core import toys

    return toys.toy_backbone()


@pytest.fixture(scope="session")
def shared_gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """Sixty images, ids from 1000, classes 0, 1, 2 in turn; rows 7 and 8 equal row 5.

    For tests that only read; ``gallery`` is a copy to write into.
    """
    import torch

    from classifiers.core.features import Features
    from tests.core import toys

    features = toys.toy_features(60)
    same = torch.arange(60)
    same[7:9] = 5
    path = tmp_path_factory.mktemp("toy") / "gallery"
    unfinished = toys.writer(path, toys.toy_backbone())
    unfinished.append(Features(features.maps[same], features.vectors[same]))
    return unfinished.finish()


@pytest.fixture(scope="session")
def shared_targets(shared_gallery: Gallery, tmp_path_factory: pytest.TempPathFactory) -> Targets:
    """What the toy matcher keeps of the sixty images; for tests that only read."""
    from classifiers.core.chm.matcher_features import TargetsWriter
    from classifiers.core.gallery.index import Gallery
    from tests.core.toys import toy_crops, toy_matcher

    path = tmp_path_factory.mktemp("kept") / "gallery"
    shutil.copytree(shared_gallery.path, path)
    matcher = toy_matcher()
    unfinished = TargetsWriter(Gallery.open(path), matcher)
    unfinished.append(matcher.encode(toy_crops(60), "target"))
    return unfinished.finish()


@pytest.fixture
def gallery(shared_gallery: Gallery, tmp_path: Path) -> Gallery:
    """Return the sixty images in a folder of the test's own."""
    from classifiers.core.gallery.index import Gallery

    shutil.copytree(shared_gallery.path, tmp_path / "gallery")
    return Gallery.open(tmp_path / "gallery")


@pytest.fixture
def targets(gallery: Gallery, shared_targets: Targets) -> Targets:
    """What the toy matcher keeps of ``gallery``, beside it."""
    import torch

    from classifiers.core.chm.matcher_features import TargetsWriter

    unfinished = TargetsWriter(gallery, shared_targets.matcher)
    unfinished.append(shared_targets.of(torch.arange(60)))
    return unfinished.finish()
