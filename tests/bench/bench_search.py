"""How fast exact search is: 64 queries and one, against one pass over the gallery's bytes

Warm: one thread, process CPU time, minima of interleaved rounds; the pass sums the mapped file
as 64-bit integers. Cold: wall time on all cores, each after the file has left the page cache,
against reading it once into a buffer. The bare products show what the processor leaves: they
alone, on a block in memory that is float32 already.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.lib.format import open_memmap
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parents[2]))  # started as a file, it finds the packages

from classifiers.core.gallery.search import BLOCK_ROWS, nearest, readable
from tests.bench.timing import Row, interleaved, peak_memory, report, wall_seconds

CHANNELS, N_NEAREST, SECONDS, COLD_ROUNDS = 2048, 50, 20.0, 5


def unit_vectors(n: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(n, CHANNELS, generator=generator).relu(), dim=1)


def gallery_write(path: Path, n: int, dtype: str) -> None:
    array = open_memmap(path, mode="w+", dtype=np.dtype(dtype), shape=(n, CHANNELS))
    for start in range(0, n, 5000):
        array[start : start + 5000] = unit_vectors(min(5000, n - start), start).numpy()
    array[n // 2 : n // 2 + 9] = array[7]  # copies of one row, which have to tie
    array.flush()


def products(queries: Tensor, n: int) -> Callable[[], None]:
    block, out = unit_vectors(BLOCK_ROWS, 0), torch.empty(BLOCK_ROWS, len(queries))

    def run() -> None:
        for _ in range(0, n, BLOCK_ROWS):
            torch.mm(block, queries.T, out=out)

    return run


def warm(path: Path, queries: Tensor) -> list[Row]:
    gallery = open_memmap(path, mode="r")
    integers = readable(gallery).view(torch.int64)
    best = interleaved(
        {
            "pass": lambda: integers.sum(),
            "products": products(queries, len(gallery)),
            "64": lambda: nearest(gallery, queries, N_NEAREST),
            "1": lambda: nearest(gallery, queries[:1], N_NEAREST),
        },
        SECONDS,
    )
    names = ", ".join(f"{name} {1e3 * each:.0f} ms" for name, each in best.items())
    print(f"{len(gallery):,} x {CHANNELS} {gallery.dtype}: {names}")
    return [
        Row("warm, 64 queries / one pass", best["64"] / best["pass"], at_most=10),
        Row("warm, 1 query / one pass", best["1"] / best["pass"], at_most=5),
        Row("64 queries / their bare products", best["64"] / best["products"]),
        Row("bare products of 64 queries / one pass", best["products"] / best["pass"]),
    ]


def forgotten(path: Path) -> None:
    """Let the file leave the page cache; only what no one maps does."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def read_once(path: Path) -> None:
    buffer = bytearray(1 << 22)
    with open(path, "rb", buffering=0) as file:
        while file.readinto(buffer):
            pass


def pages_once(path: Path) -> None:
    torch.from_numpy(open_memmap(path, mode="r")).view(torch.int64).sum()


def cold(path: Path, queries: Tensor) -> list[Row]:
    contenders: dict[str, Callable[[], object]] = {
        "buffer": lambda: read_once(path),
        "pages": lambda: pages_once(path),
        "64": lambda: nearest(open_memmap(path, mode="r"), queries, N_NEAREST),
        "1": lambda: nearest(open_memmap(path, mode="r"), queries[:1], N_NEAREST),
    }
    best = dict.fromkeys(contenders, float("inf"))
    torch.set_num_threads(os.cpu_count() or 1)
    for _ in range(COLD_ROUNDS):
        for name, function in contenders.items():
            forgotten(path)
            best[name] = min(best[name], wall_seconds(function))
    torch.set_num_threads(1)
    print("cold: " + ", ".join(f"{name} {1e3 * each:.0f} ms" for name, each in best.items()))
    return [
        Row("cold, 64 queries / reading once", best["64"] / best["buffer"], at_most=1.5),
        Row("cold, 1 query / reading once", best["1"] / best["buffer"], at_most=1.5),
        Row("cold, 1 query / touching the pages", best["1"] / best["pages"]),
    ]


def check(path: Path, queries: Tensor) -> bool:
    """Compare with a full float32 top-k: same rows wherever it can tell the cosines apart."""
    gallery = open_memmap(path, mode="r")
    rows, cosines = nearest(gallery, queries, N_NEAREST)
    parts = torch.split(readable(gallery), 5000)
    whole = torch.cat([queries @ part.float().T for part in parts], dim=1)  # (64, N)
    values, expected = whole.topk(N_NEAREST)
    same = (rows == expected) | ((whole.gather(1, rows) - values).abs() < 1e-6)
    copies = rows[-1, :10].tolist() == [7, *range(len(gallery) // 2, len(gallery) // 2 + 9)]
    return bool(same.all()) and copies and torch.allclose(cosines.float(), values, atol=1e-6)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--dtype", choices=["float16", "float32"], default="float16")
    parser.add_argument("--folder", help="on the disk that matters; default: the temporary one")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder) / "vectors.npy"
        gallery_write(path, options.rows, options.dtype)
        queries = unit_vectors(64, seed=-1)
        queries[-1] = F.normalize(readable(open_memmap(path, mode="r")[7]).float(), dim=0)
        with peak_memory() as peak:
            nearest(open_memmap(path, mode="r"), queries, N_NEAREST)
        rows = [*warm(path, queries), *cold(path, queries)]
        rows.append(Row("anonymous memory beyond the start, MB", peak[0], at_most=100))
        rows.append(Row("equal to a full top-k, ties included", check(path, queries), at_least=1))
    report(rows)


if __name__ == "__main__":
    main()
