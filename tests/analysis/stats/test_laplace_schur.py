"""The equations of the mixed model, group by group, against whole matrices."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.stats import laplace_schur
from analysis.stats.laplace import minus_log, probability
from analysis.stats.laplace_schur import Floats, Indices, System, arranged


def sets(n_sets: int = 3, n_images: int = 4, n_people: int = 7) -> tuple[Indices, Indices]:
    """Return image and person of each answer; people of a set judge some of its images."""
    rng = np.random.default_rng(1)
    person = np.repeat(np.arange(n_sets * n_people), n_images - 1)
    drawn = [rng.permutation(n_images)[:-1] for _ in range(n_sets * n_people)]
    image = np.concatenate(drawn) * n_sets + person % n_sets
    return image.astype(np.intp), person.astype(np.intp)


@pytest.mark.parametrize("joined", [0, 20_000])
def test_groups_share_no_level_and_keep_every_answer(
    joined: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(laplace_schur, "_JOINED", joined)
    image, person = sets()
    order, small, large, groups = arranged(image, person)
    assert len(groups) == (1 if joined else 3)
    assert sorted(order) == list(range(image.size))
    pairs = np.stack([image[order], person[order], small, large])
    assert len(np.unique(pairs[:2], axis=1).T) == len(np.unique(pairs, axis=1).T)
    for group in groups:
        assert (small[group.rows] == group.small + group.small_levels.start).all()
        assert (large[group.rows] == group.large + group.large_levels.start).all()
        assert group.small.max() + 1 == group.shape[1]
        assert group.large.max() + 1 == group.shape[0]


@pytest.mark.parametrize("dense", [0, 10**6])
def test_solutions_determinant_and_leverage_are_those_of_whole_matrices(
    dense: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"_JOINED": 0, "_DENSE": dense, "_SHARE": 2, "_BLOCK": 8}.items():
        monkeypatch.setattr(laplace_schur, name, value)
    _, small, large, groups = arranged(*sets())
    weight: Floats = np.random.default_rng(2).uniform(0.1, 0.25, small.size)
    rows = np.hstack([0.7 * np.eye(small.max() + 1)[small], 1.3 * np.eye(large.max() + 1)[large]])
    whole = np.eye(rows.shape[1]) + rows.T @ (weight[:, None] * rows)
    sums = [np.bincount(each, weight).astype(float) for each in (small, large)]
    system = System(groups, weight, sums[0], sums[1], 0.7, 1.3)
    right = np.arange(whole.shape[0], dtype=float)
    solved = np.concatenate(system.solve(*np.split(right, [sums[0].size])))
    assert solved == pytest.approx(np.linalg.solve(whole, right))
    assert system.log_determinant == pytest.approx(np.linalg.slogdet(whole)[1])
    inverse, (leverage, traces) = np.linalg.inv(whole), system.leverage()
    assert leverage == pytest.approx(np.einsum("ij,jk,ik->i", rows, inverse, rows))
    assert sum(traces) == pytest.approx(np.trace(inverse))


def test_the_logistic_function_and_its_logarithm_hold_far_from_0() -> None:
    signed = np.array([-800.0, -40, -1, 0, 1, 40, 800])
    assert minus_log(signed) == pytest.approx(np.logaddexp(0, -signed).sum(), rel=1e-14)
    assert probability(signed) == pytest.approx(np.exp(-np.logaddexp(0, -signed)), abs=1e-16)
