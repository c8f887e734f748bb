"""Search that streams a gallery: exact, whatever the blocks, the threads and the duplicates."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from classifiers.core.gallery import search
from classifiers.core.gallery.search import nearest, readable
from classifiers.core.parallel import map_ahead
from tests.core.oracles import nearest_brute_force

Vectors = NDArray[Any]


@pytest.fixture(params=[1, 2])
def n_threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a few hundred rows as many steps as millions."""
    sizes = {"BLOCK_ROWS": 7, "MAX_STRETCH": 20, "TABLE": 64, "MAX_QUERIES": 3, "EXACT_ROWS": 5}
    for name, size in (sizes | {"MAX_FOUND": 16}).items():
        monkeypatch.setattr(search, name, size)


def unit_vectors(n: int, seed: int = 0, channels: int = 24) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(n, channels, generator=generator).relu(), dim=1)


def with_copies(n: int, dtype: str = "float32") -> Vectors:
    """Return n unit vectors of which every third is one and the same."""
    vectors = unit_vectors(n)
    vectors[::3] = unit_vectors(1, seed=5)
    return vectors.numpy().astype(dtype)


def expected(vectors: Vectors, query: Tensor, n: int) -> list[tuple[int, float]]:
    return nearest_brute_force(vectors.astype(np.float32), query.numpy(), n)


def found(vectors: Vectors, queries: Tensor, n: int) -> list[list[tuple[int, float]]]:
    rows, cosines = (item.tolist() for item in nearest(vectors, queries, n))
    return [list(zip(*row, strict=True)) for row in zip(rows, cosines, strict=True)]


@pytest.mark.usefixtures("n_threads", "small_steps")
@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("n", [1, 10, 100, 200])
def test_neighbours_are_those_of_brute_force(dtype: str, n: int) -> None:
    vectors, queries = with_copies(200, dtype), unit_vectors(5, seed=1)
    assert found(vectors, queries, n) == [expected(vectors, query, n) for query in queries]


@pytest.mark.usefixtures("n_threads", "small_steps")
def test_copies_of_the_best_row_come_in_order_wherever_they_lie() -> None:
    vectors, query = with_copies(300), unit_vectors(1, seed=5)
    rows, cosines = nearest(vectors, query, 101)
    assert rows[0, :100].tolist() == list(range(0, 300, 3))
    assert cosines[0, 0] == cosines[0, :100].min() > cosines[0, 100]


@pytest.mark.usefixtures("small_steps")
def test_a_gallery_of_one_image_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    keep = search._Candidates._keep

    def watched(self: search._Candidates, *found: Vectors) -> None:
        keep(self, *found)
        seen.append(self.n_found)

    monkeypatch.setattr(search._Candidates, "_keep", watched)
    vectors = unit_vectors(1).expand(500, -1).numpy().copy()
    assert nearest(vectors, unit_vectors(2, seed=1), 4)[0].tolist() == [[0, 1, 2, 3]] * 2
    assert max(seen) < 100


@pytest.mark.usefixtures("n_threads", "small_steps")
@pytest.mark.parametrize("place", [slice(0, 200, 2), slice(150, 160), slice(0, 60)])
def test_rows_that_do_not_compete_are_not_found(place: slice) -> None:
    vectors, query, allowed = with_copies(200), unit_vectors(1, seed=1), np.zeros(200, dtype=bool)
    allowed[place] = True
    rows, _ = nearest(vectors, query, 10, allowed)
    everyone = [row for row, _ in expected(vectors, query[0], 200)]
    assert rows[0].tolist() == [row for row in everyone if allowed[row]][:10]


def test_a_read_only_array_is_a_tensor_without_copy_or_warning() -> None:
    vectors = with_copies(5)
    vectors.flags.writeable = False
    tensor = readable(vectors)
    assert tensor.data_ptr() == vectors.ctypes.data
    assert np.array_equal(tensor.numpy(), vectors)


def test_a_zero_vector_is_equally_far_from_everyone() -> None:
    rows, cosines = nearest(with_copies(50), torch.zeros(1, 24), 3)
    assert (rows.tolist(), cosines.tolist()) == ([[0, 1, 2]], [[0, 0, 0]])


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_file_mapped_for_reading_gives_what_the_array_gives(tmp_path: Path, dtype: str) -> None:
    vectors, queries = with_copies(200, dtype), unit_vectors(3, seed=1)
    np.save(tmp_path / "v.npy", vectors)
    mapped = np.load(tmp_path / "v.npy", mmap_mode="r")
    assert found(mapped, queries, 9) == found(vectors, queries, 9)


@pytest.mark.usefixtures("n_threads")
def test_work_ahead_keeps_its_order() -> None:
    assert list(map_ahead(str, range(50), n_ahead=3)) == [str(item) for item in range(50)]


def test_work_ahead_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    items = iter(range(50))
    results = map_ahead(str, items, n_ahead=3)
    assert next(results) == "0"
    assert next(items) == 4
    results.close()


@pytest.mark.usefixtures("n_threads")
def test_an_error_comes_in_its_place() -> None:
    results = map_ahead(lambda each: 1 / each, [2, 1, 0, 1], n_ahead=9)
    assert [next(results), next(results)] == [0.5, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)
