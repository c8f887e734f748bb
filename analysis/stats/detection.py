"""The signal-detection model of a study: who accepts what, people and photos as random effects.

    accepts ~ arm × AI_correct + (1 + AI_correct | person) + (1 | photo) [+ (1 | photo : arm)]

a binomial model with a logit link (DeCarlo 1998, doi:10.1037/1082-989X.3.2.186). For each arm,

    sensitivity = logit P(accept | AI right) − logit P(accept | AI wrong)
    criterion   = −(logit P(accept | AI right) + logit P(accept | AI wrong)) / 2

for the typical person and photo; accuracy is in percent, over all people and photos. The slope
of AI_correct lets people differ in bias; without it, the standard errors by kind of trial are too
small. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pandas import DataFrame
from scipy.special import expit
from scipy.stats import t as student

from analysis.stats.detection_data import FittedAnswers, fitted_answers, obstacle
from analysis.stats.detection_fit import DetectionFit, maximise_detection
from analysis.stats.laplace import Floats

LEAST_PEOPLE = 10  # people per arm, for a p value
QUANTITIES = ("sensitivity", "criterion", "accuracy", "accuracy_ai_correct", "accuracy_ai_wrong")
UNITS = ("log odds", "log odds", *("percent (0-100)",) * 3)
SPREADS = ("people, AI wrong", "people, AI right", "their correlation", "photos", "photos by arm")
COLUMNS = (
    *("kind", "a", "b", "quantity", "unit", "estimate", "se", "low", "high", "p", "note"),
    *("n_responses", "n_participants", "n_images"),
)
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(40)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """The fitted model: its ``table`` (columns ``COLUMNS``) and its ``specification`` in words.

    ``problem`` says why there are no numbers, or is empty. ``fit`` covers ``arms``: those with
    answers of both kinds.
    """

    table: DataFrame
    specification: str
    problem: str
    arms: tuple[str, ...]
    fit: DetectionFit | None


def detection_model(
    responses: DataFrame,
    *,
    conditions: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    seed: int = 0,
) -> Detection:
    """Fit the model to responses, one row per trial, and compare each of ``pairs``, a − b.

    ``responses`` needs ``participant_id``, ``condition``, ``is_ai_correct``, ``is_correct`` and
    ``item_id`` (or ``image``). ``seed`` draws the people of a large study (``fitted_answers``).
    If the model cannot be fitted, ``problem`` says why;
    nothing is raised.
    """
    taken = fitted_answers(responses, conditions, seed)
    problem = obstacle(taken)
    fit = None if problem else maximise_detection(taken.rows)
    if fit is not None and fit.message:
        problem, fit = f"The fit did not converge: {fit.message} It has no numbers.", None
    table = _table(taken, fit, conditions, pairs)
    return Detection(table, _specification(taken, fit, problem, seed), problem, taken.arms, fit)


def _quantities(point: Floats, n_arms: int) -> Floats:
    """Return ``QUANTITIES`` of each arm, ``(a, 5)``, at β and the spreads."""
    beta, (l11, l21, l22, sigma, tau) = point[: 2 * n_arms].reshape(-1, 2), point[2 * n_arms :]
    wrong, right = beta[:, 0], beta[:, 1]
    photos = sigma**2 + tau**2
    accepts_wrong, accepts_right = (
        expit(mean[:, None] + math.sqrt(variance + photos) * _NODES) @ _WEIGHTS
        for mean, variance in ((wrong, l11**2), (right, l21**2 + l22**2))
    )
    rates = (accepts_right + 1 - accepts_wrong) / 2, accepts_right, 1 - accepts_wrong
    return np.stack([right - wrong, -(right + wrong) / 2, *(100 * rate for rate in rates)], axis=1)


def _values(fit: DetectionFit, n_arms: int) -> tuple[Floats, Floats]:
    """Return the quantities ``(a · 5,)`` and their covariance, by the delta method.

    The covariance of β is that of the restricted likelihood's spreads (``restricted``).
    """
    point = np.concatenate([fit.beta, fit.spreads])
    jacobian = np.empty((5 * n_arms, point.size))
    for place in range(point.size):
        step = np.zeros(point.size)
        step[place] = 1e-5
        moved = _quantities(point + step, n_arms) - _quantities(point - step, n_arms)
        jacobian[:, place] = moved.ravel() / 2e-5
    return _quantities(point, n_arms).ravel(), jacobian @ fit.restricted @ jacobian.T


def _table(
    taken: FittedAnswers,
    fit: DetectionFit | None,
    conditions: Sequence[str],
    pairs: Sequence[tuple[str, str]],
) -> DataFrame:
    values = None if fit is None else _values(fit, len(taken.arms))
    rows: list[tuple[object, ...]] = []
    for kind, sides in _asked(conditions, pairs):
        places = [taken.arms.index(name) if name in taken.arms else -1 for name in sides]
        note = _note(taken, fit, sides, places)
        for number, (quantity, unit) in enumerate(zip(QUANTITIES, UNITS, strict=True)):
            cells = (math.nan,) * 5
            if values is not None and min(places) >= 0:
                cells = _compared(taken, *values, places, number)
            names = (sides[0], sides[1] if len(sides) > 1 else None)
            rows.append((kind, *names, quantity, unit, *cells, note, *taken.counts))
    spreads = np.full(5, math.nan) if fit is None else fit.sds()
    for name, spread in zip(SPREADS, spreads, strict=True):
        unit = "-1 to 1" if name == SPREADS[2] else "log odds"
        random = ("random", None, None, name, unit, spread, *(math.nan,) * 4, "")
        rows.append((*random, *taken.counts))
    return DataFrame(rows, columns=list(COLUMNS))


def _asked(
    conditions: Sequence[str], pairs: Sequence[tuple[str, str]]
) -> list[tuple[str, tuple[str, ...]]]:
    return [
        *(("condition", (name,)) for name in conditions),
        *(("contrast", pair) for pair in pairs),
    ]


def _compared(
    taken: FittedAnswers, values: Floats, covariance: Floats, places: Sequence[int], number: int
) -> tuple[float, float, float, float, float]:
    """Return a quantity of one arm, or the difference of the first arm minus the second."""
    weights = np.zeros(values.size)
    for place, sign in zip(places, (1.0, -1.0), strict=False):
        weights[5 * place + number] = sign
    people = taken.n_people[list(places)]
    whose = [np.unique(taken.people[taken.rows.arm == place]) for place in places]
    n_groups = 1 if all(np.array_equal(whose[0], each) for each in whose) else len(places)
    is_without_p = len(places) == 1 or bool((people < LEAST_PEOPLE).any())
    # Where the same people are in both arms, each is one person.
    freedom = float(np.unique(np.concatenate(whose)).size) - n_groups
    variance = float(weights @ covariance @ weights)
    return _numbers(float(weights @ values), variance, freedom, is_without_p)


def _numbers(
    estimate: float, variance: float, freedom: float, is_without_p: bool
) -> tuple[float, float, float, float, float]:
    if not variance > 0 or freedom < 1:
        return estimate, math.nan, math.nan, math.nan, math.nan
    se = math.sqrt(variance)
    reach = float(student.ppf(0.975, freedom)) * se
    p = math.nan if is_without_p else float(2 * student.sf(abs(estimate) / se, freedom))
    return estimate, se, estimate - reach, estimate + reach, p


def _note(
    taken: FittedAnswers, fit: DetectionFit | None, sides: Sequence[str], places: Sequence[int]
) -> str:
    """Return the note of a row: missing answers, too few people, or answers that are all alike."""
    parts = []
    for name, place in zip(sides, places, strict=True):
        if place < 0:
            parts.append(f"{name} has no answers of both kinds")
            continue
        n = int(taken.n_people[place])
        if n < LEAST_PEOPLE and len(sides) > 1:
            people = "person" if n == 1 else "people"
            parts.append(f"{name} has {n} {people}: no p value below {LEAST_PEOPLE} an arm")
        parts += [
            f"penalised: in {name} all answers to a {kind} AI are alike"
            for number, kind in enumerate(("wrong", "right"))
            if fit is not None and fit.is_penalised[2 * place + number]
        ]
    return "; ".join(parts)


def _specification(taken: FittedAnswers, fit: DetectionFit | None, problem: str, seed: int) -> str:
    _, n_people, n_images = taken.counts
    photos = " + (1 | photo : arm)" if taken.rows.has_pairs else ""
    lines = [
        "Model: accepts ~ arm * AI_correct + (1 + AI_correct | person) + (1 | photo)"
        f"{photos}; binomial, logit link.",
        "Sensitivity is the log odds of accepting a right answer minus those of accepting a wrong "
        "one; the criterion is minus their mean. Accuracies are over all people and photos, half "
        "of the answers right, with delta-method standard errors.",
        f"Data: {taken.selection(seed)}; {n_people:,} people, {n_images:,} photos. Arms: "
        f"{', '.join(taken.arms) or 'none'}.",
        "Method: maximum likelihood by the Laplace approximation; standard errors at the spreads "
        "of the restricted likelihood (Cox & Reid 1987); Student intervals (95 %) and "
        "two-sided p with people minus arms degrees of freedom, uncorrected for the number of "
        f"terms; no p below {LEAST_PEOPLE} people an arm. A cell whose answers are all alike has a "
        "Student prior (7 degrees of freedom, scale 2.5 log odds) and is named.",
    ]
    if taken.is_within:
        lines.append(
            "People are in several arms: each has effects of their own in each arm, without a "
            "correlation, so intervals of differences are too wide rather than too narrow."
        )
    if fit is not None:
        lines.append(
            f"Converged after {fit.n_evaluations} evaluations; log likelihood "
            f"{fit.log_likelihood:.3f}."
        )
    return "\n".join([*lines, problem] if problem else lines)
