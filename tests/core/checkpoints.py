"""Checkpoints with exactly the published keys and shapes, and next to no bytes."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from classifiers.core.backbones.known_weights import Layout

N = TypeVar("N", bound=nn.Module)


def cheap_state(layout: Layout, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
    """Fill each entry with a number of its own; a shape costs nothing, whatever its size."""
    values = ((1 + torch.arange(len(layout))) / 1024).to(dtype)
    return {
        key: torch.tensor(0) if key.endswith("tracked") else value.expand(shape)
        for value, (key, shape) in zip(values, layout.items(), strict=True)
    }


def write(path: Path, layout: Layout, *, is_old: bool = False, is_wrapped: bool = False) -> Path:
    """Save such a checkpoint, in the format of before PyTorch 1.6 if ``is_old``."""
    state = cheap_state(layout)
    content = {"state_dict": state, "epoch": 90} if is_wrapped else state
    torch.save(content, path, _use_new_zipfile_serialization=not is_old)
    return path


POOL = torch.randn(5_000_000, generator=torch.Generator().manual_seed(0))


def random_state(layout: Layout) -> dict[str, Tensor]:
    """Draw weights that neither explode nor die out over a hundred layers.

    Convolutions are windows into one pool of numbers, which takes no time and no memory; the
    norm after each divides by what its width adds up to.
    """
    state, fan_in = {}, 1
    for start, (key, shape) in enumerate(layout.items()):
        values = POOL[997 * start :][: math.prod(shape)].view(shape)
        if len(shape) == 4:
            fan_in = math.prod(shape[1:])
        elif key.endswith("running_var"):
            values = (values.abs() + 0.5) * fan_in
        elif key.endswith("weight"):
            values = values.abs() * (0.2 if "bn3" in key else 1)
        state[key] = torch.tensor(0) if key.endswith("tracked") else values
    return state


def built(build: Callable[[], N], state: dict[str, Tensor] | None = None) -> N:
    """Build a network with random weights, or with those given, faster than its own way."""
    with torch.device("meta"):
        network = build()
    layout = {key: tuple(each.shape) for key, each in network.state_dict().items()}
    network.load_state_dict(state or random_state(layout), strict=True, assign=True)
    network.eval()
    return network
