"""Threads that each run torch on one core, so that extraction and search use all cores."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from functools import partial
from typing import TypeVar

import torch

from classifiers.core.inputs.ahead import in_order

T = TypeVar("T")
R = TypeVar("R")


def map_ahead(
    function: Callable[[T], R], items: Iterable[T], *, n_ahead: int
) -> Generator[R, None, None]:
    """Yield ``function(item)`` for each item, in order, computed by as many threads as torch has.

    Each thread runs torch on one core: several threads on one operation change its last bits, and
    wait for each other if another process uses a core. ``n_ahead`` and errors are as for
    ``in_order``.
    """
    n_threads = torch.get_num_threads()
    if n_threads == 1:
        yield from map(function, items)
        return
    one_core = partial(torch.set_num_threads, 1)
    yield from in_order(function, items, n_threads=n_threads, n_ahead=n_ahead, begin=one_core)
