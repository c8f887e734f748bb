"""The covariance of a maximum-likelihood estimate, from the curvature at the maximum. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Objective = Callable[[Floats], tuple[float, Floats]]

_STEP = 0.01  # of the differences, in a coordinate's scale


def covariance_at(
    objective: Objective,
    point: Floats,
    scale: Floats,
    free: NDArray[np.bool_],
    *,
    unknown: float = math.nan,
) -> tuple[Floats, str]:
    """Return the inverse Hessian of −log L over the free coordinates, and what is wrong, or "".

    ``objective`` gives −log L and its gradient ``(n,)`` at a point ``(n,)``; the Hessian comes from
    central differences of the gradient with steps of 0.01 ``scale``. Rows and columns ``(n, n)`` of
    the other coordinates hold ``unknown``; so do all where the Hessian is not positive definite.
    """
    names = np.flatnonzero(free)
    hessian = np.empty((names.size, names.size))
    for row, name in enumerate(names):
        step = np.zeros(point.size)
        step[name] = _STEP * scale[name]
        ahead, behind = objective(point + step)[1], objective(point - step)[1]
        hessian[row] = (ahead - behind)[free] / (2 * step[name])
    hessian = (hessian + hessian.T) / 2
    covariance = np.full((point.size, point.size), unknown)
    try:
        np.linalg.cholesky(hessian)
    except np.linalg.LinAlgError:
        return covariance, "the likelihood is not curved downwards in every direction there."
    covariance[np.ix_(names, names)] = np.linalg.inv(hessian)
    return covariance, ""
