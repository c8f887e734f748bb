"""Ratios that mean the same on any machine: the contenders in turn, and the best of each.

On a shared machine wall time of threaded code measures the neighbours. So a bench sets one
thread, takes the process's CPU time, runs the contenders in turn, round by round, and keeps
the minimum of each; only ratios within one run are reported.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import torch

LEAST_ROUNDS: Final = 3

Contender = Callable[[], object]
Clock = Callable[[Contender], float]


class Row(NamedTuple):
    """One line of the table: a ratio with its goal, at least or at most, or without one."""

    name: str
    ratio: float
    at_most: float | None = None
    at_least: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether the ratio meets its goal; one without a goal always does."""
        low = float("-inf") if self.at_least is None else self.at_least
        high = float("inf") if self.at_most is None else self.at_most
        return low <= self.ratio <= high

    @property
    def goal(self) -> str:
        """The goal in words, empty without one."""
        limits = ("<=", self.at_most), (">=", self.at_least)
        return " ".join(f"{sign} {limit:g}" for sign, limit in limits if limit is not None)


def cpu_seconds(function: Contender) -> float:
    """Return the CPU time that this process, all threads together, spends in one call."""
    start = time.process_time()
    function()
    return time.process_time() - start


def wall_seconds(function: Contender) -> float:
    """Return the wall time of one call, GPU work included."""
    _synchronize()
    start = time.perf_counter()
    function()
    _synchronize()
    return time.perf_counter() - start


def interleaved(
    contenders: Mapping[str, Contender], seconds: float, *, clock: Clock = cpu_seconds
) -> dict[str, float]:
    """Return each contender's least time in seconds, over rounds that take about ``seconds``.

    Each contender has an equal share of the time, so a slow one runs in fewer rounds than a
    fast one, but in at least three. The first, unmeasured round warms up.
    """
    best = dict.fromkeys(contenders, float("inf"))
    used = dict.fromkeys(contenders, 0.0)
    rounds = dict.fromkeys(contenders, 0)
    for function in contenders.values():
        function()
    share = seconds / max(1, len(contenders))
    waiting = list(contenders)
    while waiting:
        for name in waiting:
            start = time.perf_counter()
            best[name] = min(best[name], clock(contenders[name]))
            used[name] += time.perf_counter() - start
            rounds[name] += 1
        waiting = [n for n in waiting if rounds[n] < LEAST_ROUNDS or used[n] < share]
    return best


def report(rows: Sequence[Row]) -> bool:
    """Print the table ``name | ratio | goal | ok`` and return whether every goal is met."""
    width = max([len("ratio of"), *(len(row.name) for row in rows)])
    print(f"{'ratio of':{width}}  {'ratio':>8}  {'goal':>8}  ok")
    for row in rows:
        verdict = "" if not row.goal else "yes" if row.is_met else "NO"
        print(f"{row.name:{width}}  {row.ratio:8.2f}  {row.goal:>8}  {verdict}")
    return all(row.is_met for row in rows)


@contextmanager
def peak_memory() -> Iterator[list[float]]:
    """Watch anonymous memory; yields a list that ends as [MB beyond the start, at its peak]."""

    def now() -> float:
        status = Path("/proc/self/status").read_text()
        return int(re.findall(r"RssAnon:\s+(\d+)", status)[0]) / 1024

    start, seen, stop = now(), [0.0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.001):
            seen[0] = max(seen[0], now() - start)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        stop.set()
        watcher.join()


def _synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
