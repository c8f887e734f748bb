"""The two-way bootstrap: other people and other images at once. Pure NumPy and SciPy.

The participants of a study are a sample, and so are its images. An interval over participants
speaks of other people in front of the same images; this one of other people and other images.

The pigeonhole bootstrap (Owen 2007, doi:10.1214/07-AOAS122): participants and images are drawn
with replacement, independently; an answer counts as often as its participant times as often as
its image. No bootstrap of crossed data is exact (McCullagh 2000). With variance components a of
P participants, b of I images and e of N single answers, this one's variance is about
a / P + b / I + 3 e / N: it triples the noise of single answers, and so is on the safe side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame
from scipy.sparse import coo_array, csr_array

from analysis.stats.confidence import Bools
from analysis.stats.inference import N_RESAMPLES, Floats, Ints, drawn_weights
from analysis.stats.measures import COUNTS, reliance

_BLOCK = 250_000  # participants times draws at a time: bounds the memory, about 60 MB


@dataclass(frozen=True, slots=True, eq=False)
class Crossed:
    """The answers of one condition, ``(n,)`` each: whose, on which image, and how they went.

    ``person`` holds codes from 0. So does ``image``, with the same code for the same image in
    every condition: twins, which show the same images, then share its luck.
    """

    person: Ints
    image: Ints
    is_ai_correct: Bools
    is_correct: Bools


def twoway_draws(
    conditions: Mapping[str, Crossed],
    measure: str,
    *,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> dict[str, Floats]:
    """Return each condition's mean of ``measure`` in every draw, ``(n_resamples,)``.

    One draw of images serves all conditions, each condition draws its own people; so the
    difference of two conditions is bootstrapped by the difference of their draws. The work is
    one sparse product an answer and draw, in blocks: memory does not grow with the draws.
    """
    tables = {name: _count_tables(each) for name, each in conditions.items()}
    n_people = {name: table[0].shape[0] for name, table in tables.items()}
    n_images = max((int(each.image.max(initial=-1)) + 1 for each in conditions.values()), default=0)
    image_rng = np.random.default_rng((seed, 0))
    rngs = {name: np.random.default_rng((seed, k)) for k, name in enumerate(conditions, start=1)}
    draws = {name: np.full(n_resamples, np.nan) for name in conditions}
    step = max(1, _BLOCK // max(1, n_images, *n_people.values()))
    for start in range(0, n_resamples, step):
        size = min(step, n_resamples - start)
        images = drawn_weights(image_rng, n_images, size) if n_images else np.zeros((size, 0))
        for name, table in tables.items():
            if n_people[name]:
                people = drawn_weights(rngs[name], n_people[name], size)
                draws[name][start : start + size] = _means(table, people, images, measure)
    return draws


def weighted_mean(
    crossed: Crossed, people: NDArray[np.generic], images: NDArray[np.generic], measure: str
) -> Floats:
    """Return the mean of ``measure`` under weights ``(b, p)`` and ``(b, i)``: shape ``(b,)``.

    Each participant's measure is computed from their answers, weighted by image; then the
    participants are averaged by their weight. Their numbers of trials with a right and with a
    wrong AI are kept: the design fixed them, so the draw of images must not change the mixture.
    Who is left without an image of a kind has no measure that needs it, and is not averaged.
    """
    return _means(_count_tables(crossed), people, images, measure)


def _count_tables(crossed: Crossed) -> list[csr_array]:
    """Return for each of ``COUNTS`` how many answers each participant gave to each image."""
    shape = (int(crossed.person.max(initial=-1)) + 1, int(crossed.image.max(initial=-1)) + 1)
    right, correct = crossed.is_ai_correct, crossed.is_correct
    tables = []
    for kind in (right, right & correct, ~right, ~right & correct):
        places = (crossed.person[kind], crossed.image[kind])
        tables.append(coo_array((np.ones(int(kind.sum())), places), shape=shape).tocsr())
    return tables


def _means(
    tables: list[csr_array],
    people: NDArray[np.generic],
    images: NDArray[np.generic],
    measure: str,
) -> Floats:
    weights = np.ascontiguousarray(images[:, : tables[0].shape[1]].T, dtype=float)  # (i, b)
    seen_right, hits, seen_wrong, rejections = (table @ weights for table in tables)  # (p, b)
    n_right, n_wrong = (tables[k].sum(axis=1)[:, None] for k in (0, 2))  # (p, 1)
    counts = (
        np.broadcast_to(n_right, hits.shape),
        _rescaled(hits, seen_right, n_right),
        np.broadcast_to(n_wrong, hits.shape),
        _rescaled(rejections, seen_wrong, n_wrong),
    )
    flat = DataFrame({name: c.ravel() for name, c in zip(COUNTS, counts, strict=True)})
    values = reliance(flat)[measure].to_numpy().reshape(hits.shape)  # (p, b)
    is_defined = ~np.isnan(values)
    shares = people.T * is_defined
    total = (shares * np.where(is_defined, values, 0)).sum(0)
    n_drawn = shares.sum(0).astype(float)
    means: Floats = np.divide(total, n_drawn, out=np.full(total.shape, np.nan), where=n_drawn > 0)
    return means


def _rescaled(part: Floats, seen: Floats, n: Floats) -> Floats:
    """Return ``part`` of ``n`` instead of ``seen``; NaN where nothing was seen of some."""
    empty = np.where(np.broadcast_to(n, seen.shape) > 0, np.nan, 0)
    scaled: Floats = np.divide(part * n, seen, out=empty, where=seen > 0)
    return scaled
