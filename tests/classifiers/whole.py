"""Originals on disk for the photos of a dataset that a factory made."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image as Pixels

from classifiers.models import Dataset


def originals_write(dataset: Dataset, folder: Path, size: tuple[int, int] = (900, 600)) -> None:
    """Give every photo an original of ``size``, and its row what an import would have found."""
    dataset.root = str(folder)
    dataset.save()
    width, height = size
    x, y = np.meshgrid(np.linspace(40, 220, width), np.linspace(40, 220, height))
    for number, image in enumerate(dataset.images.order_by("pk")):
        image.dataset = dataset
        pixels = np.stack([x, y, np.full_like(x, number % 200)], axis=2).astype(np.uint8)
        image.path.parent.mkdir(parents=True, exist_ok=True)
        Pixels.fromarray(pixels).save(image.path, compress_level=1)
        image.sha256 = hashlib.sha256(image.path.read_bytes()).hexdigest()
        image.width, image.height = size
        image.save()
