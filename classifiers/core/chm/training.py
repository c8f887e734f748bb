"""Train the learner of convolutional Hough matching on pairs with computed correspondences.

The loss is that of Min & Cho, "Convolutional Hough matching networks" (CVPR 2021): the squared
distance between transferred and true points, here of all source nodes. The backbone is frozen.
Every step depends only on the seed, its number and the weights, so an interrupted and resumed
training gives the same result.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol, cast

import torch
from torch import Tensor, nn

from classifiers.core.catalogue import EMBEDDED_WEIGHTS
from classifiers.core.chm.baselines import Score, score
from classifiers.core.chm.chmnet import CHMLearner
from classifiers.core.chm.hough import sharing
from classifiers.core.chm.keypoints import fixed_grid, node_positions, transfer_keypoints
from classifiers.core.chm.warped_pairs import Pair
from classifiers.core.inputs.ahead import in_order

STATE_VERSION: Final = 1
# What the starting kernels' taps add up to, and the biases before their sigmoid and softplus. A
# softmax over 900 nodes is flat unless the best correlations are above about ten.
SUM_6D, BIAS_6D, SUM_4D, BIAS_4D = 24.0, -4.0, 12.0, -1.0
# Of each scale group's offsets together: equal scales, both off alike, off oppositely, one off.
SCALE_SHARES: Final = (1.0, 1.0, 0.2, 1.0)
EMBEDDED: Final = EMBEDDED_WEIGHTS
"""The learner that is a part of the code; ``chm-lite0.md`` in its folder describes it."""


class TrainingRefused(ValueError):
    """Raised if the stored state is of another training; the message says what differs."""


class Batches(Protocol):
    """A source of pairs, by number."""

    def batch(self, numbers: Sequence[int]) -> Pair:
        """Return the pairs of these numbers as one batch; always the same for one number."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to train; the defaults are those of the embedded checkpoint.

    Every ``monitor_every`` steps the monitoring pairs are scored; the result is the weights with
    the least mean error on them.
    """

    seed: int = 0
    batch: int = 4
    conv_rate: float = 1e-3
    hough_rate: float = 3e-3
    clip: float = 5.0
    monitor_every: int = 50


@dataclass(frozen=True, slots=True)
class Step:
    """The result of one step: its ``number`` from 1, and the monitoring score, if there is one."""

    number: int
    loss: float
    monitored: Score | None


@torch.no_grad()
def hough_start(learner: CHMLearner, maps: Tensor, seed: int) -> None:
    """Set a psi learner's weights so that it matches from its first step.

    The convolutions look along the main directions of ``maps`` (B, C, H, W) at the centre tap,
    with a tenth of the usual random weights; the Hough kernels reward matches whose neighbours
    move alike, exp(-|offset difference|^2), near the centre, exp(-|offsets|^2 / 12). From small
    random kernels all correlations are equal, their softmax is flat, and learning hardly begins.
    """
    pixels = maps.float().transpose(0, 1).flatten(1)  # (B, C, H, W) -> (C, B * H * W)
    convolutions = [cast(nn.Conv2d, conv2d).weight for conv2d in learner.conv2ds]
    n_directions = len(convolutions[0])
    # Eigenvectors of the covariance, ascending: the main directions are the last columns.
    directions = torch.linalg.eigh(torch.cov(pixels.double())).eigenvectors[:, -n_directions:]
    generator = torch.Generator().manual_seed(seed)
    for weight in convolutions:
        reach = 1 / (weight[0].numel() ** 0.5)
        weight.uniform_(-0.1 * reach, 0.1 * reach, generator=generator)
        weight[:, :, 1, 1] += directions.T.to(weight)
    votes = _votes().to(learner.chm4d.weight)
    of_scale = [votes * factor for factor in SCALE_SHARES]
    total = torch.stack(of_scale).sum()
    for parameter, start in zip(learner.chm6d.by_group(), of_scale, strict=True):
        parameter.copy_(SUM_6D * start / total)
    learner.chm4d.weight.copy_(SUM_4D * votes / votes.sum())
    learner.chm6d.bias.fill_(BIAS_6D)
    learner.chm4d.bias.fill_(BIAS_4D)


def _votes() -> Tensor:
    """Return the starting kernel as shared weights (55,): each the sum of its taps."""
    at = torch.arange(-2, 3).double()
    i, j, k, m = torch.meshgrid(at, at, at, at, indexing="ij")  # source row, column, target ...
    near = torch.exp(-(i**2 + j**2 + k**2 + m**2) / 12)
    taps = (near * torch.exp(-((i - k) ** 2 + (j - m) ** 2))).flatten()  # (625,)
    shared = sharing("psi")
    return torch.zeros(len(shared.size), dtype=taps.dtype).index_add(0, shared.group, taps)


def node_loss(learner: CHMLearner, pairs: Pair) -> Tensor:
    """Return the mean squared distance of transferred nodes from the truth, normalised."""
    positions = node_positions(learner(pairs.source.float(), pairs.target.float()))  # (B, 2, 900)
    return (positions - pairs.nodes).square().sum(1)[pairs.node_mask].mean()


@torch.inference_mode()
def learner_points(learner: CHMLearner, source: Tensor, target: Tensor) -> Tensor:
    """Return the positions of the 7 x 7 fixed key points in the targets, (B, 2, 49), normalised."""
    correlation = learner(source.float(), target.float())
    return transfer_keypoints(correlation, fixed_grid())


def learner_score(learner: CHMLearner, pairs: Pair) -> Score:
    """Score the learner on a batch of pairs, some at a time."""
    some = [slice(start, start + 4) for start in range(0, len(pairs.source), 4)]
    found = [learner_points(learner, pairs.source[item], pairs.target[item]) for item in some]
    return score(torch.cat(found), pairs.points, pairs.point_mask)


class Training:
    """A training that can be monitored, interrupted, saved and resumed.

    ``about`` identifies the training data (such as a hash of the photos); a stored state is
    resumed only if it is equal. Create it with an untrained learner.
    """

    def __init__(
        self,
        learner: CHMLearner,
        pairs: Batches,
        monitor: Pair,
        settings: Settings,
        about: dict[str, Any],
    ) -> None:
        self.learner, self.pairs, self.monitor, self.settings = learner, pairs, monitor, settings
        self.about = {"version": STATE_VERSION, **asdict(settings), **about}
        hough = [*learner.chm6d.parameters(), *learner.chm4d.parameters()]
        self.optimiser = torch.optim.Adam(
            [
                {"params": list(learner.conv2ds.parameters()), "lr": settings.conv_rate},
                {"params": hough, "lr": settings.hough_rate},
            ]
        )
        self.n_done = 0
        self.history: list[dict[str, float]] = []
        self.best = self._weights()
        self._state = self._snapshot()

    def steps(self, n_steps: int) -> Iterator[Step]:
        """Train until ``n_steps`` are done in all, yielding after each.

        A thread prepares the next pairs during a step. If a step is interrupted, ``save`` writes
        the state after the last complete step.
        """
        numbers = range(self.n_done, n_steps)
        one_core = partial(torch.set_num_threads, 1)
        batches = in_order(self._batch, numbers, n_threads=1, n_ahead=1, begin=one_core)
        with closing(batches):
            for pairs in batches:
                yield self._step(pairs, is_last=self.n_done + 1 == n_steps)

    def save(self, path: Path) -> None:
        """Write the state atomically: a reader finds the old file or the complete new one."""
        write_whole(path, self._state)

    def resume(self, path: Path) -> None:
        """Go on from a stored state.

        Raises
        ------
        TrainingRefused
            It was made with other settings or photos.

        """
        state = torch.load(path, weights_only=True)
        if state["about"] != self.about:
            seen = {k: v for k, v in state["about"].items() if self.about.get(k) != v}
            wanted = {k: self.about.get(k) for k in seen}
            raise TrainingRefused(
                f"{path} holds a training with {seen}; asked for {wanted}. Give the settings that "
                "it was begun with, or another --out."
            )
        self.learner.load_state_dict(state["learner"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.n_done, self.history, self.best = state["n_done"], state["history"], state["best"]
        self._state = self._snapshot()

    def _batch(self, step: int) -> Pair:
        size = self.settings.batch
        return self.pairs.batch(range(step * size, (step + 1) * size))

    def _step(self, pairs: Pair, *, is_last: bool) -> Step:
        self.optimiser.zero_grad()
        loss = node_loss(self.learner, pairs)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.learner.parameters(), self.settings.clip)
        self.optimiser.step()
        is_look = is_last or (self.n_done + 1) % self.settings.monitor_every == 0
        monitored = self._look(self.n_done + 1) if is_look else None
        self.n_done += 1
        self._state = self._snapshot()
        return Step(self.n_done, float(loss.detach()), monitored)

    def _look(self, step: int) -> Score:
        """Score the monitoring pairs and keep the weights if they are the best so far."""
        found = learner_score(self.learner, self.monitor)
        if all(found.mean_px < past["mean_px"] for past in self.history):
            self.best = self._weights()
        self.history.append({"step": step, **asdict(found)})
        return found

    def _weights(self) -> dict[str, Tensor]:
        return {name: each.detach().clone() for name, each in self.learner.state_dict().items()}

    def _snapshot(self) -> dict[str, Any]:
        """Copy the state (1 MB), so that an interruption does not leave a partial step."""
        optimiser = self.optimiser.state_dict()
        optimiser["state"] = {
            key: {name: torch.as_tensor(each).clone() for name, each in values.items()}
            for key, values in optimiser["state"].items()
        }
        return {
            "about": self.about,
            "learner": self._weights(),
            "optimiser": optimiser,
            "n_done": self.n_done,
            "history": list(self.history),
            "best": self.best,
        }


def write_whole(path: Path, content: dict[str, Any]) -> None:
    """Save with torch under another name, then rename."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        torch.save(content, temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
