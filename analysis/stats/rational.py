"""The best payoff for a decision maker who knows the AI's confidence and base rate. Pure NumPy.

The payoff of a decision is 1 if it is correct (accepts a right answer of the AI, or rejects a wrong
one), else 0. The signal s is the AI's confidence. With p_s = the share of signal s, π_s = the share
of right answers there, and q_s = how often a rule accepts there,

    payoff(q) = Σ p_s (q_s π_s + (1 − q_s)(1 − π_s))         accept rate(q) = Σ p_s q_s

    baseline    = max(p, 1 − p), p = Σ p_s π_s               one decision for all, by the base rate
    benchmark   = max over q = Σ p_s max(π_s, 1 − π_s)       the best decision at each signal
    mis-reliant = max over q with people's accept rate       people's reliance, best distributed

    reliance loss       = benchmark − mis-reliant            never negative
    discrimination loss = mis-reliant − observed             negative where people know more than s

The two losses add up to benchmark − observed. The framework is from Guo, Wu, Hartline and
Hullman (2024, "A Decision Theoretic Framework for Measuring AI Reliance", FAccT,
doi:10.1145/3630106.3658901). In that paper a person first decides alone, and reliance is how often
they follow an AI that disagrees. Here nobody decides alone first, so reliance is the accept rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.stats.confidence import Floats

ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Rational:
    """Payoffs in percent of correct decisions, and the two losses in points."""

    baseline: float
    benchmark: float
    misreliant: float
    observed: float
    reliance_loss: float
    discrimination_loss: float


def rational_of(share: Floats, right: Floats, *, accept_rate: float, observed: float) -> Rational:
    """Return the best payoffs at these signals, and people's two losses.

    ``share`` (``(k,)``, sum 1) is how often each signal occurs, ``right`` (``(k,)``, shares) how
    often the AI is right at it. ``accept_rate`` and ``observed`` are people's shares of accepted
    trials and of correct decisions. Raises ``ValueError`` for a value that is not between 0 and
    1, or if the shares of signals do not add up to 1.
    """
    _check(share, right, accept_rate, observed)
    base_rate = float(share @ right)
    baseline = max(base_rate, 1 - base_rate)
    benchmark = float(share @ np.maximum(right, 1 - right))
    misreliant = best_at(share, right, accept_rate)
    return Rational(
        baseline=100 * baseline,
        benchmark=100 * benchmark,
        misreliant=100 * misreliant,
        observed=100 * observed,
        reliance_loss=100 * (benchmark - misreliant),
        discrimination_loss=100 * (misreliant - observed),
    )


def best_at(share: Floats, right: Floats, accept_rate: float) -> float:
    """Return the best payoff of all rules that accept ``accept_rate`` of the trials.

    Accepting instead of rejecting at signal s gains 2π_s − 1 per trial. So the best rule accepts
    the signals with the largest π_s until the rate is used up, the last signal in part.
    """
    order = np.argsort(-right, kind="stable")
    before = np.cumsum(share[order]) - share[order]
    accepted = np.clip(accept_rate - before, 0, share[order])
    return float(share @ (1 - right) + accepted @ (2 * right[order] - 1))


def _check(share: Floats, right: Floats, accept_rate: float, observed: float) -> None:
    values = np.concatenate([share, right, [accept_rate, observed]])
    is_wrong = ~((values >= -ROUNDING) & (values <= 1 + ROUNDING))
    if is_wrong.any():
        raise ValueError(f"{values[is_wrong][0]}: expected shares between 0 and 1.")
    if share.shape != right.shape or abs(share.sum() - 1) > ROUNDING:
        raise ValueError(
            f"{share.size} shares of signals that add up to {share.sum()}, and {right.size} shares "
            "of right answers; expected as many of each, and a sum of 1."
        )
