"""Answers of people who choose a class: accuracy by class, and what is mistaken for what. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.stats.confidence import Bools
from analysis.stats.inference import Ints
from analysis.stats.mrmc import Terms, mean_terms


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """Choices among ``n_classes`` classes, ``(n,)`` each; codes as in ``mrmc.Terms``.

    ``truth`` and ``choice`` are codes of classes. ``is_correct`` need not be truth = choice: a
    photo may have several accepted classes. ``kind`` are codes of what the design fixes (is the AI
    right).
    """

    person: Ints
    photo: Ints
    kind: Ints
    truth: Ints
    choice: Ints
    is_correct: Bools
    n_classes: int


def top1(chosen: Chosen) -> Terms:
    """Return the share of right choices in percent, a mean over people."""
    hits = np.where(chosen.is_correct, 100.0, 0.0)
    return mean_terms(hits, chosen.person, chosen.photo, kind=chosen.kind, limits=(0.0, 100.0))


def recall(chosen: Chosen, class_: int) -> Terms:
    """Return the share of right choices among the photos of one class, pooled, in percent."""
    return _share(chosen, chosen.truth == class_, "no photo of this class was judged")


def precision(chosen: Chosen, class_: int) -> Terms:
    """Return the share of right choices among the choices of one class, pooled, in percent."""
    return _share(chosen, chosen.choice == class_, "nobody chose this class")


def _share(chosen: Chosen, rows: Bools, reason: str) -> Terms:
    hits = np.where(chosen.is_correct[rows], 100.0, 0.0)
    return mean_terms(
        hits, chosen.person[rows], chosen.photo[rows],
        of_people=False, limits=(0.0, 100.0), reason=reason,
    )  # fmt: skip


def confusion(chosen: Chosen) -> Ints:
    """Return how often each class (row) was called each class (column), ``(c, c)``."""
    n = chosen.n_classes
    cells = np.bincount(chosen.truth * n + chosen.choice, minlength=n * n)
    return cells.reshape(n, n).astype(np.int64)
