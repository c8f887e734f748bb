"""The softmax baseline: a linear head on pooled vectors, the "AI only" condition's classifier."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from classifiers.core.catalogue import WEIGHT_DECAY

GRADIENT_TOLERANCE: Final = 1e-7
MAX_ITERATIONS: Final = 2000


@dataclass(frozen=True, slots=True)
class LinearHead:
    """``weight`` (n_classes, C) and ``bias`` (n_classes,) in float64, and how they were made.

    ``seed`` and ``weight_decay`` are of a head that was trained on a gallery, whose input are
    unit vectors; a backbone's own head has none, and reads the means of its maps.
    """

    weight: Tensor
    bias: Tensor
    seed: int | None = None
    weight_decay: float | None = None

    @property
    def is_own(self) -> bool:
        """Whether it is the backbone's own."""
        return self.seed is None

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters that a classifier must have to use this head."""
        if self.is_own:
            return {"own_head": True}
        return {"own_head": False, "seed": self.seed, "weight_decay": self.weight_decay}

    def predict(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """Return labels (B,) int64 and softmax probabilities (B, n_classes) float64.

        ``vectors`` is (B, C), unit length. The confidence of a label is its probability.
        """
        logits = vectors.to(self.weight) @ self.weight.T + self.bias  # (B, C) -> (B, n_classes)
        return logits.argmax(1), logits.softmax(1)

    def choose(self, vector: Tensor, competing: Collection[int] | None = None) -> tuple[int, float]:
        """Return the label of one vector (C,) and its probability, among some classes or all.

        Classes that do not compete are left out before the softmax.
        """
        logits = self.weight @ vector.to(self.weight) + self.bias  # (n_classes,)
        if competing is not None:
            out = torch.ones(len(logits), dtype=torch.bool, device=logits.device)
            out[sorted(competing)] = False
            logits = logits.masked_fill(out, -math.inf)
        probabilities = logits.softmax(0)
        return int(logits.argmax()), float(probabilities.max())


def class_activation(head: LinearHead, features: Tensor, label: int) -> Tensor:
    """Return how much each cell adds to the logit of a class: (7, 7) float64.

    The class activation map of Zhou et al., "Learning deep features for discriminative
    localization" (CVPR 2016), exact and without gradients: the class's weights times the map. Its
    mean plus the bias is the logit. A head that was trained on unit vectors divides the map by the
    length of its mean, as pooling does (``features.extract``).

    ``features`` (C, 7, 7) is the map, not normalised; ``label`` the class index.
    """
    maps = features.to(head.weight)
    if not head.is_own:
        maps = maps / maps.mean((1, 2)).norm().clamp_min(1e-12)
    return torch.einsum("c,chw->hw", head.weight[label], maps)


def head_train(
    vectors: Tensor,
    labels: Tensor,
    n_classes: int,
    *,
    seed: int = 0,
    weight_decay: float = WEIGHT_DECAY,
    max_iterations: int = MAX_ITERATIONS,
    on_step: Callable[[], None] | None = None,
) -> LinearHead:
    """Fit multinomial logistic regression to a gallery's pooled vectors.

    Minimises, over weights W and biases b, with all images in every step (L-BFGS),

        mean cross-entropy(W (x - m) + b, label) + weight_decay / 2 * (|W|^2 + |b|^2),

    m being the mean vector. The penalty covers the biases too, so that the objective is
    strictly convex: it has one optimum, and ``seed`` (of the starting point) moves the result
    by no more than the tolerance. The last layer of the ResNet-50 baseline in Nguyen, Taesiri &
    Nguyen, NeurIPS 2022, is such a head, trained on the backbone's own classes.

    Parameters
    ----------
    vectors : (N, C) tensor
        Unit vectors, of any float type; computed with in float64.
    labels : (N,) tensor
        Class indices 0..n_classes - 1.
    weight_decay
        Positive. The default suits unit vectors, whose logits need large weights.
    on_step
        Called at every evaluation of the objective, for whoever watches a long training.

    Raises
    ------
    ValueError
        Shapes or labels do not fit, or ``weight_decay`` is not positive.

    Warns
    -----
    RuntimeWarning
        The largest gradient component stayed above 1e-7.

    """
    _check(vectors, labels, n_classes, weight_decay)
    x, mean = _centred(vectors)
    start = torch.randn(n_classes, x.shape[1] + 1, generator=torch.Generator().manual_seed(seed))
    # (n_classes, C + 1), the last column is the bias
    parameters = (0.01 * start).to(x).requires_grad_()
    optimiser = torch.optim.LBFGS(
        [parameters],
        max_iter=max_iterations,
        max_eval=2 * max_iterations,
        tolerance_grad=GRADIENT_TOLERANCE,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        if on_step is not None:
            on_step()
        fit = F.cross_entropy(x @ parameters[:, :-1].T + parameters[:, -1], labels.to(x.device))
        loss = fit + weight_decay / 2 * parameters.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    with torch.enable_grad():
        optimiser.step(closure)  # type: ignore[no-untyped-call]
        closure()
    assert parameters.grad is not None  # noqa: S101 - for the type checker; closure() sets it
    gradient = float(parameters.grad.abs().max())
    if gradient > GRADIENT_TOLERANCE:
        warnings.warn(
            f"The head has not converged: a gradient component is {gradient:.1e} after "
            f"{max_iterations} iterations, expected at most {GRADIENT_TOLERANCE:.0e}. Raise "
            "max_iterations or weight_decay.",
            RuntimeWarning,
            stacklevel=2,
        )
    weight, bias = parameters.detach()[:, :-1], parameters.detach()[:, -1]
    return LinearHead(weight.contiguous(), bias - weight @ mean, seed, weight_decay)


def _centred(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """Return (N, C) float64 vectors less their mean (C,): the cosines of pooled vectors are
    all near 1, and without their common part the iteration takes many times fewer steps.
    """
    x = vectors.detach().double()
    mean = x.mean(0)  # (N, C) -> (C,)
    return x - mean, mean


def _check(vectors: Tensor, labels: Tensor, n_classes: int, weight_decay: float) -> None:
    if vectors.ndim != 2 or labels.shape != vectors.shape[:1] or len(labels) == 0:
        raise ValueError(
            f"Vectors {tuple(vectors.shape)}, labels {tuple(labels.shape)}; expected (N, C) and "
            "(N,) with N at least 1."
        )
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= n_classes:
        raise ValueError(f"Labels from {low} to {high}; expected 0 to {n_classes - 1}.")
    if weight_decay <= 0:
        raise ValueError(
            f"weight_decay is {weight_decay}; expected a positive number. Without it separable "
            "classes have no best weights."
        )
