"""The equations of ``laplace`` at one point, solved group by group of people and images. Pure.

People and images that share no answer, directly or through others, are independent, so H has a
block per group. In a study with drawn sets of images, a group is a set and the people who judged
it. Small groups are joined, so that a block is worth its calls. In a block, the diagonal of the
longer effect is eliminated; its Schur complement is dense.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.lapack import dpotri
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Matrix: TypeAlias = Any  # a dense array, or scipy.sparse.csr_array where most of it is 0

_JOINED = 20_000  # largest size of a block of joined groups
_DENSE = 200_000  # largest size of a dense block that is mostly 0
_SHARE = 0.2  # least share of a larger dense block that is not 0
_BLOCK = 4_000_000  # numbers in one dense intermediate result


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Answers of a group: their ``rows``, its levels of both effects, and each row's place.

    ``small`` and ``large`` are the levels within the group, ``(rows,)``.
    """

    rows: slice
    small_levels: slice
    large_levels: slice
    small: Indices
    large: Indices

    @property
    def shape(self) -> tuple[int, int]:
        """Number of levels of the longer and of the shorter effect."""
        long, short = self.large_levels, self.small_levels
        return long.stop - long.start, short.stop - short.start

    @property
    def is_dense(self) -> bool:
        size = self.shape[0] * self.shape[1]
        return size <= _DENSE or self.small.size >= _SHARE * size

    def matrix(self, values: Floats) -> Matrix:
        """Return the block of the group, (large, small), of values ``(rows,)``."""
        n_large, n_small = self.shape
        if self.is_dense:
            places = self.large * n_small + self.small
            return np.bincount(places, values, n_large * n_small).reshape(n_large, n_small)
        starts = np.searchsorted(self.large, np.arange(n_large + 1))
        return csr_array((values, self.small, starts), shape=self.shape)

    def blocks(self) -> Iterator[tuple[slice, slice]]:
        """Yield levels of the longer effect, and their rows, in blocks of bounded size."""
        n_large, n_small = self.shape
        n = max(1, _BLOCK // n_small)
        for start in range(0, n_large, n):
            stop = min(start + n, n_large)
            first, last = np.searchsorted(self.large, [start, stop])
            yield slice(start, stop), slice(int(first), int(last))


def arranged(small: Indices, large: Indices) -> tuple[Indices, Indices, Indices, list[Group]]:
    """Sort answers by group and longer effect; number levels so that a group's are neighbours.

    ``small`` and ``large`` are the levels of each answer, ``(n,)``, without gaps. Returns the order
    of the answers, their two levels in that order, and the groups.
    """
    n_small, n_large = int(small.max()) + 1, int(large.max()) + 1
    n = n_large + n_small
    graph = csr_array((np.ones(small.size), (large, n_large + small)), shape=(n, n))
    component = connected_components(graph, directed=False)[1]
    parts = component[n_large:], component[:n_large]
    joined = _joined(*(np.bincount(part) for part in parts))
    of_small, of_large = (joined[part] for part in parts)
    small, large = _ranks(of_small)[small], _ranks(of_large)[large]
    order = np.argsort(large, kind="stable")
    small, large = small[order], large[order]
    ends = [np.cumsum(np.bincount(of)) for of in (of_small, of_large)]
    stops = zip(*(of.tolist() for of in ends), strict=True)
    return order, small, large, list(_groups(small, large, stops))


def _groups(small: Indices, large: Indices, stops: Iterable[tuple[int, int]]) -> Iterator[Group]:
    """Yield the groups; ``stops`` are the ends of their levels of both effects."""
    row, a, b = 0, 0, 0
    for small_stop, large_stop in stops:
        end = int(np.searchsorted(large, large_stop))
        rows, own, other = slice(row, end), slice(a, small_stop), slice(b, large_stop)
        yield Group(rows, own, other, small[rows] - a, large[rows] - b)
        row, a, b = end, small_stop, large_stop


def _joined(small: Indices, large: Indices) -> Indices:
    """Return the group of each component; neighbours are joined while the block is small."""
    group, number, rows, columns = np.zeros(large.size, dtype=np.intp), 0, 0, 0
    sizes = zip(large.tolist(), small.tolist(), strict=True)
    for place, (more_rows, more_columns) in enumerate(sizes):
        if rows and (rows + more_rows) * (columns + more_columns) > _JOINED:
            number, rows, columns = number + 1, 0, 0
        rows, columns = rows + more_rows, columns + more_columns
        group[place] = number
    return group


def _ranks(group: Indices) -> Indices:
    """Return the place of each element when they are sorted by group."""
    ranks = np.empty(group.size, dtype=np.intp)
    ranks[np.argsort(group, kind="stable")] = np.arange(group.size)
    return ranks


def inverse_of(factor: tuple[Floats, bool]) -> Floats:
    """Return the inverse of a matrix from its lower Cholesky factor (``cho_factor``)."""
    lower = np.tril(dpotri(factor[0], lower=1)[0])
    inverse: Floats = lower + np.tril(lower, -1).T
    return inverse


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A group's block between the effects, and the factor of its Schur complement."""

    group: Group
    between: Matrix
    factor: tuple[Floats, bool]


class System:
    """H at one point: its diagonals, and a block with its Schur complement for each group.

    ``weight`` ``(n,)`` are the weights of the answers, ``at_small`` and ``at_large`` their sums
    over levels, a and b the standard deviations of the effects.
    """

    def __init__(
        self, groups: Iterable[Group], weight: Floats, at_small: Floats, at_large: Floats,
        a: float, b: float,
    ) -> None:  # fmt: skip
        self.a, self.b = a, b
        self.diagonal = 1 + b * b * at_large
        self._cross = a * b * weight
        own = 1 + a * a * at_small
        self._parts = [self._part(group, own) for group in groups]

    def _part(self, group: Group, own: Floats) -> _Part:
        between = group.matrix(self._cross[group.rows])
        diagonal = self.diagonal[group.large_levels]
        if group.is_dense:
            schur = -(between.T @ (between / diagonal[:, None]))
        else:
            divided = group.matrix(self._cross[group.rows] / diagonal[group.large])
            schur = -(between.T @ divided).toarray()
        schur[np.diag_indices(group.shape[1])] += own[group.small_levels]
        return _Part(group, between, cho_factor(schur, lower=True, check_finite=False))

    def solve(self, small: Floats, large: Floats) -> tuple[Floats, Floats]:
        """Return H⁻¹ (small, large)."""
        s, t = np.empty_like(small), np.empty_like(large)
        scaled = large / self.diagonal
        for part in self._parts:
            at, of = part.group.small_levels, part.group.large_levels
            right = small[at] - part.between.T @ scaled[of]
            s[at] = cho_solve(part.factor, right, check_finite=False)
            t[of] = (large[of] - part.between @ s[at]) / self.diagonal[of]
        return s, t

    @property
    def log_determinant(self) -> float:
        """log |H|."""
        schur = sum(float(np.log(np.diag(part.factor[0])).sum()) for part in self._parts)
        return float(np.log(self.diagonal).sum()) + 2 * schur

    def leverage(self) -> tuple[Floats, tuple[float, float]]:
        """Return aₙᵀ H⁻¹ aₙ of every answer, and the traces of the two diagonal blocks of H⁻¹."""
        leverage, traces = np.empty(self._cross.size), np.zeros(2)
        for part in self._parts:
            leverage[part.group.rows], own, other = self._leverage(part)
            traces += own, other
        return leverage, (float(traces[0]), float(traces[1]))

    def _leverage(self, part: _Part) -> tuple[Floats, float, float]:
        """Return the same of a group's answers, and the group's part of the traces."""
        group, a, b = part.group, self.a, self.b
        d, cross = self.diagonal[group.large_levels], self._cross[group.rows]
        inverse = inverse_of(part.factor)
        product = np.concatenate(
            [
                (part.between[levels] @ inverse)[
                    group.large[rows] - levels.start, group.small[rows]
                ]
                for levels, rows in group.blocks()
            ]
        )
        large = 1 / d + np.bincount(group.large, cross * product, d.size) / d**2
        own, at = np.diag(inverse), group.large
        leverage = a * a * own[group.small] + b * b * large[at] - 2 * a * b * product / d[at]
        return leverage, float(own.sum()), float(large.sum())
