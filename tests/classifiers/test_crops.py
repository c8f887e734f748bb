"""The crop that people see: small enough for a fast page, as large as that allows."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image as Pixels

from classifiers.services.crops import MAX_BYTES, SIDES, crop_encode


def textured(side: int, roughness: float) -> Pixels.Image:
    """Return a photo of waves with noise; the noise is what a JPEG pays for."""
    row, column = np.mgrid[0:side, 0:side] / side
    waves = np.stack([np.sin(9 * row), np.cos(7 * column), np.sin(5 * row * column)], axis=2)
    noise = np.random.default_rng(0).normal(0, roughness, waves.shape)
    return Pixels.fromarray((128 + 90 * waves + noise).clip(0, 255).astype(np.uint8))


def side_of(jpeg: bytes) -> int:
    with Pixels.open(BytesIO(jpeg)) as crop:
        return crop.width


@pytest.mark.parametrize(("roughness", "side"), [(0, 640), (24, 448)])
def test_a_crop_is_as_large_as_its_bytes_allow(roughness: float, side: int) -> None:
    jpeg = crop_encode(textured(1000, roughness))
    assert len(jpeg) <= MAX_BYTES
    assert side_of(jpeg) == side


def test_even_pure_noise_keeps_to_the_budget_or_the_smallest_side() -> None:
    jpeg = crop_encode(textured(800, 500))
    assert side_of(jpeg) == min(SIDES)
    assert len(jpeg) < 1.2 * MAX_BYTES
