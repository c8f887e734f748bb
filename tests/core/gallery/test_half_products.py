"""Products in float16 are within their bound, and what they filter stays exact."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from classifiers.core.gallery import search
from classifiers.core.gallery.half_products import half_error, half_products, is_exact_enough
from classifiers.core.gallery.search import nearest
from tests.core.oracles import nearest_brute_force

CHANNELS = 2048


def unit_vectors(n: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(n, CHANNELS, generator=generator).relu(), dim=1)


@pytest.mark.parametrize("seed", range(3))
def test_products_of_half_precision_are_within_their_bound(seed: int) -> None:
    if not is_exact_enough():
        pytest.skip("this processor adds in float16")
    rows, query = unit_vectors(500, seed).half(), unit_vectors(1, 100 + seed)
    exact = rows.double() @ query[0].double()
    error = (half_products(rows, query)[:, 0].double() - exact).abs().max()
    assert error < half_error(query) < 0.004


@pytest.mark.parametrize("is_half", [True, False])
def test_rows_that_differ_less_than_float16_can_say_are_ordered_exactly(
    is_half: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "is_exact_enough", lambda: is_half)
    monkeypatch.setattr(search, "MAX_STRETCH", 64)
    query = unit_vectors(1, 9)
    nearly = F.normalize(query + 1e-4 * unit_vectors(400, 1), dim=1).half()
    rows, cosines = nearest(nearly.numpy(), query, 20)
    expected = nearest_brute_force(nearly.float().numpy(), query[0].numpy(), 20)
    assert list(zip(rows[0].tolist(), cosines[0].tolist(), strict=True)) == expected


def test_what_does_not_compete_is_not_found_in_half_precision() -> None:
    vectors, allowed = unit_vectors(90, 2).half().numpy(), np.arange(90) % 2 == 1
    rows, _ = nearest(vectors, unit_vectors(1, 3), 45, allowed)
    assert sorted(rows[0].tolist()) == list(range(1, 90, 2))
