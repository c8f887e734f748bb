"""The mixed logistic model of a study: effects of conditions when people and images vary.

    correct ~ condition * is_ai_correct + (1 | participant) + (1 | image)

a binomial model with a logit link and two crossed random intercepts. Where people are in several
conditions, a participant has an intercept in each: ``(1 | participant : condition)``. So people may
differ in how much a condition helps them, as in ``detection``. ``laplace.py`` maximises its
likelihood. This module turns responses into its arrays, and estimates into a table and a text.
Pure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame
from scipy.stats import norm

from analysis.stats.laplace import Fit, Floats, Problem, maximise

MAX_PARTICIPANTS = 1_500  # does not apply if there are at most that many images
MAX_ROWS = 100_000
NUMBERS = ("estimate", "se", "low", "high", "odds_ratio", "p")
COUNTED = ("n_responses", "n_participants", "n_images")
COLUMNS = ("kind", "term", *NUMBERS, *COUNTED)
GROUPS = ("participant", "image")
KINDS = {False: "AI wrong", True: "AI correct"}
_Z = float(norm.ppf(0.975))


@dataclass(frozen=True, slots=True, eq=False)
class MixedModel:
    """A fitted model: its ``table`` (columns ``COLUMNS``) and its ``specification`` in words.

    ``problem`` says what is wrong, or is empty; with a problem all numbers are NaN.
    ``cells`` are the log odds of being correct of each condition by AI correctness (index
    condition, columns ``KINDS``), ``sds`` the standard deviations of people and of images.
    """

    table: DataFrame
    specification: str
    problem: str
    cells: DataFrame
    sds: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """The responses that are fitted: rows, names of conditions, and how they were selected."""

    rows: DataFrame
    conditions: tuple[str, ...]
    n_all: int
    n_participants: int

    @property
    def is_within(self) -> bool:
        """Whether somebody is in several conditions; ``participant`` is then one of them."""
        return bool(self.rows["participant"].nunique() > self.n_participants)

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of the random effects."""
        return ("participant : condition", "image") if self.is_within else GROUPS

    @property
    def n_images(self) -> int:
        return int(self.rows["image"].max()) + 1 if len(self.rows) else 0


def mixed_table(
    responses: DataFrame, *, conditions: Sequence[str] | None = None, seed: int = 0
) -> DataFrame:
    """Return the table of ``mixed_model``, the specification in ``attrs["specification"]``."""
    fitted = mixed_model(responses, conditions=conditions, seed=seed)
    fitted.table.attrs["specification"] = fitted.specification
    return fitted.table


def mixed_model(
    responses: DataFrame, *, conditions: Sequence[str] | None = None, seed: int = 0
) -> MixedModel:
    """Fit the model to responses, one row per trial.

    ``responses`` needs ``participant_id``, ``condition``, ``is_ai_correct``, ``is_correct`` and
    ``item_id`` (or ``image``). The first of ``conditions`` is the reference; the default is the
    conditions that occur, in the order of the column's categories or of appearance. If there are
    more than ``MAX_ROWS`` rows, or more than ``MAX_PARTICIPANTS`` people *and* images, a random
    sample of participants is drawn with ``seed``, with all their rows.

    If the model cannot be fitted, ``problem`` says why; nothing is raised.
    """
    sample = _sample(responses, conditions, seed)
    empty = DataFrame(math.nan, index=pd.Index(sample.conditions), columns=list(KINDS.values()))
    problem = _obstacle(sample)
    fit = None if problem else maximise(_problem(sample))
    if fit is not None and not fit.is_converged:
        problem = f"The fit did not converge: {fit.message} Its numbers are left out."
        fit = None
    text = _specification(sample, problem, fit, seed)
    table = _table(sample, fit)
    if fit is None:
        return MixedModel(table, text, problem, empty, (math.nan, math.nan))
    cells = DataFrame(fit.beta.reshape(-1, 2), index=empty.index, columns=empty.columns)
    return MixedModel(table, text, problem, cells, fit.sds)


def _sample(responses: DataFrame, conditions: Sequence[str] | None, seed: int) -> _Sample:
    names = tuple(conditions) if conditions is not None else _conditions(responses)
    if len(set(names)) < len(names):
        raise ValueError(f"conditions={names!r}: expected each condition once.")
    frame = responses[responses["condition"].isin(names)]
    image = "item_id" if "item_id" in frame else "image"
    kept = frame[frame["participant_id"].isin(_drawn(frame, frame[image].nunique(), seed))]
    arms = pd.Categorical(kept["condition"].astype("str"), categories=names).codes.astype(int)
    who = pd.factorize(kept["participant_id"].astype("str"))[0]
    rows = DataFrame(
        {
            "condition": arms,
            "is_ai_correct": kept["is_ai_correct"].to_numpy(dtype=bool),
            "is_correct": kept["is_correct"].to_numpy(dtype=bool),
            "participant": pd.factorize(who * len(names) + arms)[0],
            "image": pd.factorize(kept[image].astype("str"))[0],
        }
    )
    return _Sample(rows, names, len(frame), int(who.max()) + 1 if len(who) else 0)


def _conditions(responses: DataFrame) -> tuple[str, ...]:
    column = responses["condition"]
    seen = list(dict.fromkeys(column.astype("str")))
    if isinstance(column.dtype, pd.CategoricalDtype):
        return tuple(
            str(category) for category in column.cat.categories if str(category) in set(seen)
        )
    return tuple(seen)


def _drawn(frame: DataFrame, n_images: int, seed: int) -> NDArray[np.object_]:
    """Return the participants to fit: all, or a random sample that keeps the limits."""
    sizes = frame.groupby("participant_id", sort=False, observed=True).size()
    people = sizes.index.to_numpy(dtype=object)
    most = MAX_PARTICIPANTS if n_images > MAX_PARTICIPANTS else len(people)
    if len(people) <= most and len(frame) <= MAX_ROWS:
        return people
    order = np.random.default_rng(seed).permutation(len(people))
    n_rows = np.cumsum(sizes.to_numpy()[order])
    n = min(most, max(1, int(np.searchsorted(n_rows, MAX_ROWS, side="right"))))
    return people[order[:n]]


def _obstacle(sample: _Sample) -> str:
    """Return why there can be no estimates; empty if there can."""
    rows = sample.rows
    if rows.empty:
        return "There are no responses; nothing was fitted."
    cell = _cells(rows)
    n_all = np.bincount(cell, minlength=2 * len(sample.conditions))
    n_correct = np.bincount(cell, rows["is_correct"], n_all.size).astype(int)
    for number in np.flatnonzero((n_correct == 0) | (n_correct == n_all)):
        n, where = n_all[number], f"{sample.conditions[number // 2]}, {KINDS[number % 2 == 1]}"
        share = f"{n_correct[number]} of {n}" if n else "none"
        return (
            f"In {where}, {share} of the responses are correct; expected some correct and some "
            "not. Such a cell has no finite log odds, so nothing was fitted. Collect more "
            "responses, or leave that condition out."
        )
    if min(sample.n_participants, sample.n_images) < 2:
        return "There is one participant or one image; expected several. Nothing was fitted."
    return ""


def _cells(rows: DataFrame) -> NDArray[np.intp]:
    """Number the cells by condition, AI wrong before AI correct."""
    places = 2 * rows["condition"].to_numpy(dtype=np.intp)
    cells: NDArray[np.intp] = places + rows["is_ai_correct"].to_numpy(dtype=np.intp)
    return cells


def _problem(sample: _Sample) -> Problem:
    rows = sample.rows
    return Problem.of(
        rows["is_correct"].to_numpy(),
        _cells(rows),
        rows["participant"].to_numpy(dtype=np.intp),
        rows["image"].to_numpy(dtype=np.intp),
    )


def _terms(conditions: Sequence[str], groups: Sequence[str]) -> list[tuple[str, str, Floats]]:
    """Return kind, name and weights over the cells (by condition, AI wrong first)."""
    if not conditions:
        return []
    unit = np.eye(2 * len(conditions))
    wrong, right = unit[::2], unit[1::2]
    gain = right - wrong
    terms = [("fixed", "Intercept", wrong[0])]
    others = list(enumerate(conditions))[1:]
    terms += [("fixed", f"condition[{name}]", wrong[i] - wrong[0]) for i, name in others]
    terms.append(("fixed", "is_ai_correct", gain[0]))
    terms += [
        ("fixed", f"condition[{name}]:is_ai_correct", gain[i] - gain[0]) for i, name in others
    ]
    for i, name in others:
        pair = f"{name} - {conditions[0]}"
        contrasts = {KINDS[False]: wrong[i] - wrong[0], KINDS[True]: right[i] - right[0]}
        terms += [("contrast", f"{pair} | {words}", each) for words, each in contrasts.items()]
        terms.append(("contrast", f"{pair} | both alike", sum(contrasts.values()) / 2))
    return terms + [("random", group, np.zeros(0)) for group in groups]


def _table(sample: _Sample, fit: Fit | None) -> DataFrame:
    """Return a row per term, and the specification; without a fit the numbers are NaN."""
    counts = (len(sample.rows), sample.n_participants, sample.n_images)
    rows = [
        (kind, term, *_numbers(fit, weights, group=_place(sample, kind, term)), *counts)
        for kind, term, weights in _terms(sample.conditions, sample.groups)
    ]
    return DataFrame(rows, columns=list(COLUMNS))


def _place(sample: _Sample, kind: str, term: str) -> int | None:
    return sample.groups.index(term) if kind == "random" else None


def _numbers(fit: Fit | None, weights: Floats, group: int | None) -> tuple[float, ...]:
    if fit is None:
        return (math.nan,) * len(NUMBERS)
    if group is not None:
        return _spread(fit, group)
    estimate = float(weights @ fit.beta)
    se = math.sqrt(max(0.0, float(weights @ fit.covariance @ weights)))
    p = float(2 * norm.sf(abs(estimate / se))) if se > 0 else math.nan
    low, high = estimate - _Z * se, estimate + _Z * se
    return estimate, se, low, high, float(np.exp(estimate)), p


def _spread(fit: Fit, group: int) -> tuple[float, ...]:
    """Return an SD with its delta-method SE and its interval, symmetric on the log scale."""
    sd, log_se = fit.sds[group], fit.log_sd_se[group]
    reach = math.exp(_Z * log_se) if log_se < 50 else math.nan
    return sd, sd * log_se, sd / reach, sd * reach, math.nan, math.nan


def _specification(sample: _Sample, problem: str, fit: Fit | None, seed: int) -> str:
    names = sample.conditions
    reference = names[0] if names else "none"
    taken = f"all {sample.n_all:,} responses"
    if len(sample.rows) < sample.n_all:
        taken = (
            f"{len(sample.rows):,} of {sample.n_all:,} responses: whole participants drawn by "
            f"seed {seed}, because the model is fitted to at most {MAX_ROWS:,} responses, and to "
            f"{MAX_PARTICIPANTS:,} participants where there are more images than that"
        )
    lines = [
        f"Model: correct ~ condition * is_ai_correct + (1 | {sample.groups[0]}) + (1 | image); "
        "binomial, logit link, two crossed random intercepts, normal and independent.",
        f"Coding: treatment contrasts; the reference is {reference} on trials where the AI is "
        f"wrong. Conditions: {', '.join(names) or 'none'}. Contrasts compare each condition with "
        "the reference on trials where the AI is wrong, where it is right, and their plain mean.",
        f"Data: {taken}; {sample.n_participants:,} participants, {sample.n_images:,} images.",
        "Method: maximum likelihood by the Laplace approximation; Wald intervals (95 %) and "
        "two-sided Wald p values from the inverse Hessian, uncorrected for the number of terms.",
        "Limit: there is no random slope. Where people differ in how readily they accept, p values "
        "on one kind of trials are too small; the signal-detection model has such slopes.",
    ]
    if sample.is_within:
        lines.append(
            "People are in several conditions: each has an effect of their own in each, without a "
            "correlation, so intervals of differences are too wide rather than too narrow."
        )
    if fit is not None:
        lines.append(
            f"Converged after {fit.n_evaluations} evaluations; log likelihood "
            f"{fit.log_likelihood:.3f}."
        )
        zero = [g for g, sd in zip(sample.groups, fit.sds, strict=True) if sd == 0]
        lines += [
            f"The SD of {item}s is estimated as 0 (no such differences seen)." for item in zero
        ]
    return "\n".join([*lines, problem] if problem else lines)
