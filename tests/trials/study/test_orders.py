"""Orders of blocks: their properties, counted by brute force."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trials.study.orders import order_drawn, order_read, order_text, orders_of, williams


@pytest.mark.parametrize("n", range(1, 10))
def test_a_williams_design_has_each_block_in_each_place_and_after_each_other_equally_often(
    n: int,
) -> None:
    rows = williams(n)
    places = Counter((place, block) for row in rows for place, block in enumerate(row))
    neighbours = Counter(pair for row in rows for pair in pairwise(row))
    assert len(rows) == (2 * n if n % 2 and n > 1 else n)
    assert all(sorted(row) == list(range(1, n + 1)) for row in rows)
    assert set(places.values()) == {len(rows) // n}
    assert len(neighbours) == n * (n - 1)
    assert len(set(neighbours.values())) <= 1


def test_a_fixed_order_is_that_of_the_document() -> None:
    assert orders_of("fixed", 4) == ((1, 2, 3, 4),)


def test_random_orders_fall_on_every_order_alike() -> None:
    drawn = Counter(order_drawn(3, seed) for seed in range(1200))
    expected = 1200 / 6
    assert len(drawn) == 6
    # Chi-square with 5 degrees of freedom: above 20.5 in one of 1,000 fair draws.
    assert sum((n - expected) ** 2 / expected for n in drawn.values()) < 20.5
    assert orders_of("random", 3) == ()


@given(st.permutations(range(1, 21)))
def test_an_order_is_read_as_it_was_written(order: list[int]) -> None:
    assert order_read(order_text(order)) == tuple(order)
