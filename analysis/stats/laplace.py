"""Maximum likelihood of a logistic model with two crossed random intercepts. Pure.

    logit P(yₙ = 1) = β[cellₙ] + σ₁ v₁[gₙ] + σ₂ v₂[hₙ],   v ~ N(0, I)

The likelihood is the Laplace approximation of lme4 (Bates et al. 2015). The inner iteration
finds v̂ by penalised iteratively reweighted least squares; the outer one uses the exact gradient
in β and log σ. In

    f(β, σ) = −ℓ(y | v̂) + ½ v̂ᵀv̂ + ½ log |H|,   H = I + AᵀWA,   A = [σ₁Z₁, σ₂Z₂]

H is two diagonal blocks and one sparse block between them; ``laplace_schur`` solves its equations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize

from analysis.stats.curvature import covariance_at
from analysis.stats.laplace_schur import Group, System, arranged

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

_LEAST_LOG_SD, _MOST_LOG_SD = math.log(1e-3), math.log(8)
_NO_SD = 0.02  # a smaller SD is set to 0: the likelihood is flat there
_GRADIENT = 1e-3  # largest slope at a maximum, in standard errors of the coefficient


class NotFitted(ArithmeticError):
    """Raised if the inner iteration does not converge."""


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Responses as arrays, sorted by the level of the longer random effect, in ``groups``.

    ``sign`` is +1 for a success and −1 for a failure, ``cell`` the fixed effect, ``small`` and
    ``large`` the levels of the two random effects, all of shape ``(n,)``. ``is_swapped`` says
    that ``small`` is the second effect of the caller.
    """

    sign: Floats
    cell: Indices
    small: Indices
    large: Indices
    n_cells: int
    n_small: int
    n_large: int
    groups: list[Group]
    is_swapped: bool

    @classmethod
    def of(cls, success: ArrayLike, cell: Indices, first: Indices, second: Indices) -> Problem:
        """Arrange arrays of shape ``(n,)``; cells and levels count from 0 without gaps."""
        n_first, n_second = int(first.max()) + 1, int(second.max()) + 1
        is_swapped = n_second < n_first
        small, large = (second, first) if is_swapped else (first, second)
        order, small, large, groups = arranged(small, large)
        sign = np.where(np.asarray(success, dtype=bool), 1.0, -1.0)
        sizes = (int(cell.max()) + 1, min(n_first, n_second), max(n_first, n_second))
        return cls(sign[order], cell[order], small, large, *sizes, groups, is_swapped)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The maximum: ``beta`` ``(k,)``, its ``covariance`` ``(k, k)``, SDs in the caller's order.

    ``log_sd_se`` are standard errors of log σ, NaN for an SD of 0. If ``is_converged`` is false,
    ``message`` says what is wrong.
    """

    beta: Floats
    covariance: Floats
    sds: tuple[float, float]
    log_sd_se: tuple[float, float]
    log_likelihood: float
    n_evaluations: int
    is_converged: bool
    message: str


def minus_log(signed: Floats) -> float:
    """Return the sum of log(1 + exp(−x)), each term with an absolute error of about 1e-16."""
    return float((np.maximum(-signed, 0) + np.log(1 + np.exp(-np.abs(signed)))).sum())


def probability(signed: Floats) -> Floats:
    """Return 1 / (1 + exp(−x))."""
    with np.errstate(over="ignore"):  # of exp, where the result is 0
        result: Floats = 1 / (1 + np.exp(-signed))
    return result


class Likelihood:
    """The Laplace approximation at (β, log σ_small, log σ_large); starts from the last v̂."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.n_evaluations = problem, 0
        self._v = (np.zeros(problem.n_small), np.zeros(problem.n_large))
        share = (problem.sign > 0).astype(float)
        self._tallies = np.bincount(problem.cell, share, problem.n_cells)
        self._n = np.bincount(problem.cell, minlength=problem.n_cells)

    def __call__(self, point: Floats) -> tuple[float, Floats]:
        """Return f and its gradient, both over the whole point ``(k + 2,)``."""
        self.n_evaluations += 1
        p = self.problem
        beta, (a, b) = point[: p.n_cells], np.exp(point[p.n_cells :])
        v, w = self._mode(beta, a, b)
        signed = p.sign * self._eta(beta, a, b, v, w)
        mean = probability(signed)  # probability of the observed answer
        weight, residual = mean * (1 - mean), p.sign * (1 - mean)
        system = self._system(weight, a, b)
        value = minus_log(signed) + (v @ v + w @ w + system.log_determinant) / 2
        leverage, traces = system.leverage()
        # dW/dη = w (1 − 2μ), μ the probability of a success
        slope = leverage * weight * p.sign * (1 - 2 * mean) / 2
        at_small, at_large = self._sums(slope)
        s, t = system.solve(a * at_small, b * at_large)
        back = weight * (a * s[p.small] + b * t[p.large])
        total = slope - residual - back
        at_small, at_large = self._sums(total)
        gradient = np.concatenate(
            [
                np.bincount(p.cell, total, p.n_cells),
                [a * (v @ at_small) + s @ v + p.n_small - traces[0]],
                [b * (w @ at_large) + t @ w + p.n_large - traces[1]],
            ]
        )
        return float(value), gradient

    def _eta(self, beta: Floats, a: float, b: float, v: Floats, w: Floats) -> Floats:
        p = self.problem
        eta: Floats = beta[p.cell] + a * v[p.small] + b * w[p.large]
        return eta

    def _sums(self, x: Floats) -> tuple[Floats, Floats]:
        """Sum over the rows of each level, of the small and of the large effect."""
        p = self.problem
        small = np.bincount(p.small, x, p.n_small).astype(float)
        return small, np.bincount(p.large, x, p.n_large).astype(float)

    def _mode(self, beta: Floats, a: float, b: float) -> tuple[Floats, Floats]:
        """Return v̂: Newton's method with halved steps on a convex function."""
        p, (v, w) = self.problem, self._v

        def penalised(v: Floats, w: Floats) -> tuple[float, Floats]:
            signed = p.sign * self._eta(beta, a, b, v, w)
            return minus_log(signed) + float(v @ v + w @ w) / 2, signed

        value, signed = penalised(v, w)
        if self._flat(beta) < value:  # the previous point was far away
            v, w = 0 * v, 0 * w
            value, signed = penalised(v, w)
        for _ in range(200):
            mean = probability(signed)
            residual = p.sign * (1 - mean)
            system = self._system(mean * (1 - mean), a, b)
            at_small, at_large = self._sums(residual)
            dv, dw = system.solve(a * at_small - v, b * at_large - w)
            size = max(np.abs(dv).max(), np.abs(dw).max())
            step = 1.0
            while (new := penalised(v + step * dv, w + step * dw))[0] > value + 1e-9 * abs(value):
                step /= 2
                if step < 1e-6:
                    raise NotFitted("the modes of the random effects were not found")
            v, w, (value, signed) = v + step * dv, w + step * dw, new
            if size < 1e-8:
                self._v = (v, w)
                return v, w
        raise NotFitted("the modes of the random effects did not settle")

    def _flat(self, beta: Floats) -> float:
        """Return minus the log likelihood where all random effects are 0."""
        right, wrong = np.logaddexp(0, -beta), np.logaddexp(0, beta)
        return float(self._tallies @ right + (self._n - self._tallies) @ wrong)

    def _system(self, weight: Floats, a: float, b: float) -> System:
        return System(self.problem.groups, weight, *self._sums(weight), a, b)


def maximise(problem: Problem) -> Fit:
    """Maximise the likelihood: quasi-Newton steps in coordinates of about unit curvature.

    Every cell must have successes and failures. If the fit fails, ``is_converged`` and
    ``message`` say so; nothing is raised.
    """
    likelihood, k = Likelihood(problem), problem.n_cells
    n = np.bincount(problem.cell, minlength=k)
    share = np.bincount(problem.cell, problem.sign > 0, k) / n
    centre = np.append(np.log(share / (1 - share)), np.log([0.5, 0.5]))
    scale = 1 / np.sqrt(np.append(n * share * (1 - share), [problem.n_small, problem.n_large]))

    def scaled(x: Floats) -> tuple[float, Floats]:
        value, gradient = likelihood(centre + scale * x)
        return value, gradient * scale

    limits = [(None, None)] * k + [
        ((_LEAST_LOG_SD - c) / s, (_MOST_LOG_SD - c) / s)
        for c, s in zip(centre[k:], scale[k:], strict=True)
    ]
    try:
        found = minimize(
            scaled, np.zeros(k + 2), jac=True, method="L-BFGS-B", bounds=limits,
            options={"maxiter": 300, "ftol": 1e-13, "gtol": 1e-4, "maxcor": 30},
        )  # fmt: skip
        point = centre + scale * found.x
        return _fit(likelihood, point, scale)
    except (NotFitted, np.linalg.LinAlgError) as error:
        none, pair, tried = np.full((k, k), math.nan), (math.nan,) * 2, likelihood.n_evaluations
        return Fit(none[0], none, pair, pair, math.nan, tried, False, f"{error}.")


def _fit(likelihood: Likelihood, point: Floats, scale: Floats) -> Fit:
    k = likelihood.problem.n_cells
    value, gradient = likelihood(point)
    free = np.append(np.ones(k, bool), np.exp(point[k:]) > _NO_SD)
    covariance, message = covariance_at(likelihood, point, scale, free)
    slope = np.abs(gradient[free] * np.sqrt(np.abs(np.diag(covariance)[free]))).max()
    if not message and slope > _GRADIENT:
        message = f"a slope of {slope:.2g} standard errors is left."
    sds = np.where(free[k:], np.exp(point[k:]), 0.0)
    errors = np.where(free[k:], np.sqrt(np.abs(np.diag(covariance)[k:])), np.nan)
    order = (1, 0) if likelihood.problem.is_swapped else (0, 1)
    return Fit(
        point[:k],
        covariance[:k, :k],
        (float(sds[order[0]]), float(sds[order[1]])),
        (float(errors[order[0]]), float(errors[order[1]])),
        -value,
        likelihood.n_evaluations,
        not message,
        message,
    )
