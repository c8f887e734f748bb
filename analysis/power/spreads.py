"""Spreads of people and photos, in log odds, from the answers of a study. Pure NumPy and SciPy.

The model is that of ``trials.simulation.behaviour``: a person has a skill and a bias; a photo has
an ease for all arms and an additional ease for each arm. Two answers of one person, or two answers
on one photo, correlate because of the effects that they share. The observed covariances are turned
into variances in log odds by the exact integral over the normal distribution, not by a linear
approximation (method of moments; compare Goldstein, Browne & Rasbash 2002).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame
from scipy.optimize import brentq

from trials.simulation.behaviour import Behaviour
from trials.simulation.chances import expit, logit, typical_chance

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TWINS_SHARE: Final = 0.95  # least share of two arms' answers on photos of both to count as twins
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(30)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_ROUNDS: Final = 30


class SpreadsRefused(ValueError):
    """Raised if no spread can be estimated; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Spreads:
    """Standard deviations in log odds: of people, of photos, of photos within one arm."""

    sd_skill: float
    sd_bias: float
    sd_image: float
    sd_image_arm: float


# The published CUB study (Nguyen, Taesiri & Nguyen 2022): 10,860 answers of 362 participants.
# ``tests/analysis/power/test_spreads.py`` recomputes these numbers from the published file.
PUBLISHED: Final = Spreads(sd_skill=0.16, sd_bias=0.73, sd_image=1.78, sd_image_arm=0.61)


@dataclass(frozen=True, slots=True, eq=False)
class _Cell:
    """The answers of one arm on one kind of trials: counts, residuals by person and by photo."""

    mean: float
    people: Floats
    people_squares: Floats
    people_n: Ints
    photos: Floats
    photos_squares: Floats
    photos_n: Ints

    @property
    def n_people(self) -> int:
        return int((self.people_n > 0).sum())

    @property
    def n_photos(self) -> int:
        return int((self.photos_n > 0).sum())


@dataclass(frozen=True, slots=True)
class _Pairs:
    """A sum of products of residuals over ``n`` pairs of answers with these two mean rates."""

    means: tuple[float, float]
    n: float
    total: float


def spreads_of(responses: DataFrame) -> Spreads:
    """Return the spreads, estimated from the answers of a study.

    ``responses`` has one row per answer: ``participant_id``, ``condition``, ``image``,
    ``is_ai_correct``, ``is_correct``. The arms' means may differ; the spreads are common to all. A
    variance below 0 becomes 0. Without twins, photos have only the spread that all arms share.
    Raises ``SpreadsRefused`` if no arm has two people and two photos.
    """
    cells = _cells(responses)
    alike = [pairs for kinds in cells.values() for cell in kinds for pairs in _of_one_person(cell)]
    unlike = [pairs for right, wrong in cells.values() for pairs in _across_kinds(right, wrong)]
    within = [pairs for kinds in cells.values() for cell in kinds for pairs in _of_one_photo(cell)]
    across = list(_across_twins(cells))
    if not (alike and within):
        raise SpreadsRefused(
            f"{len(responses):,} answers: found no person with two answers of a kind, or no photo "
            "with the answers of two people; expected several people who judge the same photos."
        )
    total = 1.0
    for _ in range(_ROUNDS):
        same, other = _variance(alike, total), _variance(unlike, total)
        photo = _variance(within, total)
        shared = min(_variance(across, total), photo) if across else photo
        skill, bias = max(0.0, (same + other) / 2), max(0.0, (same - other) / 2)
        before, total = total, max(1e-3, skill + bias + max(0.0, photo))
        if abs(total - before) < 1e-6:
            break
    shared = max(0.0, shared)
    roots = (skill, bias, shared, max(0.0, photo - shared))
    return Spreads(*(math.sqrt(root) for root in roots))


def behaviour_from(responses: DataFrame, condition: str, spreads: Spreads) -> Behaviour:
    """Return people with the mean rates of one condition's answers and the given spreads.

    A rate of 0 or 1 is moved by half an answer. Raises ``SpreadsRefused`` for an unknown condition,
    or if it has no trial of a kind.
    """
    names = list(dict.fromkeys(responses["condition"].astype("str")))
    own = responses[responses["condition"].astype("str") == condition]
    if own.empty:
        raise SpreadsRefused(f"No condition {condition!r}; the answers have {', '.join(names)}.")
    rates = []
    for kind in (True, False):
        of_kind = own[own["is_ai_correct"].astype(bool) == kind]
        if of_kind.empty:
            said = "right" if kind else "wrong"
            raise SpreadsRefused(f"{condition}: no trial on which the AI is {said}.")
        accepted = (of_kind["is_correct"].astype(bool) == kind).to_numpy()
        least = 0.5 / accepted.size
        rates.append(min(max(float(accepted.mean()), least), 1 - least))
    return Behaviour.planted(
        rates[0],
        rates[1],
        sd_skill=spreads.sd_skill,
        sd_bias=spreads.sd_bias,
        sd_image=spreads.sd_image,
        sd_image_arm=spreads.sd_image_arm,
    )


def _cells(responses: DataFrame) -> dict[str, tuple[_Cell, _Cell]]:
    """Return each arm's cells: where the AI is right, where it is wrong."""
    people = responses["participant_id"].astype("category").cat.codes.to_numpy().astype(np.int64)
    photos = responses["image"].astype("category").cat.codes.to_numpy().astype(np.int64)
    sizes = int(people.max(initial=-1)) + 1, int(photos.max(initial=-1)) + 1
    kind = responses["is_ai_correct"].to_numpy(dtype=bool)
    correct = responses["is_correct"].to_numpy(dtype=float)
    arm = responses["condition"].astype("str").to_numpy()
    cells = {}
    for name in dict.fromkeys(arm):
        rows = [(arm == name) & (kind == item) for item in (True, False)]
        first, second = (_cell(correct[row], people[row], photos[row], sizes) for row in rows)
        cells[str(name)] = (first, second)
    return cells


def _cell(correct: Floats, people: Ints, photos: Ints, sizes: tuple[int, int]) -> _Cell:
    mean = float(correct.mean()) if correct.size else math.nan
    residual = correct - mean
    n_people, n_photos = sizes
    return _Cell(
        mean,
        people=np.bincount(people, residual, n_people).astype(float),
        people_squares=np.bincount(people, residual**2, n_people).astype(float),
        people_n=np.bincount(people, minlength=n_people).astype(np.int64),
        photos=np.bincount(photos, residual, n_photos).astype(float),
        photos_squares=np.bincount(photos, residual**2, n_photos).astype(float),
        photos_n=np.bincount(photos, minlength=n_photos).astype(np.int64),
    )


def _of_one_person(cell: _Cell) -> Iterator[_Pairs]:
    yield from _within(cell, cell.people, cell.people_squares, cell.people_n, cell.n_people)


def _of_one_photo(cell: _Cell) -> Iterator[_Pairs]:
    yield from _within(cell, cell.photos, cell.photos_squares, cell.photos_n, cell.n_photos)


def _within(
    cell: _Cell, sums: Floats, squares: Floats, counts: Ints, n_groups: int
) -> Iterator[_Pairs]:
    """Yield the pairs of answers of one group, corrected for residuals from an estimated mean."""
    n = float((counts * (counts - 1)).sum())
    if n and n_groups > 1 and 0 < cell.mean < 1:
        total = float((sums**2 - squares).sum()) * n_groups / (n_groups - 1)
        yield _Pairs((cell.mean, cell.mean), n, total)


def _across_kinds(right: _Cell, wrong: _Cell) -> Iterator[_Pairs]:
    n = float((right.people_n * wrong.people_n).sum())
    n_people = min(right.n_people, wrong.n_people)
    if n and n_people > 1 and 0 < right.mean < 1 and 0 < wrong.mean < 1:
        total = float(right.people @ wrong.people) * n_people / (n_people - 1)
        yield _Pairs((right.mean, wrong.mean), n, total)


def _across_twins(cells: dict[str, tuple[_Cell, _Cell]]) -> Iterator[_Pairs]:
    for first, second in combinations(cells.values(), 2):
        if not _are_twins(first, second):
            continue
        for a, b in zip(first, second, strict=True):
            n, n_photos = float((a.photos_n * b.photos_n).sum()), min(a.n_photos, b.n_photos)
            if n and n_photos > 1 and 0 < a.mean < 1 and 0 < b.mean < 1:
                total = float(a.photos @ b.photos) * n_photos / (n_photos - 1)
                yield _Pairs((a.mean, b.mean), n, total)


def _are_twins(first: tuple[_Cell, _Cell], second: tuple[_Cell, _Cell]) -> bool:
    """Return whether two arms show the same AI answers on the same photos."""
    for mine, other in ((first, second), (second, first)):
        n = sum(cell.photos_n.sum() for cell in mine)
        common = sum(a.photos_n[b.photos_n > 0].sum() for a, b in zip(mine, other, strict=True))
        if common < TWINS_SHARE * n:
            return False
    return True


def _variance(pairs: list[_Pairs], total: float) -> float:
    """Return the common covariance in log odds that gives the pairs' products as expectation.

    ``total`` is the variance in log odds of one answer. The result is within ± ``total``.
    """
    if not pairs:
        return 0.0
    seen = sum(pair.total for pair in pairs)
    means = {mean for pair in pairs for mean in pair.means}
    centre = {mean: logit(typical_chance(mean, math.sqrt(total))) for mean in means}
    sides = np.array([[centre[mean] for mean in pair.means] for pair in pairs])
    counts = np.array([pair.n for pair in pairs])

    def beyond(shared: float) -> float:
        return float(counts @ covariance(sides[:, 0], sides[:, 1], total, shared)) - seen

    edge = total * (1 - 1e-9)
    if beyond(-edge) >= 0:
        return -edge
    if beyond(edge) <= 0:
        return edge
    return float(brentq(beyond, -edge, edge, xtol=1e-6))


def covariance(a: Floats, b: Floats, total: float, shared: float) -> Floats:
    """Return cov(expit(x), expit(y)) for normal x, y around each of ``a``, ``b``, ``(k,)``.

    Both have the variance ``total``; their covariance is ``shared``, within ± ``total``. The method
    is Gauss-Hermite quadrature over two dimensions with 30 nodes each.
    """
    rho, sd = shared / total, math.sqrt(total)
    rest = math.sqrt(max(0.0, 1 - rho**2))
    x = expit(a[:, None] + sd * _NODES)
    grid = sd * (rho * _NODES[:, None] + rest * _NODES)
    y = expit(b[:, None, None] + grid) @ _WEIGHTS
    products: Floats = (x * y) @ _WEIGHTS - (x @ _WEIGHTS) * (y @ _WEIGHTS)
    return products
