"""The equations of ``laplace_blocks`` at one point: H = I + AᵀWA, solved by elimination. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from analysis.stats.laplace import Floats, Indices

Matrix: TypeAlias = Any  # scipy.sparse.csr_array, or a dense array where that is faster
_PEOPLE = 30  # least number of people in a group, if there are that many


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers as arrays ``(n,)``, sorted by photo and photo × arm.

    ``sign`` is +1 for accepting and −1 for rejecting; ``kind`` 1 where the AI is right;
    ``pair_photo`` ``(c,)`` is the photo of each photo × arm. Codes count from 0.
    """

    sign: Floats
    cell: Indices
    kind: Indices
    person: Indices
    pair: Indices
    pair_photo: Indices
    n_cells: int
    n_people: int
    n_photos: int

    @classmethod
    def of(
        cls, accepted: NDArray[np.bool_], arm: Indices, kind: Indices, person: Indices,
        photo: Indices, n_arms: int,
    ) -> Answers:  # fmt: skip
        """Arrange answers; people and photos are any codes, cells are 2 · arm + kind."""
        _, person = np.unique(person, return_inverse=True)
        _, photo = np.unique(photo, return_inverse=True)
        pairs, pair = np.unique(photo * n_arms + arm, return_inverse=True)
        order = np.argsort(pair, kind="stable")
        sign = np.where(accepted, 1.0, -1.0)
        return cls(
            sign[order], (2 * arm + kind)[order], kind[order], person[order], pair[order],
            pairs // n_arms, 2 * n_arms, int(person.max()) + 1, int(photo.max()) + 1,
        )  # fmt: skip


def groups_of(person: Indices, photo: Indices) -> list[NDArray[np.intp]]:
    """Return rows by groups of people; people of different groups share no photo."""
    n_people = int(person.max()) + 1
    n = n_people + int(photo.max()) + 1
    graph = csr_array((np.ones(person.size), (person, n_people + photo)), shape=(n, n))
    component = connected_components(graph, directed=False)[1]
    sizes = np.bincount(component[:n_people])
    group = (np.cumsum(sizes) - sizes) // _PEOPLE  # small components are merged
    return [np.flatnonzero(group[component[person]] == item) for item in np.unique(group)]


@dataclass(frozen=True, slots=True, eq=False)
class Spreads:
    """L by kind ``(2, 2)``, and the standard deviations of photos and of photo × arm."""

    person: Floats
    sigma: float
    tau: float

    @classmethod
    def of(cls, point: Floats) -> Spreads:
        l11, l21, l22, sigma, tau = point
        return cls(np.array([[l11, 0.0], [l21, l22]]), float(sigma), float(tau))


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """Numbers of people ``(2 p,)``, photos and photo × arm: effects, or sums over their rows."""

    person: Floats
    photo: Floats
    pair: Floats

    def plus(self, other: Effects, step: float) -> Effects:
        """Return these effects plus ``step`` times the others."""
        return Effects(
            self.person + step * other.person,
            self.photo + step * other.photo,
            self.pair + step * other.pair,
        )

    def dot(self, other: Effects) -> float:
        """Return the sum of products with the others."""
        return float(self.person @ other.person + self.photo @ other.photo + self.pair @ other.pair)

    @property
    def squares(self) -> float:
        return self.dot(self)

    @property
    def largest(self) -> float:
        return max(float(np.abs(x).max(initial=0)) for x in (self.person, self.photo, self.pair))


@dataclass(frozen=True, slots=True, eq=False)
class System:
    """H at one point: eliminated diagonals, their coupling to people, the remaining matrix."""

    spreads: Spreads
    pair_photo: Indices
    weight: Floats  # of each photo x arm
    pair: Floats  # the diagonal of photo x arm
    photo: Floats  # the diagonal of photos after eliminating photo x arm
    between: Matrix  # (c, 2 p): weights by photo x arm and person
    by_photo: Matrix  # (i, 2 p): the same by photo, after eliminating photo x arm
    factor: tuple[Floats, bool]

    def solve(self, of: Effects) -> Effects:
        """Return H⁻¹ times a vector."""
        sigma, tau = self.spreads.sigma, self.spreads.tau
        scaled = of.pair / self.pair
        sums = np.bincount(self.pair_photo, self.weight * scaled, self.photo.size)
        photo = (of.photo - sigma * tau * sums) / self.photo
        right = of.person - tau * (self.between.T @ scaled) - sigma * (self.by_photo.T @ photo)
        person = cho_solve(self.factor, right, check_finite=False)
        photo = photo - sigma * (self.by_photo @ person) / self.photo
        pair = (
            of.pair
            - tau * (self.between @ person)
            - sigma * tau * self.weight * photo[self.pair_photo]
        ) / self.pair
        return Effects(person, photo, pair)

    @property
    def log_determinant(self) -> float:
        schur = 2 * np.log(np.diag(self.factor[0])).sum()
        return float(np.log(self.pair).sum() + np.log(self.photo).sum() + schur)


def gram(matrix: Matrix, weights: Floats) -> Floats:
    """Return MᵀDM, dense."""
    if isinstance(matrix, np.ndarray):
        return np.asarray(matrix.T @ (weights[:, None] * matrix), dtype=float)
    scaled = matrix.multiply(weights[:, None]).tocsr()
    product: Floats = (matrix.T @ scaled).toarray()
    return product


def row_products(matrix: Matrix, other: Floats) -> Floats:
    """Return the sum over each row of the product of two matrices of one shape."""
    if isinstance(matrix, np.ndarray):
        return np.asarray(np.einsum("ij,ij->i", matrix, other), dtype=float)
    return np.asarray(matrix.multiply(other).sum(axis=1), dtype=float).ravel()
