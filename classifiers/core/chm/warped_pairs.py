"""Pairs of images with known correspondences, as the CHM learner is trained and tested on.

The source is a photo, the target a random warp of it, both jittered. With another photo as source,
the correspondences are only assumed: the two objects must fill their photos in the same way. This
is true for cells that one machine cut out of panels, and for hardly anything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from typing import NamedTuple, Protocol, cast

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from classifiers.core.backbones.backbones import LoadedBackbone
from classifiers.core.chm.keypoints import IMAGE_SIZE, fixed_grid, node_coordinates
from classifiers.core.chm.warps import STRENGTHS, jittered, warp_draw
from classifiers.core.images import ImageRefused, load_rgb, matcher_crop


class Stride16(Protocol):
    """A network with maps that are fine enough to locate a point."""

    def stride16(self, x: Tensor) -> Tensor:
        """Map normalised images (B, 3, 240, 240) to (B, C, 15, 15)."""


class Pair(NamedTuple):
    """One pair, or a batch of them with B in front.

    ``source`` and ``target`` (C, 15, 15) float16 maps; ``nodes`` (2, 900) where the learner's
    source nodes went and ``node_mask`` (900,) which of them count; ``points`` (2, 49) and
    ``point_mask`` (49,) the same for the fixed grid of key points. Normalised coordinates.
    """

    source: Tensor
    target: Tensor
    nodes: Tensor
    node_mask: Tensor
    points: Tensor
    point_mask: Tensor


@dataclass(frozen=True, slots=True)
class PairPlan:
    """What pairs to draw: share of pairs of two photos; of the others, one at random.

    ``views`` are transforms of ``images.matcher_crop``: "crop" is what a matcher usually sees,
    "paper" the whole central square, where an object's outline may help.
    """

    strengths: tuple[str, ...] = ("weak", "medium", "strong")
    cross_share: float = 0.0
    paddings: tuple[str, ...] = ("border", "zeros")
    views: tuple[str, ...] = ("crop", "paper")


def photo_read(path: str | PathLike[str], view: str) -> Tensor:
    """Return what a matcher sees of a photo, (3, 240, 240) float32 from 0 to 255.

    Raises ``ImageRefused`` with the path if it is not a photo, ``OSError`` if it is not a file.
    """
    try:
        pixels = np.array(matcher_crop(load_rgb(path), view))
    except ImageRefused as error:
        raise ImageRefused(f"{path}: {error}") from error
    return torch.from_numpy(pixels).permute(2, 0, 1).float()  # (240, 240, 3) -> (3, 240, 240)


@torch.inference_mode()
def stride16_maps(backbone: LoadedBackbone, photos: Tensor) -> Tensor:
    """Return the maps (B, C, 15, 15), float16, of photos (B, 3, 240, 240) from 0 to 255."""
    spec = backbone.spec
    mean, std = (torch.tensor(item)[:, None, None] for item in (spec.mean, spec.std))
    x = ((photos - mean) / std).to(backbone.device, memory_format=torch.channels_last)
    return cast(Stride16, backbone.network).stride16(x).half().cpu().contiguous()


def normalised(pixels: Tensor) -> Tensor:
    """Return pixels of the 240 frame, (2, P), in normalised coordinates."""
    return pixels * 2 / IMAGE_SIZE - 1


def pair_draw(
    backbone: LoadedBackbone,
    source: str | PathLike[str],
    target: str | PathLike[str],
    rng: Generator,
    plan: PairPlan,
) -> Pair:
    """Warp the target's photo, jitter both, and follow nodes and key points through the warp."""
    warp = warp_draw(STRENGTHS[plan.strengths[int(rng.integers(len(plan.strengths)))]], rng)
    padding = plan.paddings[int(rng.integers(len(plan.paddings)))]
    view = plan.views[int(rng.integers(len(plan.views)))]
    there, here = photo_read(source, view), warp.image(photo_read(target, view), padding)
    photos = torch.stack([jittered(there, rng), jittered(here, rng)])
    maps = stride16_maps(backbone, photos)  # (2, 3, 240, 240) -> (2, C, 15, 15)
    node_truth, node_mask = warp.to_target(node_coordinates().T.double().numpy())  # (2, 900)
    point_truth, point_mask = warp.to_target(normalised(fixed_grid()).double().numpy())  # (2, 49)
    return Pair(
        maps[0],
        maps[1],
        torch.from_numpy(node_truth).float(),
        torch.from_numpy(node_mask),
        torch.from_numpy(point_truth).float(),
        torch.from_numpy(point_mask),
    )


@dataclass(frozen=True, slots=True)
class PairStream:
    """An endless, numbered sequence of random pairs: pair i depends on seed and i alone.

    ``photos`` are paths; ``stream`` tells apart sequences of one seed.
    """

    backbone: LoadedBackbone
    photos: Sequence[str]
    seed: int
    stream: int = 0
    plan: PairPlan = PairPlan()

    def __getitem__(self, number: int) -> Pair:
        """Return pair ``number``, from 0."""
        rng = np.random.default_rng([self.seed, self.stream, number])
        target = self.photos[int(rng.integers(len(self.photos)))]
        is_cross = rng.random() < self.plan.cross_share
        source = self.photos[int(rng.integers(len(self.photos)))] if is_cross else target
        return pair_draw(self.backbone, source, target, rng, self.plan)

    def batch(self, numbers: Sequence[int]) -> Pair:
        """Return the pairs of these numbers, stacked."""
        return stacked([self[number] for number in numbers])


def stacked(pairs: Sequence[Pair]) -> Pair:
    """Return pairs as one batch, B in front of every shape."""
    return Pair(*(torch.stack(pair) for pair in zip(*pairs, strict=True)))
