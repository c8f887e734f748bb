"""A study of invented people with a task: first answers, confidence, choices, conditions within."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas import DataFrame

from analysis.stats.analysis_plan import Declared, DeclaredCondition
from tests.analysis.simulated import Frames, simulate

ARMS = (DeclaredCondition("Alone", "knn", is_unaided=True), DeclaredCondition("kNN", "knn"))
CLASSES = ("finch", "owl", "robin", "wren")


def declared(**values: object) -> Declared:
    """Return the declaration of ``ARMS``."""
    return Declared(ARMS, **values)  # type: ignore[arg-type]


def advised(n_each: int = 24, seed: int = 0) -> Frames:
    """Return people who say Yes or No with confidence, before the AI's advice and after it."""
    frames = simulate(n_each, conditions=ARMS, seed=seed)
    rng = np.random.default_rng(seed)
    n = len(frames.responses)
    is_right = frames.responses["is_ai_correct"].to_numpy(dtype=bool)
    first = np.where(rng.random(n) < 0.65, is_right, ~is_right)
    return _with(
        frames,
        first_answer=np.where(first, "yes", "no"),
        first_confidence=rng.integers(50, 101, n),
        confidence=rng.integers(50, 101, n),
    )


def chosen(n_each: int = 16, seed: int = 0) -> Frames:
    """Return people who choose among four classes, first alone and then advised, with levels."""
    frames = simulate(n_each, n_sets=8, conditions=ARMS, seed=seed)
    rng = np.random.default_rng(seed)
    photo = frames.responses["item_id"].astype("category").cat.codes.to_numpy()
    truth = np.random.default_rng(9).integers(len(CLASSES), size=200)[photo]
    is_right = frames.responses["is_ai_correct"].to_numpy(dtype=bool)
    ai = np.where(is_right, truth, (truth + 1) % len(CLASSES))

    def said(chance: float) -> np.ndarray:
        other = (truth + rng.integers(1, len(CLASSES), truth.size)) % len(CLASSES)
        return np.where(rng.random(truth.size) < chance, truth, other)

    first = said(0.6)
    final = np.where(rng.random(truth.size) < 0.5, ai, first)
    names = np.array(CLASSES)
    return _with(
        frames,
        true_label=names[truth], ai_label=names[ai], first_choice=names[first], choice=names[final],
        is_correct=final == truth, first_confidence=rng.integers(1, 6, truth.size),
        confidence=rng.integers(1, 6, truth.size), response=pd.NA,
    )  # fmt: skip


def within(n: int = 12, seed: int = 0) -> Frames:
    """Return ``n`` people who go through both conditions, on different photos."""
    frames = simulate(n, conditions=ARMS, seed=seed)
    number = frames.responses["participant_id"].astype("str").str[1:].astype(int) % n
    responses = frames.responses.assign(participant_id=[f"p{k:06d}" for k in number])
    # The sets of the second condition are those of the person before.
    people = frames.people.iloc[:n].assign(condition="Alone")
    return Frames(responses, people, frames.items)


def _with(frames: Frames, **columns: object) -> Frames:
    return Frames(frames.responses.assign(**columns), frames.people, frames.items)  # type: ignore[arg-type]


def missed(frames: Frames, rows: slice) -> Frames:
    """Return the frames; the time of some trials was over without a final answer."""
    responses: DataFrame = frames.responses.assign(is_missed=False)
    responses.loc[responses.index[rows], "is_missed"] = True
    return Frames(responses, frames.people, frames.items)
