"""The device that networks run on, and what it may change."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from classifiers.core.backbones.backbones import LoadedBackbone, backbone_load
from classifiers.core.backbones.devices import VARIABLE, DeviceRefused, device_chosen
from classifiers.core.features import extract

HAS_GPU = torch.cuda.is_available()


def test_auto_takes_a_gpu_only_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert device_chosen().type == ("cuda" if HAS_GPU else "cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert [str(device_chosen(name)) for name in ("auto", "cuda:1", "cpu")] == [
        "cuda", "cuda:1", "cpu",
    ]  # fmt: skip


@pytest.mark.parametrize("value", ["gpu", "cuda:", "cuda:-1", "CPU", "mps"])
def test_an_unknown_device_is_refused_in_words(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(DeviceRefused, match=f"STUDY_DEVICE is {value!r}; expected auto"):
        device_chosen()


def test_a_gpu_that_is_not_there_is_refused() -> None:
    with pytest.raises(DeviceRefused, match=r"GPUs here\. Set auto or cpu"):
        device_chosen("cuda:99")


@pytest.mark.skipif(not HAS_GPU, reason="no GPU here: torch finds none")
def test_features_on_a_gpu_agree_with_the_cpus(lite0: LoadedBackbone) -> None:
    crops = np.random.default_rng(0).integers(0, 256, (5, 224, 224, 3), dtype=np.uint8)
    here = extract(lite0, crops)
    there = extract(backbone_load("efficientnet-lite0", device_chosen("cuda")), crops)
    assert there.maps.device.type == "cpu"
    torch.testing.assert_close(there.maps, here.maps, rtol=0, atol=6e-3)  # ReLU6: at most 6
    torch.testing.assert_close(there.vectors, here.vectors, rtol=0, atol=1e-3)
