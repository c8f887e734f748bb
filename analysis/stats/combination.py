"""Bayesian combination of a person's choice with the AI's answer. Pure NumPy and SciPy.

Steyvers, Tejeda, Kerrigan & Smyth (2022, PNAS, doi:10.1073/pnas.2111547119) combine a person and
a classifier, who judge the same photo independently, by a model of latent scores with a
correlation, fitted by MCMC. This module has the simpler combination of Kerrigan, Smyth & Steyvers
(2021, NeurIPS, arXiv:2109.14591), which takes both as conditionally independent given the class:

    P(y | h, l, m)  ∝  P(y | m) · θ[y, h] · P(l | h = y)

h is the person's choice, l the level of their confidence, m the AI's label and confidence.

- P(y | m): the AI's label has the calibrated probability c, every other class (1 − c) / (K − 1).
  c is a logistic regression of "the AI is right" on the logit of its confidence.
- θ[y, h]: the people's confusion matrix, with a Dirichlet prior of ``PRIOR`` answers a row, of
  which ``STAY`` are on the diagonal.
- P(l | h = y): the levels' shares among right and among wrong choices, one answer added to each.

All three are estimated on the other photos: each photo is predicted in one of ``FOLDS`` folds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit, logit

from analysis.stats.confidence import Bools
from analysis.stats.inference import Floats, Ints
from analysis.stats.mrmc import Terms, mean_terms, undefined

FOLDS: Final = 5
LEAST: Final = 50  # photos: with fewer, the calibration of the AI follows single photos
PRIOR, STAY = 2.0, 0.5
_RIDGE = 1e-2  # of the slope, so that a perfectly separated confidence has a finite one


@dataclass(frozen=True, slots=True, eq=False)
class Independent:
    """Choices made without the AI, ``(n,)`` each, with the AI's answer to the same photo.

    ``truth``, ``choice`` and ``ai`` are codes of ``n_classes`` classes, ``level`` codes of
    confidence from 0 (all 0 without one), ``ai_confidence`` a share from 0 to 1. ``person``,
    ``photo`` and ``kind`` are codes as in ``mrmc.Terms``.
    """

    person: Ints
    photo: Ints
    kind: Ints
    truth: Ints
    choice: Ints
    level: Ints
    ai: Ints
    ai_confidence: Floats
    n_classes: int


@dataclass(frozen=True, slots=True, eq=False)
class Combined:
    """Accuracy in percent of people, of the AI and of both combined, on the same trials."""

    person: Terms
    ai: Terms
    both: Terms


def combined(data: Independent) -> Combined:
    """Return the three accuracies, means over people; the combination is out of fold.

    The interval of the combination takes the fitted numbers as given. ``reason`` of each says why
    there is none: fewer than ``LEAST`` photos.
    """
    n_photos = np.unique(data.photo).size
    if n_photos < LEAST:
        none = undefined(f"choices of {n_photos} photos: at least {LEAST} are needed")
        return Combined(none, none, none)
    best = np.argmax(posterior(data), axis=1)
    return Combined(*(_accuracy(data, choice) for choice in (data.choice, data.ai, best)))


def _accuracy(data: Independent, choice: Ints) -> Terms:
    hits = np.where(choice == data.truth, 100.0, 0.0)
    return mean_terms(hits, data.person, data.photo, kind=data.kind, limits=(0.0, 100.0))


def posterior(data: Independent) -> Floats:
    """Return P(y | h, l, m) of each answer, ``(n, n_classes)``, fitted on the other folds.

    Folds are of photos, by the place of a photo among all photos, so the same data give the same
    folds.
    """
    fold = np.unique(data.photo, return_inverse=True)[1] % FOLDS
    found = np.empty((data.truth.size, data.n_classes))
    for place in range(FOLDS):
        rows = fold == place
        found[rows] = _predicted(data, ~rows, rows)
    return found


def _predicted(data: Independent, fit: Bools, rows: Bools) -> Floats:
    """Return the posterior of ``rows``, with everything estimated on ``fit``."""
    log_people = np.log(confusion_rates(data.truth[fit], data.choice[fit], data.n_classes))
    is_right = data.choice == data.truth
    n_levels = int(data.level.max()) + 1
    of_levels = [
        np.log(_shares(data.level[fit & (is_right == kind)], n_levels)) for kind in (False, True)
    ]
    slope = calibration_of(data.ai_confidence[fit], (data.ai == data.truth)[fit])
    right = expit(slope[0] + slope[1] * _logits(data.ai_confidence[rows]))
    ai, choice, level = data.ai[rows], data.choice[rows], data.level[rows]
    place = np.arange(choice.size)
    wrong = np.log((1 - right) / (data.n_classes - 1))
    score = np.repeat(wrong[:, None], data.n_classes, axis=1)
    score[place, ai] = np.log(right)
    score += log_people[:, choice].T + of_levels[False][level][:, None]
    score[place, choice] += (of_levels[True] - of_levels[False])[level]
    score -= score.max(axis=1, keepdims=True)
    weights = np.exp(score)
    shares: Floats = weights / weights.sum(axis=1, keepdims=True)
    return shares


def confusion_rates(truth: Ints, choice: Ints, n_classes: int) -> Floats:
    """Return P(choice | class) with the prior, a row a class, ``(c, c)``."""
    counts = np.bincount(truth * n_classes + choice, minlength=n_classes**2)
    off = PRIOR * (1 - STAY) / (n_classes - 1)
    prior = np.full((n_classes, n_classes), off)
    np.fill_diagonal(prior, PRIOR * STAY)
    cells = counts.reshape(n_classes, n_classes) + prior
    rates: Floats = cells / cells.sum(axis=1, keepdims=True)
    return rates


def _shares(level: Ints, n_levels: int) -> Floats:
    counts = np.bincount(level, minlength=n_levels) + 1.0
    shares: Floats = counts / counts.sum()
    return shares


def _logits(confidence: Floats) -> Floats:
    logits: Floats = logit(np.clip(confidence, 0.005, 0.995))
    return logits


def calibration_of(confidence: Floats, is_right: Bools) -> tuple[float, float]:
    """Return intercept and slope of P(right) = expit(a + b · logit(confidence)), by Newton steps.

    A small ridge keeps the slope finite; confidences are cut to 0.005 to 0.995.
    """
    design = np.stack([np.ones(confidence.size), _logits(confidence)], axis=1)
    ridge = np.diag([_RIDGE, _RIDGE])
    beta = np.zeros(2)
    for _ in range(50):
        chance = expit(design @ beta)
        slope = design.T @ (is_right - chance) - ridge @ beta
        curve = (design * (chance * (1 - chance))[:, None]).T @ design + ridge
        step = np.linalg.solve(curve, slope)
        beta = beta + np.clip(step, -2, 2)
        if math.sqrt(float(step @ step)) < 1e-10:
            break
    return float(beta[0]), float(beta[1])
