"""The keys and shapes of a CHMNet checkpoint, by which a file is recognised.

The entries have the names of the authors' code, https://github.com/juhongm999/chm.
"""

from __future__ import annotations

from functools import cache

import torch

from classifiers.core.backbones.resnet import Layout, layout_of
from classifiers.core.backbones.vision import torchvision
from classifiers.core.chm.chmnet import CHMLearner

CHANNELS = 1024


def chmnet_layout(kernel: str) -> Layout:
    """Return the keys and shapes of a CHMNet checkpoint; ``kernel`` is psi, iso or full."""
    learner = layout_of(CHMLearner(CHANNELS, kernel))
    return {f"backbone.{key}": _twice(key, shape) for key, shape in _resnet101().items()} | {
        f"learner.{key}": shape for key, shape in learner.items()
    }


@cache
def _resnet101() -> Layout:
    with torch.device("meta"):  # shapes alone: no memory, no random numbers
        return layout_of(torchvision.models.resnet101())


def _twice(key: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape for two networks side by side; their classes and counters are shared."""
    if key.startswith("fc.") or not shape:
        return shape
    return (2 * shape[0], *shape[1:])
