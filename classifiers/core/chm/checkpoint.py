"""CHMNet's checkpoint: two ResNet-101 to their third stage, and the learner between them.

Min & Cho, "Convolutional Hough matching networks" (CVPR 2021). The entries have the names of the
authors' code, https://github.com/juhongm999/chm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from classifiers.core.backbones import weights
from classifiers.core.backbones.backbones import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    Backbone,
    LoadedBackbone,
    assemble,
    registered_load,
)
from classifiers.core.backbones.known_weights import COUNTERS, PUBLISHED
from classifiers.core.backbones.resnet import Layout, ResNet101Stage3, layout_of


class CHMNetWeights(NamedTuple):
    """The parts of a CHMNet checkpoint, each a state dict.

    ``source`` and ``target`` each fit a ``ResNet101Stage3``; they were trained separately. The keys
    of ``learner`` are without the prefix "learner.".
    """

    source: dict[str, Tensor]
    target: dict[str, Tensor]
    learner: dict[str, Tensor]


class LoadedCHMNet(NamedTuple):
    """CHMNet's network for the query, the one for gallery images, and the learner's state."""

    source: LoadedBackbone
    target: LoadedBackbone
    learner: dict[str, Tensor]


def _chmnet_branch(name: str) -> Backbone:
    published = PUBLISHED["chmnet-psi"]
    return Backbone(
        name=name,
        build=ResNet101Stage3,
        weights=None,
        weights_sha256=published.sha256,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        channels=1024,
        feature_map="stage 3 after its ReLU: 1024 x 15 x 15 at 240 pixels",
        licence=published.licence,
        source=published.source,
        pixels=240,
        shorter_side=240,
    )


CHMNET_BRANCHES: dict[str, Backbone] = {
    item.name: item for item in map(_chmnet_branch, ("chmnet-source", "chmnet-target"))
}
"""CHMNet's two networks. They have no 7 x 7 maps, so no gallery can be built with them."""


def chmnet_load(
    name: str = "chmnet-psi", device: torch.device | str = "cpu", *, folder: Path | None = None
) -> LoadedCHMNet:
    """Load a registered CHMNet checkpoint: chmnet-psi, chmnet-iso or chmnet-full.

    Raises
    ------
    ValueError
        Unknown name, or the file is not the one that was registered.
    FileNotFoundError
        None is registered; the message says which to get and what to run.

    """
    known = [item for item in PUBLISHED if item.startswith("chmnet-")]
    if name not in known:
        raise ValueError(f"Unknown CHMNet {name!r}; known: {', '.join(known)}.")
    sha256 = weights.registered(name, folder).sha256
    parts = chmnet_split(registered_load(name, folder))
    source, target = (
        assemble(replace(spec, weights_sha256=sha256), part, device)
        for spec, part in zip(CHMNET_BRANCHES.values(), parts[:2], strict=True)
    )
    return LoadedCHMNet(source, target, parts.learner)


def chmnet_split(state: Mapping[str, Tensor]) -> CHMNetWeights:
    """Split a CHMNet checkpoint into its two networks and its learner.

    The authors run both images through one network on 6 channels whose convolutions have two groups
    (https://github.com/juhongm999/chm). This is equal to two networks: the first half of each
    tensor's output channels is the source image's, the second half the target's. Stage 4 and the
    classes are in the file and unused.

    Raises
    ------
    ValueError
        Entries of the two networks are missing.

    """
    trunk = list(_stage3_layout())
    wanted = [key for key in trunk if not key.endswith(COUNTERS)]
    missing = [key for key in wanted if f"backbone.{key}" not in state]
    if missing:
        raise ValueError(
            f"No 'backbone.{missing[0]}' and {len(missing) - 1} more among {len(state)} entries; "
            "expected the 636 entries of a CHMNet checkpoint such as pas_psi.pt."
        )
    halves = {key: state[f"backbone.{key}"].chunk(2) for key in wanted}  # (2 * C, ...) -> C, C
    # Copies, so that one branch does not keep the memory of both.
    source, target = ({key: each[i].clone() for key, each in halves.items()} for i in (0, 1))
    prefix = "learner."
    learner = {key[len(prefix) :]: each for key, each in state.items() if key.startswith(prefix)}
    return CHMNetWeights(source, target, learner)


@cache
def _stage3_layout() -> Layout:
    with torch.device("meta"):  # shapes alone: no memory, no random numbers
        return layout_of(ResNet101Stage3())
