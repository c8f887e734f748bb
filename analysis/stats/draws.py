"""The bootstrap's draws of participants: the same seed draws the same ones. Pure NumPy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Seed: TypeAlias = int | Sequence[int]  # (seed, condition) gives a separate random stream
Counts: TypeAlias = NDArray[np.uint8] | NDArray[np.int64]

BLOCK = 1_000_000  # random numbers drawn at a time; limits the memory of a bootstrap
MOST_BYTES = 40_000_000  # of draws that are kept for later numbers
_FEW = 500  # items; with fewer, a call for each draw takes longer than one for all

Key: TypeAlias = tuple[int, int, int]
_kept: ContextVar[dict[Key, list[Counts]] | None] = ContextVar("kept draws", default=None)


@contextmanager
def kept_draws() -> Iterator[None]:
    """Keep draws within the block: the tables of a sample use the same ones many times.

    Draws of a separate stream (a seed that is a sequence) are used once, and are not kept.
    """
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def drawn_weights(n: int, n_resamples: int, seed: Seed) -> Iterator[tuple[slice, Counts]]:
    """Yield how often each of ``n`` items is drawn in ``n`` draws with replacement.

    The counts come in blocks ``(b, n)`` with the rows that they are among ``n_resamples``.
    """
    blocks, kept = _blocks(n, n_resamples, seed), _kept.get()
    if kept is not None and isinstance(seed, int):
        key = n, n_resamples, seed
        if key not in kept and sum(a * b for a, b, _ in [*kept, key]) <= MOST_BYTES:
            kept[key] = list(blocks)
        blocks = iter(kept[key]) if key in kept else blocks
    start = 0
    for block in blocks:
        yield slice(start, start + len(block)), block
        start += len(block)


def _blocks(n: int, n_resamples: int, seed: Seed) -> Iterator[Counts]:
    rng, step = np.random.default_rng(seed), max(1, BLOCK // n)
    for start in range(0, n_resamples, step):
        size = min(step, n_resamples - start)
        drawn = rng.integers(n, size=(size, n))
        if n < _FEW:
            places = drawn + n * np.arange(size)[:, None]
            counts = np.bincount(places.ravel(), minlength=size * n).reshape(size, n)
        else:
            counts = np.empty((size, n), dtype=np.int64)
            for row, items in zip(counts, drawn, strict=True):
                row[:] = np.bincount(items, minlength=n)
        yield counts.astype(np.uint8) if counts.max() < 256 else counts
