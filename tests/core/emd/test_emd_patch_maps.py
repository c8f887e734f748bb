"""Patch lengths and products do not depend on how the maps lie in memory."""

from typing import Any

import numpy as np
import pytest
import torch

from classifiers.core.catalogue import STOPS
from classifiers.core.emd import patch_maps
from classifiers.core.emd.emd import emd_scores
from classifiers.core.emd.patch_maps import PatchMaps
from tests.core.oracles import random_maps


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("channels", [1, 128, 100])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 5), (7, 1), (4, 9)])
def test_prepared_maps_in_any_layout_score_as_raw_ones(
    stop: str, channels: int, height: int, width: int
) -> None:
    maps = random_maps(4, channels, side=9)[:, :, :height, :width] + 0.1
    options: dict[str, Any] = {"stop": stop, "n_patches": 1}
    raw = emd_scores(maps[0], maps[1:], **options)
    for memory_format in (torch.contiguous_format, torch.channels_last):
        prepared = PatchMaps.of(maps[1:].contiguous(memory_format=memory_format))
        scores = emd_scores(maps[0], prepared, **options).scores
        np.testing.assert_allclose(scores, raw.scores, atol=1e-6)


@pytest.mark.parametrize("lanes", [8, 16])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_patches_are_measured_and_multiplied_as_by_hand(
    memory_format: torch.memory_format,
    dtype: torch.dtype,
    lanes: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patch_maps, "LANES", lanes)
    monkeypatch.setattr(patch_maps, "HAS_AVX512", lanes == 16)
    maps = random_maps(3, 256).to(dtype).contiguous(memory_format=memory_format)
    patches, prepared = maps.flatten(2).transpose(1, 2).double(), PatchMaps.of(maps)
    np.testing.assert_allclose(prepared.norms, patches.norm(dim=2), rtol=1e-6)
    np.testing.assert_allclose(prepared.mean_norms, patches.mean(1).norm(dim=1), rtol=1e-6)
    for n_cells in (1, 16, 49):
        cells = maps[0].flatten(1).T[:n_cells]
        expected = patches @ cells.double().T
        np.testing.assert_allclose(prepared.products(cells), expected, rtol=1e-5)
