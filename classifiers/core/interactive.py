"""CHM-Corr++: rank and vote again for the query cells that a person selects. NumPy only.

A prediction stores, for each of its N shortlisted gallery images, the 49 cosines between a query
cell's patch and its partner's. A new mask then needs no network. The rule is that of CHM-Corr+
(Nguyen, Taesiri & Nguyen, NeurIPS 2022), with the vote of its interactive successor
("Allowing humans to interactively guide machines where to look does not always improve human-AI
team's classification accuracy", arXiv 2404.05238): K voters, and one more while several classes
share the lead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from classifiers.core.chm.pair_cosines import Pairs
from classifiers.decision import GRID

N_CELLS: Final = GRID * GRID


@dataclass(frozen=True, slots=True)
class Reranked:
    """The outcome of one mask.

    ``order`` (N,) int: the shortlist's places, best score first, equal scores in the shortlist's
    order; ``label``: the winning class index; ``probabilities``: each class among the voters, by
    falling share and then by index, with its share of the votes; ``n_voters``: how many voted.
    """

    order: NDArray[np.intp]
    label: int
    probabilities: dict[int, float]
    n_voters: int


def rerank(cosines: ArrayLike, labels: ArrayLike, mask: ArrayLike, n_voters: int = 20) -> Reranked:
    """Rank a shortlist by the selected cells; the first images vote.

    The score of an image is the mean over all 49 cells of cosine x mask.

    Parameters
    ----------
    cosines : (N, 49) array
        Of each shortlisted image: the cosine of each query cell, row-major, with its partner.
    labels : (N,) array of int
        The class indices of the images.
    mask : (7, 7) array of bool
        The query cells that count; at least one. For an empty mask CHM-Corr's own answer stands,
        and the caller shows that.
    n_voters
        How many images vote, at least 1. While several classes share the most votes, one more
        image votes, up to all N; then the smallest class index of those wins.

    Raises
    ------
    ValueError
        Shapes that do not fit, cosines that are not finite, an empty mask, or no voters.
    """
    values, classes, cells = _checked(cosines, labels, mask, n_voters)
    scores = values[:, cells.ravel()].sum(axis=1) / N_CELLS
    order = np.argsort(-scores, kind="stable")
    votes = np.bincount(classes[order[:n_voters]], minlength=int(classes.max()) + 1)
    n = min(n_voters, len(order))
    while n < len(order) and np.count_nonzero(votes == votes.max()) > 1:
        votes[classes[order[n]]] += 1
        n += 1
    present = sorted(np.flatnonzero(votes).tolist(), key=lambda label: (-votes[label], label))
    shares = {label: int(votes[label]) / n for label in present}
    return Reranked(order, present[0], shares, n)


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A gallery image that voted for the winning class, and its best selected cells.

    ``cells`` are pairs of a query cell and its partner, the largest cosine first.
    """

    image: int
    cells: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a mask for a query: the winning class index, its votes, and the exemplars.

    ``probabilities`` are those of ``Reranked``.
    """

    label: int
    n_votes: int
    n_voters: int
    probabilities: dict[int, float]
    exemplars: tuple[Exemplar, ...]


def answer(
    pairs: Pairs, mask: ArrayLike, n_voters: int = 20, *, n_exemplars: int = 5, n_cells: int = 5
) -> Answer:
    """Rank the stored pairs by a mask and explain the winner by the first voters for it.

    Each exemplar has its ``n_cells`` selected cells with the largest cosines (of equal ones the
    smaller cell), as in CHM-Corr. Raises as ``rerank``.
    """
    found = rerank(pairs.cosines, pairs.labels, mask, n_voters)
    voters = [n for n in found.order[: found.n_voters].tolist() if pairs.labels[n] == found.label]
    selected = np.flatnonzero(np.asarray(mask).ravel())
    exemplars = []
    for place in voters[:n_exemplars]:
        best = selected[np.argsort(-pairs.cosines[place, selected], kind="stable")[:n_cells]]
        cells = tuple((int(cell), int(pairs.cells[place, cell])) for cell in best)
        exemplars.append(Exemplar(int(pairs.images[place]), cells))
    return Answer(found.label, len(voters), found.n_voters, found.probabilities, tuple(exemplars))


def _checked(
    cosines: ArrayLike, labels: ArrayLike, mask: ArrayLike, n_voters: int
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return the three arrays in their types; the public function states what is refused."""
    values = np.asarray(cosines, dtype=np.float64)
    classes: NDArray[Any] = np.asarray(labels)
    cells = np.asarray(mask)
    if values.ndim != 2 or values.shape[1] != N_CELLS or len(values) == 0:
        raise ValueError(f"Cosines {values.shape}; expected (N, {N_CELLS}) with N at least 1.")
    if classes.shape != values.shape[:1] or classes.dtype.kind not in "iu" or classes.min() < 0:
        raise ValueError(
            f"Labels {classes.shape} of {classes.dtype}; expected ({len(values)},) class indices."
        )
    if cells.shape != (GRID, GRID) or cells.dtype != np.bool_:
        raise ValueError(f"Mask {cells.shape} of {cells.dtype}; expected (7, 7) of bool.")
    if not cells.any():
        raise ValueError("The mask is empty; expected at least one selected cell.")
    if not np.isfinite(values).all():
        raise ValueError("Some cosines are NaN or infinite; expected numbers from -1 to 1.")
    if n_voters < 1:
        raise ValueError(f"n_voters is {n_voters}; expected at least 1.")
    return values, classes.astype(np.int64), cells
