"""Table of the payoff of a rational decision maker who uses only the AI's confidence."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pandas import DataFrame

from analysis.stats.analysis_plan import Declared, DeclaredCondition
from analysis.stats.analysis_sets import Sample
from analysis.stats.confidence import DIFFICULTIES, Floats, Ints, difficulty, threshold_grid
from analysis.stats.rational import rational_of
from analysis.stats.task_answers import is_choice
from analysis.stats.team import Pool
from analysis.tables.team_tables import TunedPool

UNAIDED, NO_ANSWERS, NO_CONFIDENCE = "unaided", "no answers", "no confidence"
CHOICE = "people choose a class"
N_KINDS = 2 * len(DIFFICULTIES)


def rational_table(sample: Sample, declared: Declared, pools: Mapping[str, TunedPool]) -> DataFrame:
    """Return one row per condition; ``note`` says why a condition has no numbers."""
    return DataFrame([_row(sample, each, pools) for each in declared.conditions])


def _row(
    sample: Sample, condition: DeclaredCondition, pools: Mapping[str, TunedPool]
) -> dict[str, object]:
    answers = sample.answers_of(condition.name)
    row: dict[str, object] = {"condition": condition.name, "n_trials": len(answers)}
    why = _why_undefined(condition, answers, pools)
    if why:
        return row | {"note": why}
    pool = pools[condition.classifier].pool
    is_right = answers["is_ai_correct"].to_numpy(dtype=bool)
    is_correct = answers["is_correct"].to_numpy(dtype=bool)
    labels = answers["difficulty"].astype("str").to_numpy(dtype="str")
    counts = np.bincount(_kinds(labels, is_right), minlength=N_KINDS)
    share, right = signals_of(pool, counts.astype(np.int64))
    accept_rate = float((is_correct == is_right).mean())
    found = rational_of(share, right, accept_rate=accept_rate, observed=float(is_correct.mean()))
    return row | {
        "n_images": pool.units.size,
        "base_rate": 100 * float(is_right.mean()),
        "accept_rate": 100 * accept_rate,
        "rational_baseline": found.baseline,
        "rational_benchmark": found.benchmark,
        "misreliant_benchmark": found.misreliant,
        "observed": found.observed,
        "reliance_loss": found.reliance_loss,
        "discrimination_loss": found.discrimination_loss,
    }


def _why_undefined(
    condition: DeclaredCondition, answers: DataFrame, pools: Mapping[str, TunedPool]
) -> str:
    if condition.is_unaided:
        return UNAIDED
    if answers.empty:
        return NO_ANSWERS
    if is_choice(answers):
        return CHOICE
    return "" if condition.classifier in pools else NO_CONFIDENCE


def signals_of(pool: Pool, n_trials: Ints) -> tuple[Floats, Floats]:
    """Return the share of each confidence that occurs and its share of right answers, ``(k,)``.

    Confidences are in whole steps of 5 points (votes: of 20 at most). They come from the AI's whole
    pool: on the few photos that people saw, a confidence could identify the photo. The pool's
    images are weighted so that each of the six kinds (AI right or wrong × difficulty) is as
    frequent as in people's trials (``n_trials``, ``(6,)``), which are drawn from the pool by these
    kinds. Raises ``ValueError`` for trials of a kind that the pool lacks.
    """
    kind = _kinds(difficulty(pool.units, pool.scale, pool.is_correct), pool.is_correct)
    there = np.bincount(kind, minlength=N_KINDS)
    if ((n_trials > 0) & (there == 0)).any():
        raise ValueError(
            f"Trials by kind {n_trials.tolist()}, images of the AI {there.tolist()}; expected an "
            "image of each kind that people judged: the trials are drawn from these images."
        )
    weight = (n_trials / np.maximum(there, 1) / n_trials.sum())[kind]
    steps = np.unique(threshold_grid(pool.scale).units)
    signal = np.searchsorted(steps, pool.units, side="right") - 1
    share = np.asarray(np.bincount(signal, weights=weight, minlength=steps.size), dtype=float)
    right = np.bincount(signal[pool.is_correct], weight[pool.is_correct], minlength=steps.size)
    occurs = share > 0
    return share[occurs], np.clip(right[occurs] / share[occurs], 0, 1)


def _kinds(labels: np.ndarray, is_right: np.ndarray) -> Ints:
    """Return the index of each image's kind: by difficulty, then wrong or right."""
    level = np.select([labels == name for name in DIFFICULTIES], range(len(DIFFICULTIES)))
    return np.asarray(2 * level + is_right, dtype=np.int64)
