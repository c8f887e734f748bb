"""Maximum likelihood of the signal-detection model: estimates, covariance and problems.

Quasi-Newton steps use the exact gradient of ``laplace_blocks``. Standard errors come from the
Hessian over coefficients and spreads, as in lme4; those of the tables also account for few people
(``restricted``). Pure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from analysis.stats.curvature import covariance_at
from analysis.stats.laplace import Floats, Indices, NotFitted
from analysis.stats.laplace_blocks import N_SPREADS, GroupLikelihood
from analysis.stats.laplace_system import Answers, groups_of
from analysis.stats.restricted import restricted_covariance

PRIOR_SCALE, PRIOR_FREEDOM = 2.5, 7.0  # prior of a cell whose answers are all alike
_MOST = 8.0  # largest standard deviation in log odds
_NO_SD = 0.02  # a smaller SD is set to 0: the likelihood is flat there
_GRADIENT = 2e-3  # largest slope at a maximum, in standard errors of the coefficient


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Answers ``(n,)``: accepted, arm and kind (1: the AI is right), person and photo as codes.

    ``has_pairs`` adds a photo × arm effect; it needs photos that several arms judge.
    """

    accepted: NDArray[np.bool_]
    arm: Indices
    kind: Indices
    person: Indices
    photo: Indices
    n_arms: int
    has_pairs: bool

    @property
    def cell(self) -> Indices:
        """The cell of each answer: 2 · arm + kind."""
        return np.asarray(2 * self.arm + self.kind, dtype=np.intp)

    def group(self, rows: NDArray[np.intp]) -> Answers:
        """Return a subset of the answers, arranged for the likelihood."""
        return Answers.of(
            self.accepted[rows], self.arm[rows], self.kind[rows], self.person[rows],
            self.photo[rows], self.n_arms,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class DetectionFit:
    """The maximum. ``beta`` ``(2 a,)`` has log odds of accepting, AI wrong before AI right.

    ``spreads`` are l11, l21, l22, σ, τ (``laplace_blocks``). ``covariance`` covers both,
    ``(2 a + 5, 2 a + 5)``, with 0 for a spread that is set to 0, and is that of maximum likelihood;
    ``restricted`` is the same with β's block at the spreads of the restricted likelihood.
    ``is_penalised`` ``(2 a,)`` marks cells whose answers are all alike. ``message`` says what is
    wrong, or is empty.
    """

    beta: Floats
    spreads: Floats
    covariance: Floats
    restricted: Floats
    is_penalised: NDArray[np.bool_]
    log_likelihood: float
    n_evaluations: int
    message: str

    def sds(self) -> Floats:
        """Return SDs of people by kind, their correlation, and the SDs of photos, photo x arm."""
        l11, l21, l22, sigma, tau = self.spreads
        right = math.hypot(l21, l22)
        return np.array([l11, right, l21 / right if right > 0 else math.nan, sigma, tau])


class _Objective:
    """f and its gradient over the whole point; cells without an answer are left out."""

    def __init__(self, rows: Rows, is_penalised: NDArray[np.bool_]) -> None:
        self.is_penalised, self.n_evaluations = is_penalised, 0
        self._groups = [
            GroupLikelihood(rows.group(item)) for item in groups_of(rows.person, rows.photo)
        ]

    def __call__(self, point: Floats) -> tuple[float, Floats]:
        self.n_evaluations += 1
        value, gradient = 0.0, np.zeros(point.size)
        for group in self._groups:
            part, slope = group(point)
            value, gradient = value + part, gradient + slope
        beta = np.where(self.is_penalised, point[: self.is_penalised.size], 0)
        squares = PRIOR_FREEDOM * PRIOR_SCALE**2 + beta**2
        value += float((PRIOR_FREEDOM + 1) / 2 * np.log(squares)[self.is_penalised].sum())
        gradient[: beta.size] += (PRIOR_FREEDOM + 1) * beta / squares
        return value, gradient

    def information(self, point: Floats) -> Floats:
        """Return the information about β ``(k, k)``; a prior adds that of its normal component."""
        k = self.is_penalised.size
        squares = PRIOR_FREEDOM * PRIOR_SCALE**2 + point[:k] ** 2
        of_prior = np.where(self.is_penalised, (PRIOR_FREEDOM + 1) / squares, 0)
        of_answers = np.sum([group.information(point) for group in self._groups], axis=0)
        information: Floats = np.diag(of_prior) + (of_answers + of_answers.T) / 2
        return information


def maximise_detection(rows: Rows) -> DetectionFit:
    """Maximise the likelihood; if it fails, ``message`` says why and nothing is raised.

    A cell whose answers are all alike has no finite log odds. Only its coefficient gets a
    Student prior around 0 (7 degrees of freedom, scale 2.5; Ghosh, Li & Mitra 2018).
    """
    k = 2 * rows.n_arms
    n = np.bincount(rows.cell, minlength=k)
    accepted = np.bincount(rows.cell, rows.accepted, k)
    objective = _Objective(rows, (accepted == 0) | (accepted == n))
    share = (accepted + 0.5) / (n + 1)
    levels = np.repeat([np.unique(rows.person).size, np.unique(rows.photo).size], [3, 2])
    scale = 1 / np.sqrt(np.concatenate([(n + 1) * share * (1 - share), levels]))
    start = np.concatenate([np.log(share / (1 - share)), [0.5, 0.2, 0.4, 0.5, 0.3]])
    low = np.concatenate([np.full(k, -np.inf), [0, -_MOST, 0, 0, 0]])
    high = np.concatenate([np.full(k, np.inf), np.full(N_SPREADS, _MOST)])
    if not rows.has_pairs:
        start[-1] = high[-1] = 0

    def scaled(x: Floats) -> tuple[float, Floats]:
        value, gradient = objective(start + scale * x)
        return value, gradient * scale

    limits = list(zip((low - start) / scale, (high - start) / scale, strict=True))
    try:
        found = minimize(
            scaled, np.zeros(start.size), jac=True, method="L-BFGS-B", bounds=limits,
            options={"maxiter": 300, "ftol": 1e-12, "gtol": 1e-4, "maxcor": 30},
        )  # fmt: skip
        return _fit(objective, np.clip(start + scale * found.x, low, high), scale, low[k:])
    except (NotFitted, np.linalg.LinAlgError) as error:
        none = np.full((k + N_SPREADS, k + N_SPREADS), math.nan)
        return DetectionFit(
            none[0, :k], none[0, k:], none, none, objective.is_penalised, math.nan,
            objective.n_evaluations, f"{error}.",
        )  # fmt: skip


def _fit(objective: _Objective, point: Floats, scale: Floats, low: Floats) -> DetectionFit:
    k = objective.is_penalised.size
    value, gradient = objective(point)
    free = np.ones(point.size, dtype=bool)
    free[[k, k + 2, k + 3, k + 4]] = point[[k, k + 2, k + 3, k + 4]] > _NO_SD
    covariance, message = covariance_at(objective, point, scale, free, unknown=0.0)
    slope = np.abs(gradient[free] * np.sqrt(np.abs(np.diag(covariance)[free]))).max()
    if not message and slope > _GRADIENT:
        message = f"a slope of {slope:.2g} standard errors is left."
    point[k:] = np.where(free, point, 0.0)[k:]
    n_evaluations = objective.n_evaluations
    restricted = covariance
    if not message:
        restricted = restricted_covariance(
            lambda there: objective(there)[0], objective.information, point, covariance, low
        )
    return DetectionFit(
        point[:k], point[k:], covariance, restricted, objective.is_penalised, -value,
        n_evaluations, message,
    )  # fmt: skip
