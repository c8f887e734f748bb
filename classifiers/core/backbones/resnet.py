"""ResNet trunks, whose maps are used to compare patches.

The architecture is that of He et al., "Deep residual learning" (CVPR 2016), with torchvision's
layers and therefore its key names, so that published weights load strictly.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from classifiers.core.backbones.vision import torchvision

Layout = dict[str, tuple[int, ...]]
"""The shape of each tensor of a state dict, by key."""


class ResNetTrunk(nn.Module):
    """The stem and the first ``n_stages`` stages of a ResNet with bottlenecks.

    ``blocks`` are the bottlenecks of each of the four stages.
    """

    def __init__(self, blocks: Sequence[int], n_stages: int = 4) -> None:
        """Build the trunk with random weights; load published ones by state dict."""
        super().__init__()
        bottleneck = torchvision.models.resnet.Bottleneck
        whole = torchvision.models.ResNet(bottleneck, list(blocks))
        self.stages = tuple(f"layer{i}" for i in range(1, n_stages + 1))
        for name in ("conv1", "bn1", "relu", "maxpool", *self.stages):
            self.add_module(name, getattr(whole, name))

    def maps(self, x: Tensor) -> Tensor:
        """Return the last stage's map, after its ReLU and so never negative.

        ``x`` is (B, 3, H, W), normalised. After four stages the map has stride 32: (B, 2048,
        7, 7) at 224 pixels; after three stride 16: (B, 1024, 15, 15) at 240.
        """
        for name in ("conv1", "bn1", "relu", "maxpool", *self.stages):
            x = self.get_submodule(name)(x)
        return x

    def forward(self, x: Tensor) -> Tensor:
        """Return ``maps(x)``."""
        return self.maps(x)


class ResNet50(ResNetTrunk):
    """The whole ResNet-50, [3, 4, 6, 3] bottlenecks, with its own classes."""

    def __init__(self, n_classes: int = 1000) -> None:
        """Build the network with random weights."""
        super().__init__((3, 4, 6, 3))
        self.fc = nn.Linear(2048, n_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (B, n_classes) of normalised images (B, 3, H, W)."""
        logits: Tensor = self.fc(self.maps(x).mean(dim=(2, 3)))  # (B, 2048, h, w) -> (B, 2048)
        return logits


class ResNet101Stage3(ResNetTrunk):
    """ResNet-101 to its third stage: (B, 3, 240, 240) to (B, 1024, 15, 15)."""

    def __init__(self) -> None:
        """Build the trunk with random weights."""
        super().__init__((3, 4, 23, 3), n_stages=3)


def layout_of(network: nn.Module) -> Layout:
    """Return the keys and shapes of a network's state."""
    return {key: tuple(each.shape) for key, each in network.state_dict().items()}
