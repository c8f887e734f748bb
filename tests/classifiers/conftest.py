"""Folders of photos, and a small dataset with its gallery."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pixels
from pytest_django import Settings

from classifiers import tasks
from classifiers.core.backbones.backbones import LoadedBackbone, backbone_load
from classifiers.core.catalogue import CLASSIFIERS
from classifiers.models import Dataset, Gallery, Job, PredictionRun
from classifiers.services import galleries, predictions, queueing
from classifiers.services.datasets import dataset_import
from tests.classifiers.photos import photo
from tests.factories import make_dataset, make_run

BACKBONE = "efficientnet-lite0"


@pytest.fixture(scope="session")
def lite0() -> LoadedBackbone:
    """Load the backbone of most tests once."""
    return backbone_load(BACKBONE)


@pytest.fixture(autouse=True)
def _loaded_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give jobs the backbone that is loaded already: only its weights are read, never changed."""
    for module in (galleries, predictions):
        monkeypatch.setattr(
            module,
            "backbone_load",
            lambda name, *device, **options: (
                request.getfixturevalue("lite0")
                if name == BACKBONE
                else backbone_load(name, *device, **options)
            ),
        )


@pytest.fixture
def root(tmp_path: Path, settings: Settings) -> Path:
    """An empty folder to import from; crops go beside it."""
    settings.CROP_DIR = tmp_path / "crops"
    settings.PANEL_DIR = tmp_path / "panels"
    folder = tmp_path / "photos"
    folder.mkdir()
    return folder


@pytest.fixture
def birds(root: Path) -> Path:
    """Four good photos: two categories, in both splits."""
    for seed, place in enumerate(
        ("gallery/bunting/1.png", "gallery/cardinal/1.png", "query/bunting/2.png")
    ):
        photo(root / place, seed=seed)
    photo(root / "query/cardinal/2.jpg", seed=9)
    return root


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """Record the doorbells instead of ringing them."""
    seen: list[tuple[str, Any]] = []
    for name in ("gallery_build", "predict"):
        task = getattr(tasks, name)
        monkeypatch.setattr(task, "delay", lambda ids, name=name: seen.append((name, ids)))
    return seen


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Import six gallery photos and six queries of two kinds: dark and bright."""
    rng = np.random.default_rng(0)
    for split, n in (("gallery", 3), ("query", 3)):
        for category, shade in (("bright", 190), ("dark", 60)):
            folder = tmp_path / "photos" / split / category
            folder.mkdir(parents=True)
            for number in range(n):
                noise = np.clip(rng.normal(shade, 30, (64, 64)), 0, 255).astype(np.uint8)
                Pixels.fromarray(noise).save(folder / f"{number}.png")
    dataset_import(slug="shades", root=tmp_path / "photos")
    return Dataset.objects.get()


@pytest.fixture
def gallery(dataset: Dataset) -> Gallery:
    """Build the gallery."""
    gallery = Gallery.objects.create(dataset=dataset, backbone=BACKBONE)
    tasks.gallery_build(gallery.pk)
    gallery.refresh_from_db()
    return gallery


@pytest.fixture
def trees() -> Gallery:
    """A gallery with a finished run of every classifier: right on every other of 20 queries."""
    gallery = Gallery.objects.create(
        dataset=make_dataset(), backbone="tiny", status=Job.Status.DONE
    )
    for name in CLASSIFIERS:
        make_run(gallery, name)
    return gallery


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def make_runs(gallery: Gallery, *names: str) -> list[PredictionRun]:
    return queueing.runs_request(gallery=gallery, classifiers=names)
