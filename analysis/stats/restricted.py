"""The covariance of coefficients at the spreads of the restricted likelihood. Pure.

Maximum likelihood underestimates spreads, because it takes the coefficients β as known when it
looks at the deviations of few people from them. In a balanced linear model with n people in a arms
the variance is (n − a) / n of what it should be, and so are the squared standard errors of
differences between arms. Cox & Reid (1987, doi:10.1111/j.2517-6161.1987.tb01422.x) correct the
likelihood of the spreads θ for the β that were estimated with them,

    ℓ_A(θ) = ℓ(β̂_θ, θ) − ½ log |I_β(θ)|,      I_β = Xᵀ(W⁻¹ + AAᵀ)⁻¹X at β̂_θ,

which is the restricted likelihood (REML) in linear models; for generalized linear mixed models see
Liao & Lipsitz (2002, doi:10.1093/biomet/89.2.401). Its maximum is taken by one Newton step from
the maximum θ̂ of ℓ. As in Kenward & Roger (1997, doi:10.2307/2533558), only the covariance uses
it: the estimates stay those of maximum likelihood. The change is of the order of 1 / people.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from analysis.stats.laplace import Floats, NotFitted

Value = Callable[[Floats], float]
Information = Callable[[Floats], Floats]

_STEP = 1e-3  # of the differences, in log odds
_LEAST = 0.05  # shortest part of the Newton step that is tried


def restricted_covariance(
    minus_log: Value, information: Information, point: Floats, covariance: Floats, low: Floats
) -> Floats:
    """Return ``covariance`` ``(n, n)`` with β's block at the restricted likelihood's spreads.

    ``point`` ``(n,)`` is the maximum, the k coefficients before the spreads; ``covariance`` is the
    inverse Hessian there, with 0 for spreads that are set to 0, which stay 0. ``minus_log`` is
    −ℓ, ``information`` I_β ``(k, k)``, both at a point; ``low`` ``(n − k,)`` are the least spreads.
    A step that does not raise ℓ_A is halved; if no part of it does, the covariance is unchanged.
    """
    own = information(point)
    k = own.shape[0]
    free = k + np.flatnonzero(np.diag(covariance)[k:] > 0)
    if not free.size:
        return covariance
    of_spreads = covariance[np.ix_(free, free)]
    # β̂_θ moves along with θ.
    follows = covariance[:k, free] @ np.linalg.inv(of_spreads)

    def moved(change: Floats) -> Floats:
        there = point.copy()
        there[free] += change
        there[k:] = np.maximum(there[k:], low)
        there[:k] += follows @ (there - point)[free]
        return there

    def half_log(there: Floats) -> float:
        return float(np.linalg.slogdet(information(there))[1]) / 2

    slope = [half_log(moved(-_STEP * e)) - half_log(moved(_STEP * e)) for e in np.eye(free.size)]
    step = of_spreads @ np.array(slope) / (2 * _STEP)
    best = minus_log(point) + half_log(point)
    size = 1.0
    while size > _LEAST:
        there = moved(size * step)
        try:
            if minus_log(there) + half_log(there) <= best:
                changed = covariance.copy()
                changed[:k, :k] += np.linalg.inv(information(there)) - np.linalg.inv(own)
                return changed
        except (NotFitted, np.linalg.LinAlgError):
            pass
        size /= 2
    return covariance
