"""Exact nearest neighbours by cosine, streamed from disk: no table of all similarities."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classifiers.core.gallery.half_products import half_error, half_products, is_exact_enough
from classifiers.core.parallel import map_ahead

BLOCK_ROWS: Final = 256  # rows of one product: 2 MB in float32 at 2048 channels, near the core
MAX_STRETCH: Final = 8192  # rows whose cosines are looked at together
TABLE: Final = 1 << 18  # cosines of one stretch: 1 MB
N_AHEAD: Final = 4  # stretches whose cosines wait to be looked at
MAX_QUERIES: Final = 1024  # queries of one pass over the gallery
MAX_FOUND: Final = 1 << 17  # candidates in memory: 3 MB, three times that while they are sorted
EXACT_ROWS: Final = 256  # rows of one exact look: 4 MB in float64 at 2048 channels

Rows = NDArray[np.int64]

LOWEST: Final = -4.0  # below every cosine, above minus infinity, which marks a row left out


def nearest(
    vectors: NDArray[Any], queries: Tensor, n: int, allowed: NDArray[np.bool_] | None = None
) -> tuple[Tensor, Tensor]:
    """Return rows (Q, n) and cosines (Q, n), float64, of the n nearest rows, nearest first.

    ``vectors`` (N, C), float32 or float16, and ``queries`` (Q, C), float32, are not longer than
    1; ``allowed`` (N,) names the rows that compete, all if absent. Equal to sorting all cosines
    computed in float64; equal cosines come in the order of the rows, so copies of a row do too.
    n is at most the number of rows that compete.

    One pass over the file serves up to 1024 queries. float32 products only exclude rows that cannot
    be among the n nearest: the error of such a product is at most C * eps / 2 (Higham, Accuracy and
    Stability of Numerical Algorithms, 2002, eq. 3.5), and differently for equal rows at different
    places of a block. A row within four times that error of the n-th best (two would be enough) is
    a candidate. Candidates are compared in float64, each row separately. One query and float16
    rows are multiplied as float16, with an error of their own.
    """
    stored = readable(vectors)
    rows = torch.empty(len(queries), n, dtype=torch.int64)
    cosines = torch.empty(len(queries), n, dtype=torch.float64)
    for start in range(0, len(queries), MAX_QUERIES):
        part = queries[start : start + MAX_QUERIES]
        found = _Candidates(stored, part, n, _margin(stored, part))
        for first_row, table in _tables(stored, part, allowed):
            found.take(first_row, table)
        for i, (best, values) in enumerate(found.ranked(), start):
            rows[i], cosines[i] = torch.from_numpy(best), torch.from_numpy(values)
    return rows, cosines


def _is_half(vectors: Tensor, n_queries: int) -> bool:
    return n_queries == 1 and vectors.dtype == torch.float16 and is_exact_enough()


def _margin(vectors: Tensor, queries: Tensor) -> float:
    """Return how far below the n-th best product a row may still be among the n nearest."""
    if _is_half(vectors, len(queries)):
        return 2.1 * half_error(queries)
    return float(2 * vectors.shape[1] * np.finfo(np.float32).eps)


def readable(array: NDArray[Any]) -> Tensor:
    """Return the array's own memory as a tensor that is only ever read.

    torch warns about arrays that are not writable, such as a file mapped for reading. Writing to
    this tensor would crash the process.
    """
    return torch.from_numpy(np.asarray(_Unguarded(array)))


class _Unguarded:
    """An array's memory, whatever its flag says; NumPy keeps this, and this keeps the array."""

    def __init__(self, array: NDArray[Any]) -> None:
        described = array.__array_interface__
        self.array = array
        self.__array_interface__ = {**described, "data": (described["data"][0], False)}


def _tables(
    vectors: Tensor, queries: Tensor, allowed: NDArray[np.bool_] | None
) -> Iterator[tuple[int, Tensor]]:
    """Yield first row and cosines (rows, Q) of each stretch in which a row competes."""
    size = min(max(TABLE // len(queries), BLOCK_ROWS), MAX_STRETCH)
    starts = list(range(0, len(vectors), size))
    if allowed is not None:
        starts = [start for start in starts if allowed[start : start + size].any()]
    by_channel = queries.T.contiguous()  # (C, Q): a sixth faster to multiply with than its view
    table = partial(_table, vectors, by_channel, allowed, size)
    if len(starts) == 1:  # a small gallery: threads would cost more than they save
        yield starts[0], table(starts[0])
        return
    yield from zip(starts, map_ahead(table, starts, n_ahead=N_AHEAD), strict=True)


def _table(
    vectors: Tensor, queries: Tensor, allowed: NDArray[np.bool_] | None, size: int, start: int
) -> Tensor:
    """Return the cosines (rows, Q) of one stretch; ``queries`` are (C, Q)."""
    stretch = vectors[start : start + size]
    if _is_half(vectors, queries.shape[1]):
        table = half_products(stretch, queries.T)
    else:
        table = torch.empty(len(stretch), queries.shape[1])
        buffer = torch.empty(min(BLOCK_ROWS, size), vectors.shape[1])
        for first in range(0, len(stretch), BLOCK_ROWS):
            block = stretch[first : first + BLOCK_ROWS]
            if block.dtype != torch.float32:
                block = buffer[: len(block)].copy_(block)
            # (rows, C) x (C, Q) -> (rows, Q)
            torch.mm(block, queries, out=table[first : first + len(block)])
    if allowed is not None:
        table[torch.from_numpy(~allowed[start : start + size])] = -torch.inf
    return table


class _Candidates:
    """The rows that can be among the n nearest of each query, as far as the rows were seen.

    Kept as parallel arrays (query, row, cosine), in no order; ``floor`` (Q,) is what a cosine
    has to reach for its row to be one of them. All of it NumPy, which needs no second core
    and so never waits for one.
    """

    def __init__(self, vectors: Tensor, queries: Tensor, n: int, margin: float) -> None:
        self.vectors, self.queries, self.n = vectors, queries.double(), n
        self.margin = np.float32(margin)
        self.floor = np.full(len(queries), LOWEST, dtype=np.float32)
        nothing = np.empty(0, dtype=np.int64)
        self.parts = [(nothing, nothing, np.empty(0, dtype=np.float32))]
        self.n_found, self.limit = 0, 2 * n * len(queries)
        self.most = max(MAX_FOUND, 2 * self.limit)

    def take(self, first_row: int, table: Tensor) -> None:
        """Add the candidates of the next rows, whose cosines are ``table`` (rows, Q)."""
        cosines = table.numpy()
        hits = np.flatnonzero(cosines >= self.floor)  # places in the flat table
        if len(hits) > self.limit and len(cosines) >= self.n:
            # The n-th best of these rows alone is a floor too, and found faster than by sorting.
            best = table.topk(self.n, dim=0).values[-1].numpy()  # (n, Q) -> (Q,)
            self.floor = np.maximum(self.floor, best - self.margin)
            hits = np.flatnonzero(cosines >= self.floor)
        rows, queries = np.divmod(hits, len(self.queries))
        self.parts.append((queries, rows + first_row, cosines.ravel()[hits]))
        self.n_found += len(hits)
        if self.n_found > self.limit:
            self._prune()

    def _prune(self) -> None:
        """Raise the floors to what was found, and drop what is below."""
        queries, rows, cosines = map(np.concatenate, zip(*self.parts, strict=True))
        order = np.argsort(queries * -2 * LOWEST - cosines)  # by query, then nearest first
        queries, rows, cosines = queries[order], rows[order], cosines[order]
        counts = np.bincount(queries, minlength=len(self.queries))  # (Q,)
        has_n = counts >= self.n
        nth = (counts.cumsum() - counts + self.n - 1)[has_n]
        self.floor[has_n] = np.maximum(self.floor[has_n], cosines[nth] - self.margin)
        keep = cosines >= self.floor[queries]
        self._keep(queries[keep], rows[keep], cosines[keep])
        if self.n_found > self.most // 2:
            self._settle()

    def _settle(self) -> None:
        """Keep only the exact n nearest: the candidates within the margin would fill the memory.

        This happens if a gallery has the same image thousands of times. A later row with the same
        cosine comes after all of these anyway.
        """
        ranked = list(self._ranked())
        queries = np.repeat(np.arange(len(ranked)), [len(rows) for rows, _ in ranked])
        rows, cosines = map(np.concatenate, zip(*ranked, strict=True))
        self._keep(queries, rows, cosines.astype(np.float32))

    def _keep(self, queries: Rows, rows: Rows, cosines: NDArray[np.float32]) -> None:
        self.parts, self.n_found = [(queries, rows, cosines)], len(rows)
        self.limit = min(max(2 * self.n_found, self.limit), self.most)

    def ranked(self) -> Iterator[tuple[Rows, NDArray[np.float64]]]:
        """Yield for each query the exact n nearest rows (n,) and their cosines (n,)."""
        self._prune()
        return self._ranked()

    def _ranked(self) -> Iterator[tuple[Rows, NDArray[np.float64]]]:
        queries, rows, _ = map(np.concatenate, zip(*self.parts, strict=True))
        rows = rows[np.argsort(queries * len(self.vectors) + rows)]  # by query, then by row
        ends = np.bincount(queries, minlength=len(self.queries)).cumsum()
        tasks = list(zip(self.queries, np.split(rows, ends[:-1]), strict=True))
        return (
            map(self._rank, tasks)
            if len(tasks) == 1
            else map_ahead(self._rank, tasks, n_ahead=N_AHEAD)
        )

    def _rank(self, task: tuple[Tensor, Rows]) -> tuple[Rows, NDArray[np.float64]]:
        """Compare a query's candidates, given in order, in float64.

        NumPy sums each row by itself, in one order, so that equal rows give equal bits in any
        place; a matrix product may not.
        """
        query, rows = task
        cosines = np.empty(len(rows))
        for start in range(0, len(rows), EXACT_ROWS):
            part = torch.from_numpy(rows[start : start + EXACT_ROWS])
            products = self.vectors[part].float().double().mul_(query)  # (rows, C)
            cosines[start : start + EXACT_ROWS] = products.numpy().sum(axis=1)
        nearest_first = np.argsort(-cosines, kind="stable")[: self.n]
        return rows[nearest_first], cosines[nearest_first]
