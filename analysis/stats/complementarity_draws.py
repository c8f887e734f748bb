"""The shares behind the verdict on a team, for the data and for every draw. Pure NumPy.

A draw resamples people with all their trials, the images of the pool, and the tuning images.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.stats.confidence import Bools, Floats, Grid, Ints
from analysis.stats.crossed_measures import Crossed
from analysis.stats.draws import Seed
from analysis.stats.inference import resampled_sums
from analysis.stats.team import Pool, count_below, trials_below

_NOISE = 1e-12  # of a variance: a smaller eigenvalue is rounding


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A condition's answers, ``(n,)`` each: person, photo, the AI's confidence, and outcome.

    ``person`` and ``image`` hold codes from 0. A photo has the same code in all conditions.
    ``units`` are confidences on the pool's scale.
    """

    person: Ints
    image: Ints
    units: Ints
    is_ai_correct: Bools
    is_correct: Bools

    @property
    def crossed(self) -> Crossed:
        """The same answers without the AI's confidence."""
        return Crossed(self.person, self.image, self.is_ai_correct, self.is_correct)


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Shares of correct decisions, ``(...)`` each."""

    team: Floats
    human_alone: Floats
    ai_alone: Floats
    ai_always: Floats

    @property
    def complementarity(self) -> Floats:
        """By how much the team is above the best of the others."""
        others = np.maximum(np.maximum(self.human_alone, self.ai_alone), self.ai_always)
        return np.asarray(self.team - others, dtype=float)


@dataclass(frozen=True, slots=True, eq=False)
class Ingredients:
    """Shares, ``(...)`` each: p, then R, H and K where the AI is right (1) and wrong (0)."""

    p: Floats
    r: tuple[Floats, Floats]
    h: tuple[Floats, Floats]
    k: tuple[Floats, Floats]

    def scores(self, p: Floats | None = None) -> Scores:
        """Return the scores at this prevalence (default: the pool's own)."""
        at = self.p if p is None else p
        (r1, r0), (h1, h0), (k1, k0) = self.r, self.h, self.k
        accepted, rejected = at * r1, (1 - at) * (1 - r0)
        return Scores(
            team=accepted + _share(at * (1 - r1), h1) + _share(rejected, h0),
            human_alone=_share(at, k1) + _share(1 - at, k0),
            ai_alone=accepted + rejected,
            ai_always=at + np.zeros_like(r1),
        )


def _share(weight: Floats, rate: Floats) -> Floats:
    """Return weight × rate; 0 where the weight is 0, even if the rate is NaN."""
    return np.asarray(np.where(weight > 0, weight * rate, 0.0), dtype=float)


def histogram(pool: Pool) -> NDArray[np.int64]:
    """Count the images of each confidence, where the AI is right and wrong: ``(1, 2, n + 2)``."""
    kinds = (pool.is_correct, ~pool.is_correct)
    counts = [np.bincount(pool.units[kind], minlength=pool.scale.n + 2) for kind in kinds]
    return np.stack(counts)[None]


def person_counts(judged: Judged, grid: Grid) -> Floats:
    """Count each person's trials below each threshold, and all of them last: ``(4, p, t + 1)``."""
    below = trials_below(judged.person, judged.units, judged.is_ai_correct, judged.is_correct, grid)
    return np.concatenate([below, kind_counts(judged).T[:, :, None]], axis=2)


def kind_counts(judged: Judged) -> Floats:
    """Count each person's trials and correct answers where the AI is right, wrong: ``(p, 4)``."""
    right, correct = judged.is_ai_correct, judged.is_correct
    kinds = (right, right & correct, ~right, ~right & correct)
    size = int(judged.person.max(initial=-1)) + 1
    counts = [np.bincount(judged.person[kind], minlength=size) for kind in kinds]
    return np.stack(counts, axis=1).astype(float)


def rates(counts: Floats) -> tuple[Floats, Floats]:
    """Return the shares correct, ``(b,)`` twice, of counts ``(b, 4)``; NaN without a trial."""
    return (
        _quotient(counts[:, 1], counts[:, 0]),
        _quotient(counts[:, 3], counts[:, 2]),
    )


def _quotient(part: Floats, whole: Floats) -> Floats:
    share: Floats = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return share


def ingredients_of(
    images: NDArray[np.int64], people: Floats, grid: Grid, best: Ints | int
) -> Ingredients:
    """Return the shares of draws of images ``(b, 2, n + 2)`` and people ``(b, 4, t + 1)``.

    ``best`` is the index of T* in ``grid``, ``(b,)`` or one for all draws.
    """
    places = np.broadcast_to(best, len(images))
    rows = np.arange(len(images))
    n = images.sum(-1)  # (b, 2)
    below = count_below(images, grid.units)[rows, :, places]  # (b, 2)
    r = tuple(_quotient((n - below)[:, k].astype(float), n[:, k].astype(float)) for k in (0, 1))
    return Ingredients(
        p=n[:, 0] / n.sum(-1),
        r=(np.nan_to_num(r[0]), np.nan_to_num(r[1])),  # no such image: its weight is 0
        h=rates(people[rows, :, places]),
        k=rates(people[:, :, -1]),
    )


def draws_of(
    pool: Pool,
    is_tuning: Bools,
    judged: Judged,
    grid: Grid,
    alone: Judged | None,
    seed: Seed,
    n_resamples: int,
) -> Ingredients:
    """Return the ingredients of every draw, ``(b,)`` each; NaN below two people."""
    key = [seed] if isinstance(seed, int) else list(seed)
    rng = np.random.default_rng([*key, 1])
    tuning, test = (
        _drawn_images(pool.of(which), n_resamples, rng) for which in (is_tuning, ~is_tuning)
    )
    best = _best(tuning, grid)
    counts = person_counts(judged, grid)  # (4, p, t + 1)
    n_people, width = counts.shape[1:]
    flat = counts.transpose(1, 0, 2).reshape(n_people, 4 * width)
    people = resampled_sums(flat, n_resamples=n_resamples, seed=[*key, 2])
    people = people.reshape(n_resamples, 4, width)
    if n_people < 2:
        people = np.full_like(people, np.nan)
    drawn = ingredients_of(test, people, grid, best)
    own, k = drawn.k, drawn.k
    if alone is not None:
        others = kind_counts(alone)
        k = rates(resampled_sums(others, n_resamples=n_resamples, seed=[*key, 3]))
        k = k if len(others) > 1 else (np.full_like(k[0], np.nan), np.full_like(k[1], np.nan))
    # Far from the chosen T* some draws have no trial of a kind, and hardly any image: K replaces H.
    h = tuple(np.where(np.isnan(a), b, a) for a, b in zip(drawn.h, own, strict=True))
    noise = _photo_noise(judged, alone, grid, best, rng)
    return Ingredients(
        drawn.p,
        drawn.r,
        (np.clip(h[0] + noise[:, 0, 0], 0, 1), np.clip(h[1] + noise[:, 1, 0], 0, 1)),
        (np.clip(k[0] + noise[:, 0, 1], 0, 1), np.clip(k[1] + noise[:, 1, 1], 0, 1)),
    )


def _drawn_images(pool: Pool, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw as many images as the pool has, with replacement, ``n`` times: their histograms."""
    counts = histogram(pool).ravel()
    drawn = rng.multinomial(counts.sum(), counts / counts.sum(), size=n)
    return drawn.reshape(n, 2, -1)


def _best(images: NDArray[np.int64], grid: Grid) -> Ints:
    """Return the index of T* for each histogram ``(b, 2, n + 2)``: of ties the largest, ``(b,)``"""
    below = count_below(images, grid.units)  # (b, 2, t)
    hits = images[:, 0].sum(-1)[:, None] - below[:, 0] + below[:, 1]
    return np.asarray(hits.shape[1] - 1 - hits[:, ::-1].argmax(axis=1), dtype=np.int64)


def _photo_noise(
    judged: Judged, alone: Judged | None, grid: Grid, best: Ints, rng: np.random.Generator
) -> Floats:
    """Draw the deviation that photos add to H and K beyond single answers: ``(b, 2 kinds, 2)``."""
    noise = rng.standard_normal((best.size, 2, 2))
    effects = [PhotoEffects.of(judged, alone or judged, kind) for kind in (True, False)]
    for place in np.unique(best):
        rows = best == place
        for kind, of_kind in enumerate(effects):
            factor = of_kind.factor(int(grid.units[place]))
            noise[rows, kind] = noise[rows, kind] @ factor.T
    return noise


@dataclass(frozen=True, slots=True, eq=False)
class PhotoEffects:
    """What photos add to H and K of one kind of answers (the AI right, or wrong).

    ``image``, ``units`` and ``hit`` ``(k,)`` are the condition's answers of the kind, ``psi`` their
    deviations in K; ``None`` if K comes from other people. ``sums`` ``(i,)`` and ``squares`` are
    those of K by photo, ``n_images`` the photos that anybody judged.
    """

    image: Ints
    units: Ints
    hit: Floats
    psi: Floats | None
    sums: Floats
    squares: float
    n_images: int

    @classmethod
    def of(cls, judged: Judged, alone: Judged, kind: bool) -> PhotoEffects:
        """Return the effects on the rates of ``judged`` and of ``alone``, maybe the same people."""
        own, others = judged.is_ai_correct == kind, alone.is_ai_correct == kind
        psi = _psi(alone.is_correct[others].astype(float))
        size = 1 + max(int(each.image.max(initial=-1)) for each in (judged, alone))
        seen = np.bincount(judged.image[own], minlength=size)
        seen += np.bincount(alone.image[others], minlength=size)
        return cls(
            judged.image[own], judged.units[own], judged.is_correct[own].astype(float),
            psi if alone is judged else None,
            np.bincount(alone.image[others], psi, minlength=size).astype(float),
            float(psi @ psi), int(np.count_nonzero(seen)),
        )  # fmt: skip

    def factor(self, units: int) -> Floats:
        """Return a square root of the covariance of H below a confidence and K: ``(2, 2)``."""
        m = self.n_images
        if m < 2:
            return np.zeros((2, 2))
        below = self.units < units
        psi = _psi(self.hit[below])
        same = 0.0 if self.psi is None else float(psi @ self.psi[below])
        sums = (np.bincount(self.image[below], psi, self.sums.size).astype(float), self.sums)
        single = np.array([[float(psi @ psi), same], [same, self.squares]])
        covariance = np.array([[a @ b for b in sums] for a in sums]) * m / (m - 1) - single
        values, vectors = np.linalg.eigh(covariance)
        # The square root of rounding noise is 1e-8: another BLAS would give other draws.
        values[values < _NOISE * np.trace(single)] = 0
        return np.asarray(vectors * np.sqrt(values), dtype=float)


def _psi(hit: Floats) -> Floats:
    """Return each answer's deviation from the mean, over the number of answers."""
    return (hit - hit.mean()) / hit.size if hit.size else hit
