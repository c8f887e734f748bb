"""How many pixels may be decoded at once: many small photos, or one large one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class PixelGate:
    """Lets threads work while their photos together have at most a number of pixels.

    A larger photo waits until no other is in work, and is then the only one.
    """

    def __init__(self, max_pixels: int) -> None:
        self.max_pixels = max_pixels
        self.n_inside = 0
        self._changed = Condition()

    @contextmanager
    def hold(self, n_pixels: int) -> Iterator[None]:
        """Wait for room for so many pixels, and keep it while the block runs."""
        taken = min(max(n_pixels, 1), self.max_pixels)
        with self._changed:
            self._changed.wait_for(lambda: self.n_inside + taken <= self.max_pixels)
            self.n_inside += taken
        try:
            yield
        finally:
            with self._changed:
                self.n_inside -= taken
                self._changed.notify_all()
