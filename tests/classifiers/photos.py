"""Folders of photos to import, and short looks at what became of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image as Pixels

from classifiers.models import Image
from classifiers.services.datasets import ImportReport, dataset_import


def photo(path: Path, *, seed: int = 0, size: tuple[int, int] = (40, 36)) -> Path:
    """Write a photo whose bytes depend on the seed; the file's ending says the format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise(seed, size).save(path)
    return path


def noise(seed: int = 0, size: tuple[int, int] = (40, 36)) -> Pixels.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Pixels.fromarray(pixels)


def imported(
    root: Path, query_share: float | None = None, split_seed: int | None = None
) -> ImportReport:
    return dataset_import(slug="birds", root=root, query_share=query_share, split_seed=split_seed)


def reasons(report: ImportReport) -> dict[str, str]:
    return {item.path: item.reason for item in report.refused}


def stored(source: str) -> Image:
    return Image.objects.get(dataset__slug="birds", source=source)


def crop_of(source: str) -> Pixels.Image:
    with Pixels.open(stored(source).crop_path) as crop:
        crop.load()
        return crop


def many_photos(root: Path, first: int, stop: int) -> None:
    for seed in range(first, stop):
        photo(root / f"all/{'ab'[seed % 2]}/{seed}.png", seed=seed)
