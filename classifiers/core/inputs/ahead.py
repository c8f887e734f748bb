"""Threads that compute the next results in advance, in order. Standard library only."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def in_order(
    function: Callable[[T], R],
    items: Iterable[T],
    *,
    n_threads: int,
    n_ahead: int,
    begin: Callable[[], object] = lambda: None,
) -> Generator[R, None, None]:
    """Yield ``function(item)`` for each item, in order, computed by ``n_threads`` threads.

    ``begin`` is called once in each thread. At most ``n_ahead`` results, finished or in work, wait
    beyond the one that is yielded, so memory stays bounded however slow the caller is. An error
    is raised in the place of its item. A caller that stops early waits only for the items in work.
    """
    pool = ThreadPoolExecutor(n_threads, initializer=begin)
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
