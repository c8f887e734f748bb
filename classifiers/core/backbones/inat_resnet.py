"""The iNaturalist network of the birds experiments: a ResNet-50 with a fourth block in stage 4.

Zhou et al., "BBN: Bilateral-branch network" (CVPR 2020), end a ResNet-50 in two parallel
bottlenecks, one trained on the classes as they are and one on the rare ones. Donnelly et al.,
"Deformable ProtoPNet" (CVPR 2022), connected the two in series; Nguyen, Taesiri & Nguyen (NeurIPS
2022) used that network. The combined network was not trained, but it works.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor

from classifiers.core.backbones.resnet import Layout, ResNetTrunk, layout_of

_PREFIX: Final = "module.backbone."
_BRANCHES: Final = {"cb_block.": "layer4.2.", "rb_block.": "layer4.3."}
N_CLASSES: Final = 5089  # of iNaturalist 2017; their head is dropped


class INatResNet(ResNetTrunk):
    """[3, 4, 6, 4] bottlenecks: (B, 3, 224, 224) to (B, 2048, 7, 7), never negative."""

    def __init__(self) -> None:
        """Build the network with random weights."""
        super().__init__((3, 4, 6, 4))


def inat_state(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename BBN's entries to those of ``INatResNet``, and drop BBN's classes."""
    return {_renamed(key): each for key, each in state.items() if key.startswith(_PREFIX)}


def _renamed(key: str) -> str:
    """Return module.backbone.cb_block.conv1.weight as layer4.2.conv1.weight, and so on."""
    key = key.removeprefix(_PREFIX)
    for theirs, ours in _BRANCHES.items():
        if key.startswith(theirs):
            return ours + key.removeprefix(theirs)
    return key


def inat_layout() -> Layout:
    """Return the keys and shapes of BBN's checkpoint for iNaturalist 2017."""
    with torch.device("meta"):
        ours = layout_of(INatResNet())
    return {_PREFIX + _published(key): shape for key, shape in ours.items()} | {
        "module.classifier.weight": (N_CLASSES, 2 * 2048),
        "module.classifier.bias": (N_CLASSES,),
    }


def _published(key: str) -> str:
    """Return the name that BBN gives to an entry of ``INatResNet``."""
    for theirs, ours in _BRANCHES.items():
        if key.startswith(ours):
            return theirs + key.removeprefix(ours)
    return key
