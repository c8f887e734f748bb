"""The orders of blocks in a study within people: Williams squares, and orders as text. Pure.

A block is called by its number in the study document, from 1. An order has every block once.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, permutations
from typing import Final

Order = tuple[int, ...]
# Random orders that are shown as examples, in the preview for instance.
MAX_SHOWN: Final = 24


@dataclass(frozen=True, slots=True)
class DesignPlan:
    """Whether a person has one condition (between) or several, in blocks (within).

    ``blocks`` are lists of conditions' names; without any, each condition is a block. ``order`` is
    williams, random or fixed; ``photos`` is disjoint or same; ``training`` is once or each.
    ``assign`` is at_consent or after_validation; it is optional, so that earlier documents keep
    their fingerprint.
    """

    kind: str
    blocks: list[list[str]]
    order: str
    photos: str
    training: str
    assign: str = "at_consent"

    @property
    def is_within(self) -> bool:
        """Whether every person goes through several conditions."""
        return self.kind == "within"

    @property
    def assigns_late(self) -> bool:
        """Whether people get their condition only after the validation."""
        return self.assign == "after_validation" and not self.is_within

    @property
    def trains_in_blocks(self) -> bool:
        """Whether every block has a training of its own."""
        return self.is_within and self.training == "each"

    @property
    def is_same(self) -> bool:
        """Whether a person sees the same photos in every condition."""
        return self.is_within and self.photos == "same"


def williams(n: int) -> tuple[Order, ...]:
    """Return the rows of a Williams design for ``n`` blocks: n rows, or 2n where n is odd.

    Each block is in each place equally often, and each directly follows each other one equally
    often (Williams 1949, Australian Journal of Scientific Research A 2:149-168). For an odd ``n``
    above 1 the second half are the rows of the first half, reversed.
    """
    zigzag = [(place + 1) // 2 if place % 2 else -place // 2 for place in range(n)]
    rows = [tuple((each + shift) % n + 1 for each in zigzag) for shift in range(n)]
    if n % 2:
        rows += [row[::-1] for row in rows]
    return tuple(dict.fromkeys(rows))


def orders_of(kind: str, n: int) -> tuple[Order, ...]:
    """Return the orders that people are spread over; none where each person's is drawn."""
    if kind == "random":
        return ()
    return williams(n) if kind == "williams" else (tuple(range(1, n + 1)),)


def orders_shown(kind: str, n: int) -> tuple[Order, ...]:
    """Return the orders that people may have; of random ones at most ``MAX_SHOWN``."""
    drawn = islice(permutations(range(1, n + 1)), MAX_SHOWN)
    return orders_of(kind, n) or tuple(drawn)


def order_drawn(n: int, seed: int | str) -> Order:
    """Return one person's order, each with the same chance."""
    found = list(range(1, n + 1))
    random.Random(seed).shuffle(found)
    return tuple(found)


def order_text(order: Sequence[int]) -> str:
    """Return an order as it is stored: ``2 1 3``."""
    return " ".join(map(str, order))


def order_read(text: str) -> Order:
    """Read what ``order_text`` wrote."""
    return tuple(int(number) for number in text.split())
