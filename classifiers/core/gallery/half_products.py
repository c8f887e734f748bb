"""Products of one query with float16 rows, without converting the rows to float32.

They only filter: what their errors leave open is compared in float64 (``search``). torch rounds the
query and the result to float16, and adds in float32. The bound on the error allows for a rounding
of each product and of each sum of two as well, which some processors' instructions do.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import torch
from torch import Tensor

HALF: Final = 2.0**-11  # the largest relative error of a rounding to float16
SMALLEST: Final = 2.0**-24  # the spacing of float16 next to zero
ONES, SMALL, LENGTH = 128, 2.0**-12, 2048


@cache
def is_exact_enough() -> bool:
    """Whether torch adds such products in float32 on this processor.

    In a sum of float16 numbers the small terms would be lost next to the ones.
    """
    row = torch.full((1, LENGTH), SMALL, dtype=torch.float16)
    row[0, :ONES] = 1
    found = torch.mv(row, torch.ones(LENGTH, dtype=torch.float16)).item()
    return abs(found - (ONES + (LENGTH - ONES) * SMALL)) < 0.2


def half_products(rows: Tensor, query: Tensor) -> Tensor:
    """Return the products (N, 1), float32, of rows (N, C), float16, and a query (1, C)."""
    return torch.mv(rows, query[0].to(torch.float16)).float()[:, None]


def half_error(query: Tensor) -> float:
    """Return the largest error of a product of a query (1, C) and a row, neither longer than 1.

    The query's rounding counts by Cauchy's inequality; of the products and the sums, four roundings
    of at most the sum of all absolute products, which is 1, and the float32 sum.
    """
    rounded = float((query - query.half().float()).double().norm())
    channels = query.shape[1]
    summed = channels * torch.finfo(torch.float32).eps / 2 + channels * SMALLEST
    return rounded + 1.01 * 4 * HALF + summed
