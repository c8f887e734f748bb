"""Draws of participants: the stream of the generator, in blocks, and kept for later numbers."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.stats import draws
from analysis.stats.draws import Seed, drawn_weights, kept_draws


def all_of(n: int, n_resamples: int, seed: Seed) -> NDArray[Any]:
    return np.vstack([block for _, block in drawn_weights(n, n_resamples, seed)])


@pytest.mark.parametrize("n", [3, 700])
def test_weights_count_the_numbers_of_the_generator(n: int) -> None:
    drawn = np.random.default_rng([4, 1]).integers(n, size=(5, n))
    expected = [np.bincount(row, minlength=n) for row in drawn]
    assert (all_of(n, 5, (4, 1)) == expected).all()


def test_blocks_name_their_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draws, "BLOCK", 8)
    rows = [np.arange(7)[rows] for rows, _ in drawn_weights(4, 7, 0)]
    assert np.concatenate(rows).tolist() == list(range(7))


def first_of(seed: Seed) -> NDArray[Any]:
    return next(islice(drawn_weights(30, 20, seed), 1))[1]


def test_kept_draws_are_the_same_and_forgotten_after_the_block() -> None:
    fresh = all_of(30, 20, 1)
    with kept_draws():
        first = first_of(1)
        assert first_of(1) is first
        assert (all_of(30, 20, 1) == fresh).all()
    assert first_of(1) is not first


def test_draws_of_a_separate_stream_are_not_kept() -> None:
    with kept_draws():
        assert first_of((1, 2)) is not first_of((1, 2))


def test_no_more_than_the_limit_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draws, "MOST_BYTES", 30 * 20)
    with kept_draws():
        assert first_of(1) is first_of(1)
        assert first_of(2) is not first_of(2)
