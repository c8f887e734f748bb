"""Work done ahead in threads, its results in order: how extraction and search use all cores."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

T = TypeVar("T")
R = TypeVar("R")


def map_ahead(
    function: Callable[[T], R], items: Iterable[T], *, n_ahead: int
) -> Generator[R, None, None]:
    """Yield ``function(item)`` for each item, in order, computed by as many threads as torch has.

    Each thread runs torch on one core: several threads on one operation change its last bits,
    and wait for each other whenever something else uses a core. At most ``n_ahead`` results,
    finished or in work, wait beyond the one that is yielded, so memory stays bounded however
    slow the caller is. An error comes in its item's place; whoever stops early waits only for
    the items in work.
    """
    n_threads = torch.get_num_threads()
    if n_threads == 1:
        yield from map(function, items)
        return
    pool = ThreadPoolExecutor(n_threads, initializer=torch.set_num_threads, initargs=(1,))
    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > n_ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
