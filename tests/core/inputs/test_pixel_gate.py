"""Large photos are decoded one at a time, small ones together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from classifiers.core.inputs.pixel_gate import PixelGate


def most_inside(sizes: list[int], n_threads: int) -> int:
    """Return how many pixels were inside at once, at most."""
    gate, seen = PixelGate(100), []

    def enter(n_pixels: int) -> None:
        with gate.hold(n_pixels):
            seen.append(gate.n_inside)

    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(enter, sizes))
    assert gate.n_inside == 0
    return max(seen)


def test_no_more_pixels_are_inside_than_allowed() -> None:
    assert most_inside([60, 70, 10, 90, 100, 30] * 50, 4) <= 100


def test_what_is_larger_than_all_goes_in_alone() -> None:
    assert most_inside([500, 1, 500], 3) == 100


def test_small_ones_are_inside_together() -> None:
    gate, together = PixelGate(100), Barrier(3, timeout=60)

    def enter(n_pixels: int) -> int:
        with gate.hold(n_pixels):
            return together.wait()

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(enter, [30, 30, 40])) == [0, 1, 2]
