"""A study of invented people, as the three frames that the analysis takes; rows of its tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame

from analysis.stats.analysis_plan import Declared, DeclaredCondition

N_VOTERS = 20
CONDITIONS = (
    DeclaredCondition("Unaided", "knn", is_unaided=True),
    DeclaredCondition("kNN", "knn"),
    DeclaredCondition("EMD-NN", "emd-corr"),
    DeclaredCondition("EMD-Corr", "emd-corr"),
    DeclaredCondition("ResNet-50", "softmax"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """What ``tables_of`` takes."""

    responses: DataFrame
    people: DataFrame
    items: DataFrame


def simulate(
    n_each: int = 6,
    *,
    n_sets: int = 4,
    n_trials: int = 8,
    n_pool: int = 200,
    conditions: tuple[DeclaredCondition, ...] = CONDITIONS,
    correct: tuple[float, float] = (0.9, 0.4),
    seed: int = 0,
) -> Frames:
    """Return ``n_each`` participants a condition, correct by chance where the AI is right, wrong.

    The test sets are disjoint, half right and half wrong; conditions of one AI share them.
    """
    rng = np.random.default_rng(seed)
    classifiers = list(dict.fromkeys(item.classifier for item in conditions))
    items = pd.concat([_pool(name, n_pool, rng) for name in classifiers], ignore_index=True)
    people, responses = [], []
    for arm, condition in enumerate(conditions):
        pool = items[items["classifier"] == condition.classifier].reset_index(drop=True)
        sets = _sets(pool["is_ai_correct"].to_numpy(), n_sets, n_trials)
        chosen = np.arange(n_each) % n_sets
        numbers = np.arange(n_each) + arm * n_each
        people.append(_people(condition.name, numbers, chosen, rng))
        responses.append(_answers(condition, pool, sets[chosen], numbers, correct, rng))
    texts = ["participant_id", "condition", "item_id", "image", "response", "participant_status"]
    answers = pd.concat(responses, ignore_index=True)
    return Frames(
        answers.astype(dict.fromkeys(texts, "category")),
        pd.concat(people, ignore_index=True),
        items,
    )


def declared(**values: object) -> Declared:
    """Return the declaration of ``CONDITIONS``, with a margin of 5 points."""
    return Declared(CONDITIONS, **{"margin": 5.0} | values)  # type: ignore[arg-type]


def row_of(table: DataFrame, **cells: str) -> dict[str, Any]:
    """Return the one row of a table that has these cells."""
    for column, value in cells.items():
        table = table[table[column] == value]
    (found,) = table.to_dict("records")
    return {str(key): value for key, value in found.items()}


def rows_of(table: DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table."""
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _pool(classifier: str, n: int, rng: np.random.Generator) -> DataFrame:
    votes = rng.integers(4, N_VOTERS + 1, n)
    is_voting = classifier != "softmax"
    confidence = votes / N_VOTERS if is_voting else np.round(rng.uniform(0.2, 1, n), 3)
    frame = DataFrame(
        {
            "classifier": classifier,
            "item_id": [f"{k:016x}" for k in range(n)],
            "image": [f"bird/{k}.jpg" for k in range(n)],
            "true_label": "wren",
            "ai_label": "wren",
            "ai_confidence": confidence,
            "ai_votes": pd.array(votes if is_voting else [pd.NA] * n, dtype="Int64"),
            "n_voters": pd.array([N_VOTERS if is_voting else pd.NA] * n, dtype="Int64"),
            "is_ai_correct": rng.random(n) < confidence,
        }
    )
    # Half of each kind at least, so that every set can be drawn.
    frame.loc[: n // 2 - 1, "is_ai_correct"] = np.arange(n // 2) % 2 == 0
    return frame


def _sets(is_right: np.ndarray, n_sets: int, n_trials: int) -> np.ndarray:
    half = n_trials // 2
    kinds = [np.flatnonzero(is_right == kind)[: n_sets * half] for kind in (True, False)]
    return np.hstack([kind.reshape(n_sets, half) for kind in kinds])


def _people(
    condition: str, numbers: np.ndarray, chosen: np.ndarray, rng: np.random.Generator
) -> DataFrame:
    return DataFrame(
        {
            "participant_id": [f"p{n:06d}" for n in numbers],
            "condition": condition,
            "status": "completed",
            "is_simulated": False,
            "trial_set": chosen + 1,
            "introduction_ms": pd.array(rng.integers(20_000, 90_000, numbers.size), dtype="Int64"),
            "test_ms": pd.array(rng.integers(200_000, 900_000, numbers.size), dtype="Int64"),
        }
    )


def _answers(
    condition: DeclaredCondition,
    pool: DataFrame,
    images: np.ndarray,
    numbers: np.ndarray,
    correct: tuple[float, float],
    rng: np.random.Generator,
) -> DataFrame:
    n_people, n_trials = images.shape
    order = rng.permuted(np.tile(np.arange(n_trials), (n_people, 1)), axis=1)
    shown = np.take_along_axis(images, order, axis=1).ravel()
    frame = pool.loc[shown].reset_index(drop=True).drop(columns=["n_voters", "true_label"])
    is_right = frame["is_ai_correct"].to_numpy()
    is_correct = rng.random(shown.size) < np.where(is_right, *correct)
    names = np.array([f"p{n:06d}" for n in numbers], dtype=object)
    frame.insert(0, "participant_id", np.repeat(names, n_trials))
    frame["condition"] = condition.name
    frame["participant_status"] = "completed"
    frame["is_simulated"] = False
    frame["trial_index"] = pd.array(np.tile(np.arange(n_trials) + 1, n_people), dtype="Int64")
    frame["response"] = np.where(is_correct == is_right, "yes", "no")
    frame["is_correct"] = is_correct
    frame["rt_ms"] = pd.array(rng.integers(900, 20_000, shown.size), dtype="Int64")
    frame["prior_knowledge"] = pd.array(rng.random(shown.size) < 0.75, dtype="boolean")
    return frame
