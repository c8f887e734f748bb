"""What a process keeps of frozen studies, since it can never change. Pure.

The keys begin with the study's fingerprint: another document, prediction, photo or word has another
one, so nothing kept is ever out of date.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")
_ALL: list[Kept] = []  # type: ignore[type-arg]


class Kept(Generic[V]):
    """At most ``size`` values by their keys; the one that was used longest ago is removed.

    Threads share the values, so nobody may change one.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[Hashable, V] = OrderedDict()
        self._lock = threading.Lock()
        _ALL.append(self)

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """Return the value, made now if it is not there. Two threads may make the same one."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        made = make()
        with self._lock:
            self._values[key] = made
            if len(self._values) > self._size:
                self._values.popitem(last=False)
        return made

    def clear(self) -> None:
        """Forget all values."""
        with self._lock:
            self._values.clear()


def kept_forget() -> None:
    """Forget everything, as a new process would; for tests."""
    for kept in _ALL:
        kept.clear()
