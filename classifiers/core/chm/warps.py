"""Known distortions of a photo: the new position of a point is computed, not annotated.

A photo and its warp are a pair of images with true correspondences, so a matcher can learn from
them without annotated key points (Rocco, Arandjelovic & Sivic, "Convolutional neural
network architecture for geometric matching", CVPR 2017). Coordinates are normalised: (x, y) in
[-1, 1], the outer edges of the image, whatever its size in pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

CONTROL: Final = np.stack(np.meshgrid([-1.0, 0, 1], [-1.0, 0, 1])).reshape(2, 9)
N_ITERATIONS: Final = 25
DAMPING: Final = 0.8
MAX_RESIDUAL: Final = 0.01  # of a half side: 1.2 pixels of 240
NOISE_SD: Final = 8.0
GREY_MAX: Final = 255.0


@dataclass(frozen=True, slots=True)
class Strength:
    """The strength of a random warp.

    Rotation up to ``rotation_deg`` either way, size between 1 / ``zoom_out`` and ``zoom_in``,
    shift up to ``shift`` of half a side along each axis, and a bend whose nine control points
    move by a normal deviate of ``bend`` of half a side.
    """

    rotation_deg: float
    zoom_out: float
    zoom_in: float
    shift: float
    bend: float


STRENGTHS: Final = {
    "weak": Strength(10, 1 / 0.9, 1.1, 0.1, 0.04),
    "medium": Strength(25, 1 / 0.7, 1.4, 0.2, 0.08),
    "strong": Strength(25, 1 / 0.7, 1.4, 0.3, 0.14),
}


@dataclass(frozen=True, slots=True)
class Warp:
    """A map from points of the warped image (the target) to points of the photo (the source).

    ``linear`` (2, 2) and ``shift`` (2,) are its affine part, ``bend`` (2, 9) the weights of the
    thin-plate splines at the nine control points.
    """

    linear: NDArray[np.float64]
    shift: NDArray[np.float64]
    bend: NDArray[np.float64]

    def to_source(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the source positions (2, P) of target points (2, P)."""
        moved: NDArray[np.float64] = self.linear @ points + self.shift[:, None]
        return moved + self.bend @ _radial(points)  # (2, 9) @ (9, P)

    def to_target(
        self, points: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the target positions of source points (2, P), and which are reliable (P,).

        A spline has no inverse in closed form; the damped iteration corrects by the affine part's
        inverse. A point counts if the warp leads back to it within 0.01 and it is in the target
        image.
        """
        inverse = np.linalg.inv(self.linear)
        found: NDArray[np.float64] = inverse @ (points - self.shift[:, None])
        for _ in range(N_ITERATIONS):
            found = found + DAMPING * (inverse @ (points - self.to_source(found)))
        residual = np.linalg.norm(points - self.to_source(found), axis=0)  # (2, P) -> (P,)
        is_inside = (np.abs(found) <= 1).all(axis=0)
        return found, is_inside & (residual < MAX_RESIDUAL)

    def image(self, photo: Tensor, padding: str = "border") -> Tensor:
        """Return the warped photo, bilinear; ``photo`` and result are (3, H, W).

        ``padding`` fills places outside the photo: with its "border" or with "zeros".
        """
        height, width = photo.shape[1:]
        centres = [(2 * np.arange(n) + 1) / n - 1 for n in (width, height)]
        target = np.stack(np.meshgrid(*centres)).reshape(2, -1)  # (2, H * W), rows first
        # (2, H * W) -> (1, H, W, 2)
        grid = torch.tensor(self.to_source(target).T.reshape(1, height, width, 2))
        return F.grid_sample(
            photo[None], grid.to(photo), padding_mode=padding, align_corners=False
        )[0]


def _radial(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return r^2 log r^2 of each control point and point, (2, P) -> (9, P)."""
    squared = ((points[:, None, :] - CONTROL[:, :, None]) ** 2).sum(0)  # (2, 9, P) -> (9, P)
    values: NDArray[np.float64] = squared * np.log(np.maximum(squared, np.finfo(float).tiny))
    return values


def bent(
    linear: NDArray[np.float64], shift: NDArray[np.float64], moves: NDArray[np.float64]
) -> Warp:
    """Return the affine map plus the thin-plate spline that moves the control points.

    ``linear`` (2, 2), ``shift`` (2,), ``moves`` (2, 9). The spline is the smoothest map through
    the nine moves (Bookstein, "Principal warps", PAMI 1989); its affine part joins the given one.
    """
    sides = np.vstack([CONTROL, np.ones(9)])  # (3, 9)
    system = np.block([[_radial(CONTROL), sides.T], [sides, np.zeros((3, 3))]])  # (12, 12)
    wanted = np.vstack([moves.T, np.zeros((3, 2))])  # (12, 2)
    weights = np.linalg.solve(system, wanted).T  # (2, 12): nine splines, x, y, 1
    return Warp(linear + weights[:, 9:11], shift + weights[:, 11], weights[:, :9])


def identity() -> Warp:
    """Return the warp that changes nothing."""
    return Warp(np.eye(2), np.zeros(2), np.zeros((2, 9)))


def warp_draw(strength: Strength, rng: Generator) -> Warp:
    """Draw a random warp: rotation and shift uniform, size log-uniform, bend normal."""
    angle = math.radians(rng.uniform(-strength.rotation_deg, strength.rotation_deg))
    # The warp leads back to the source, so a target twice as large takes half the step.
    size = math.exp(rng.uniform(-math.log(strength.zoom_out), math.log(strength.zoom_in)))
    cos, sin = math.cos(angle) / size, math.sin(angle) / size
    shift = rng.uniform(-strength.shift, strength.shift, 2)
    return bent(np.array([[cos, -sin], [sin, cos]]), shift, rng.normal(0, strength.bend, (2, 9)))


def jittered(photo: Tensor, rng: Generator) -> Tensor:
    """Return the photo (3, H, W), 0 to 255, as another camera might have taken it.

    Gamma, contrast and brightness always change; a 3 x 3 blur and grey noise come at times.
    """
    gamma, contrast = math.exp(rng.uniform(-0.4, 0.4)), math.exp(rng.uniform(-0.35, 0.35))
    brightness = rng.uniform(-25, 25)
    x = GREY_MAX * (photo.clamp(0, GREY_MAX) / GREY_MAX) ** gamma
    middle = GREY_MAX / 2
    x = (x - middle) * contrast + middle + brightness
    if rng.random() < 0.3:
        x = F.avg_pool2d(F.pad(x[None], (1, 1, 1, 1), mode="replicate"), 3, stride=1)[0]
    if rng.random() < 0.5:
        x = x + NOISE_SD * torch.tensor(rng.standard_normal(x.shape[1:])).to(x)  # (H, W)
    return x.clamp(0, GREY_MAX)
