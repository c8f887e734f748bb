"""Laplace approximation of a logistic model with person slopes and photo effects. Pure.

    logit P(accept) = β[cell] + (L v)[kind] + σ u[photo] + τ w[photo × arm],   v, u, w ~ N(0, I)

v has two numbers per person and L is lower triangular. So people can differ in how readily they
accept a wrong answer (kind 0) and a right one (kind 1), and the two can correlate. The model is
(1 + AI_correct | person) + (1 | photo) + (1 | photo : arm) of lme4, in other coordinates.

The approximation is that of ``laplace``. In H = I + AᵀWA the block of photo × arm effects is
diagonal. After its elimination the block of photos is diagonal, too, because a photo × arm belongs
to one photo. A matrix of two rows per person remains. People who share no photo, directly or
through others, are independent, so the likelihood is a sum over groups of people
(``groups_of``), each with a small matrix.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor
from scipy.sparse import csr_array

from analysis.stats.laplace import Floats, NotFitted, minus_log, probability
from analysis.stats.laplace_schur import inverse_of
from analysis.stats.laplace_system import (
    Answers,
    Effects,
    Matrix,
    Spreads,
    System,
    gram,
    row_products,
)

N_SPREADS = 5  # l11, l21, l22, sigma, tau
_BLOCK = 1_000_000  # numbers in one dense intermediate result
_DENSE = 60_000  # largest size of a photo × person matrix that is stored densely


@dataclass(frozen=True, slots=True, eq=False)
class _Spread:
    """The parts of H⁻¹ for every row: the variance of its η, its covariance with its person's v.

    ``photos`` and ``pairs`` are the traces of H⁻¹ over photos and over photo × arm.
    """

    leverage: Floats
    with_person: Floats
    photos: float
    pairs: float


class GroupLikelihood:
    """The Laplace approximation of a group's answers; each call starts from the last v̂."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        a = answers
        self._columns = (2 * a.person[:, None] + np.arange(2)).ravel()
        n_pairs = a.pair_photo.size
        self._is_dense = n_pairs * 2 * a.n_people <= _DENSE
        self._places = np.repeat(2 * a.n_people * a.pair, 2) + self._columns
        self._starts = 2 * np.searchsorted(a.pair, np.arange(n_pairs + 1))
        self._photo_starts = np.searchsorted(a.pair_photo, np.arange(a.n_photos + 1))  # of pairs
        self._v = Effects(np.zeros(2 * a.n_people), np.zeros(a.n_photos), np.zeros(n_pairs))

    def __call__(self, point: Floats) -> tuple[float, Floats]:
        """Return f and its gradient over the whole point: β, then the spreads."""
        a = self.answers
        beta, spreads = point[: a.n_cells], Spreads.of(point[a.n_cells :])
        coefficients = spreads.person[a.kind]  # (n, 2)
        v = self._mode(beta, spreads, coefficients)
        signed = a.sign * self._eta(beta, spreads, coefficients, v)
        mean = probability(signed)
        weight, residual = mean * (1 - mean), a.sign * (1 - mean)
        system = self._system(weight, spreads, coefficients)
        value = minus_log(signed) + (v.squares + system.log_determinant) / 2
        spread = self._spread(system, coefficients)
        slope = spread.leverage * weight * a.sign * (1 - 2 * mean) / 2
        t = system.solve(self._sums(slope, spreads, coefficients))
        total = slope - residual - weight * self._eta(0 * beta, spreads, coefficients, t)
        gradient = np.bincount(a.cell, total, a.n_cells)
        moved = self._moved(total, v, residual, t, weight, spread, spreads)
        return float(value), np.concatenate([gradient, moved])

    def information(self, point: Floats) -> Floats:
        """Return Xᵀ(W⁻¹ + AAᵀ)⁻¹X over the cells ``(k, k)``, with W at the modes.

        It is the information about β at these spreads, as in lme4 without its Hessian.
        """
        a = self.answers
        beta, spreads = point[: a.n_cells], Spreads.of(point[a.n_cells :])
        coefficients = spreads.person[a.kind]
        v = self._mode(beta, spreads, coefficients)
        mean = probability(self._eta(beta, spreads, coefficients, v))
        weight = mean * (1 - mean)
        system = self._system(weight, spreads, coefficients)
        information: Floats = np.diag(np.bincount(a.cell, weight, a.n_cells).astype(float))
        cells = np.unique(a.cell)
        sums = [self._sums(weight * (a.cell == cell), spreads, coefficients) for cell in cells]
        for cell, own in zip(cells, sums, strict=True):
            solved = system.solve(own)
            information[cell, cells] -= [other.dot(solved) for other in sums]
        return information

    def _moved(
        self, total: Floats, v: Effects, residual: Floats, t: Effects, weight: Floats,
        spread: _Spread, spreads: Spreads,
    ) -> Floats:  # fmt: skip
        """Return the gradient over the spreads."""
        a = self.answers
        own, moved = (x.person.reshape(-1, 2)[a.person] for x in (v, t))
        rows = total[:, None] * own + residual[:, None] * moved
        rows += weight[:, None] * spread.with_person  # (n, 2)
        by_kind = [rows[a.kind == kind].sum(axis=0) for kind in (0, 1)]
        photo, sums = a.pair_photo, np.bincount(a.pair, total, a.pair_photo.size)
        seen = np.bincount(a.pair, residual, a.pair_photo.size)
        of_photo = float(sums @ v.photo[photo] + seen @ t.photo[photo])
        of_pair = float(sums @ v.pair + seen @ t.pair)
        return np.array([
            by_kind[0][0], by_kind[1][0], by_kind[1][1],
            of_photo + _ratio(a.n_photos - spread.photos, spreads.sigma),
            of_pair + _ratio(a.pair_photo.size - spread.pairs, spreads.tau),
        ])  # fmt: skip

    def _eta(self, beta: Floats, spreads: Spreads, coefficients: Floats, v: Effects) -> Floats:
        a = self.answers
        own = (coefficients * v.person.reshape(-1, 2)[a.person]).sum(axis=1)
        pair = spreads.sigma * v.photo[a.pair_photo] + spreads.tau * v.pair
        eta: Floats = beta[a.cell] + own + pair[a.pair]
        return eta

    def _sums(self, x: Floats, spreads: Spreads, coefficients: Floats) -> Effects:
        """Return Aᵀx."""
        a = self.answers
        weights = (coefficients * x[:, None]).ravel()
        person = np.bincount(self._columns, weights, 2 * a.n_people).astype(float)
        pair = np.bincount(a.pair, x, a.pair_photo.size).astype(float)
        photo = np.bincount(a.pair_photo, pair, a.n_photos).astype(float)
        return Effects(person, spreads.sigma * photo, spreads.tau * pair)

    def _mode(self, beta: Floats, spreads: Spreads, coefficients: Floats) -> Effects:
        """Return v̂: Newton's method with halved steps on a convex function."""
        a, v = self.answers, self._v

        def penalised(v: Effects) -> tuple[float, Floats]:
            signed = a.sign * self._eta(beta, spreads, coefficients, v)
            return minus_log(signed) + v.squares / 2, signed

        value, signed = penalised(v)
        none = v.plus(v, -1)
        if (flat := penalised(none))[0] < value:  # the previous point was far away
            v, (value, signed) = none, flat
        for _ in range(200):
            mean = probability(signed)
            system = self._system(mean * (1 - mean), spreads, coefficients)
            score = self._sums(a.sign * (1 - mean), spreads, coefficients)
            step = system.solve(score.plus(v, -1))
            size = 1.0
            while (new := penalised(v.plus(step, size)))[0] > value + 1e-9 * abs(value):
                size /= 2
                if size < 1e-6:
                    raise NotFitted("the modes of the random effects were not found")
            v, (value, signed) = v.plus(step, size), new
            if step.largest < 1e-7:
                self._v = v
                return v
        raise NotFitted("the modes of the random effects did not settle")

    def _system(self, weight: Floats, spreads: Spreads, coefficients: Floats) -> System:
        a, n_pairs = self.answers, self.answers.pair_photo.size
        shape = (n_pairs, 2 * a.n_people)
        data = (weight[:, None] * coefficients).ravel()
        sums: Floats = np.bincount(a.pair, weight, n_pairs).astype(float)
        pair: Floats = 1 + spreads.tau**2 * sums
        between: Matrix
        by_photo: Matrix
        if self._is_dense:
            between = np.bincount(self._places, data, shape[0] * shape[1]).reshape(shape)
            by_photo = np.add.reduceat(between / pair[:, None], self._photo_starts[:-1], axis=0)
        else:
            between = csr_array((data, self._columns, self._starts), shape=shape)
            joining = csr_array(
                (1 / pair, np.arange(n_pairs), self._photo_starts), shape=(a.n_photos, n_pairs)
            )
            by_photo = joining @ between
        seen: Floats = np.bincount(a.pair_photo, sums / pair, a.n_photos).astype(float)
        photo: Floats = 1 + spreads.sigma**2 * seen
        schur = self._people(weight, coefficients)
        schur -= gram(by_photo, spreads.sigma**2 / photo)
        if spreads.tau:
            schur -= gram(between, spreads.tau**2 / pair)
        factor = cho_factor(schur, lower=True, check_finite=False)
        return System(spreads, a.pair_photo, sums, pair, photo, between, by_photo, factor)

    def _people(self, weight: Floats, coefficients: Floats) -> Floats:
        """Return I plus the two-by-two blocks of people, ``(2 p, 2 p)``."""
        a = self.answers
        matrix = np.eye(2 * a.n_people)
        places = 2 * np.arange(a.n_people)
        for row in (0, 1):
            for column in (0, 1):
                product = weight * coefficients[:, row] * coefficients[:, column]
                matrix[places + row, places + column] += np.bincount(a.person, product, a.n_people)
        return matrix

    def _spread(self, system: System, coefficients: Floats) -> _Spread:
        """Return the variances and covariances under H⁻¹ (see ``_Spread``).

        Given people's v, the term σ u + τ w of a photo × arm has mean −k v and variance γ.
        """
        a, spreads, photo = self.answers, system.spreads, self.answers.pair_photo
        inverse = inverse_of(system.factor)
        of_pair = spreads.tau**2 / system.pair
        of_photo = spreads.sigma**2 / (system.pair * system.photo[photo])
        parts = [
            self._coupling(system, inverse, of_pair, of_photo, photos) for photos in self._blocks()
        ]
        q1, q2, across = (np.concatenate(item) for item in zip(*parts, strict=True))
        q3 = np.bincount(photo, q2 / system.pair, a.n_photos)
        quadratic = of_pair**2 * q1 + 2 * of_pair * of_photo * q2 + of_photo**2 * q3[photo]
        gamma = of_pair + of_photo / system.pair
        places = 2 * a.person
        own = np.stack(
            [
                (inverse[places + j, places] * coefficients[:, 0])
                + (inverse[places + j, places + 1] * coefficients[:, 1])
                for j in (0, 1)
            ],
            axis=1,
        )
        leverage = (coefficients * (own - 2 * across)).sum(axis=1) + (quadratic + gamma)[a.pair]
        var_photo = 1 / system.photo + spreads.sigma**2 * q3 / system.photo**2
        inner = (
            spreads.sigma**2
            * system.weight
            * (system.weight * var_photo[photo] - 2 * q2 / system.photo[photo])
        )
        var_pair = 1 / system.pair + of_pair * (inner + q1) / system.pair
        return _Spread(leverage, own - across, float(var_photo.sum()), float(var_pair.sum()))

    def _blocks(self) -> Iterator[slice]:
        """Yield photos in blocks, so that photo × arm by people has a bounded size."""
        a = self.answers
        step = max(1, _BLOCK // (2 * a.n_people) * a.n_photos // a.pair_photo.size)
        for start in range(0, a.n_photos, step):
            yield slice(start, min(start + step, a.n_photos))

    def _coupling(
        self, system: System, inverse: Floats, of_pair: Floats, of_photo: Floats, photos: slice
    ) -> tuple[Floats, Floats, Floats]:
        """Return what the photo × arm of these photos have in common with people under H⁻¹.

        The first two are its row of ``between`` with H⁻¹ and its own, its photo's row; the last
        ``(answers, 2)`` is the covariance of its term with the v of each answer's person.
        """
        a = self.answers
        first, last = self._photo_starts[[photos.start, photos.stop]]
        pairs = slice(first, last)
        rows = slice(*np.searchsorted(a.pair, [first, last]))
        between = system.between[pairs]
        x = between @ inverse  # (c, 2 p)
        x_photo = (system.by_photo[photos] @ inverse)[a.pair_photo[pairs] - photos.start]
        at, places = a.pair[rows] - first, 2 * a.person[rows]
        w1, w2 = of_pair[a.pair[rows]], of_photo[a.pair[rows]]
        across = np.stack(
            [w1 * x[at, places + j] + w2 * x_photo[at, places + j] for j in (0, 1)], axis=1
        )
        return row_products(between, x), row_products(between, x_photo), across


def _ratio(part: float, spread: float) -> float:
    """Return the trace's part of the slope; 0 if the spread is 0."""
    return part / spread if spread > 1e-6 else 0.0
