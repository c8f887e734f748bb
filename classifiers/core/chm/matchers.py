"""Matchers as data: networks that find the points of one image in another.

A matcher has one or two feature networks and a learner. ``encode`` returns the encoding of an
image. The encoding of a gallery image does not depend on the query, so it is computed once
(``matcher_features.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, Literal, Protocol, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classifiers.core.backbones import weights
from classifiers.core.backbones.backbones import backbone_load, registered_load
from classifiers.core.catalogue import CHOICES, EMBEDDED_WEIGHTS
from classifiers.core.chm.chmnet import CHMLearner, learner_of
from classifiers.core.images import MATCHER_SIDE
from classifiers.core.parallel import map_ahead
from classifiers.files import file_sha256

BATCH: Final = 4  # see features.py: one size, so that a value does not depend on the batch
CHM_LITE0: Final = EMBEDDED_WEIGHTS

Role = Literal["source", "target"]
T = TypeVar("T")


class StrideNetwork(Protocol):
    """A matcher's network: maps with 15 x 15 cells of images (B, 3, 240, 240)."""

    def __call__(self, x: Tensor) -> Tensor:
        """Map normalised images to (B, C, 15, 15)."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One feature network with its normalisation, in units of 0..255."""

    network: StrideNetwork
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Matcher:
    """A matcher in memory. ``sha256`` is that of its weights: equal ones give equal targets."""

    name: str
    sha256: str
    source: Branch
    target: Branch
    learner: CHMLearner
    device: torch.device

    @property
    def kept(self) -> int:
        """The length of the vector at each of the 3 x 225 positions of an encoding."""
        return self.learner.conv2ds[0].out_channels  # type: ignore[return-value]

    @torch.inference_mode()
    def encode(self, crops: NDArray[np.uint8], role: Role) -> Tensor:
        """Return the encodings (B, 3, 225, D), on the CPU, of crops (B, 240, 240, 3), 8-bit RGB.

        ``role`` says whether they are queries ("source") or gallery images ("target").

        Raises
        ------
        ValueError
            ``crops`` has another shape or type.

        """
        expected = (MATCHER_SIDE, MATCHER_SIDE, 3)
        if crops.ndim != 4 or crops.shape[1:] != expected or crops.dtype != np.uint8:
            raise ValueError(
                f"Crops of shape {crops.shape} and type {crops.dtype}; expected uint8 of shape "
                f"(B, {MATCHER_SIDE}, {MATCHER_SIDE}, 3)."
            )

        def task(start: int) -> Tensor:
            return self._encode_batch(crops[start : start + BATCH], role)

        # One thread per batch, as in the stream, so values do not depend on the number of cores.
        return torch.cat(list(map_ahead(task, range(0, len(crops), BATCH), n_ahead=2)))

    @torch.inference_mode()
    def _encode_batch(self, crops: NDArray[np.uint8], role: Role) -> Tensor:
        branch = self.source if role == "source" else self.target
        images = torch.zeros(BATCH, MATCHER_SIDE, MATCHER_SIDE, 3, device=self.device)
        images[: len(crops)] = torch.tensor(crops).to(self.device)
        mean, std = (torch.tensor(item, device=self.device) for item in (branch.mean, branch.std))
        # (BATCH, 240, 240, 3) -> (BATCH, 3, 240, 240), a view: channels stay last in memory
        features = branch.network(((images - mean) / std).permute(0, 3, 1, 2))
        return self.learner.encode(features)[: len(crops)].cpu()

    def encode_stream(
        self,
        items: Sequence[T],
        read: Callable[[T], NDArray[np.uint8]],
        role: Role,
        *,
        size: int = 32,
    ) -> Iterator[tuple[Sequence[T], Tensor]]:
        """Yield ``items`` in parts of ``size``, in order, each with its encodings.

        ``read`` turns an item into its crop (240, 240, 3) and is called from several threads.
        Some items are computed ahead, so that no core waits for a file.
        """

        @torch.inference_mode()
        def task(start: int) -> Tensor:
            return self.encode(
                np.stack([read(item) for item in items[start : start + BATCH]]), role
            )

        n_ahead = size // BATCH + 2 * torch.get_num_threads()
        batches = map_ahead(task, range(0, len(items), BATCH), n_ahead=n_ahead)
        with closing(batches):
            for start in range(0, len(items), size):
                yield (
                    items[start : start + size],
                    torch.cat(list(islice(batches, max(1, size // BATCH)))),
                )


def matcher_load(
    name: str,
    device: torch.device | str = "cpu",
    *,
    folder: Path | None = None,
    checkpoint: Path = CHM_LITE0,
) -> Matcher:
    """Load a matcher by name.

    "chm-lite0" is the embedded one: EfficientNet-Lite0's maps of stride 16 and a learner that
    ``manage.py train_chm`` trained; ``checkpoint`` names another such learner. "chm-trained" is
    the learner of that kind that the user registers. "chmnet-psi", "chmnet-iso" and
    "chmnet-full" are the published ones, which the user registers; ``folder`` is where.

    Raises
    ------
    ValueError
        Unknown name, or weights that are not what they should be.
    FileNotFoundError
        Weights that were never registered; the message says which and what to run.

    """
    device = torch.device(device)
    if name not in CHOICES["matcher"]:
        raise ValueError(f"Unknown matcher {name!r}; known: {', '.join(CHOICES['matcher'])}.")
    if name == "chm-lite0":
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        return _on_lite0(name, state, file_sha256(checkpoint), device)
    if name == "chm-trained":
        state = registered_load(name, folder)
        return _on_lite0(name, state, weights.registered(name, folder).sha256, device)
    from classifiers.core.chm.checkpoint import chmnet_load  # and torchvision, for seconds

    found = chmnet_load(name, device, folder=folder)
    source, target = (
        Branch(item.network.maps, item.spec.mean, item.spec.std)
        for item in (found.source, found.target)
    )
    learner = learner_of(found.learner).to(device)
    return Matcher(name, found.source.spec.weights_sha256, source, target, learner, device)


def _on_lite0(name: str, state: dict[str, Tensor], sha256: str, device: torch.device) -> Matcher:
    backbone = backbone_load("efficientnet-lite0", device)
    learner = learner_of(state)
    network = cast(StrideNetwork, backbone.network.stride16)  # type: ignore[attr-defined]
    branch = Branch(network, backbone.spec.mean, backbone.spec.std)
    return Matcher(name, sha256, branch, branch, learner.to(device), device)
