"""Exact search beside faiss: 64 queries and one over 60,000 x 2048 rows, float16 on our side

One thread, process CPU time, minima of interleaved rounds, everything in memory. ``IndexFlatIP``
holds the rows as float32, twice as much memory; the scalar quantizer as float16. Ours is exact in
float64, with ties in order; faiss sums in float32. faiss is in requirements-bench.txt only.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from numpy.lib.format import open_memmap

sys.path.insert(0, str(Path(__file__).parents[2]))  # started as a file, it finds the packages

from classifiers.core.gallery.search import nearest
from tests.bench.bench_search import CHANNELS, N_NEAREST, gallery_write, unit_vectors
from tests.bench.timing import Row, interleaved, report

SECONDS, PART = 20.0, 5000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=60_000)
    options = parser.parse_args()
    try:
        faiss = importlib.import_module("faiss")
    except ModuleNotFoundError:
        sys.exit("faiss is missing: run make bench, or pip install -r requirements-bench.txt")
    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        gallery_write(Path(folder) / "vectors.npy", options.rows, "float16")
        stored = open_memmap(Path(folder) / "vectors.npy", mode="r")
        kind = faiss.ScalarQuantizer.QT_fp16
        flat = faiss.IndexFlatIP(CHANNELS)
        half = faiss.IndexScalarQuantizer(CHANNELS, kind, faiss.METRIC_INNER_PRODUCT)
        half.train(stored[:100].astype(np.float32))
        for start in range(0, options.rows, PART):
            part = stored[start : start + PART].astype(np.float32)
            flat.add(part)
            half.add(part)
        queries = unit_vectors(64, seed=-1)
        many, one = queries.numpy(), queries[:1].numpy()
        best = interleaved(
            {
                "ours, 64": lambda: nearest(stored, queries, N_NEAREST),
                "flat, 64": lambda: flat.search(many, N_NEAREST),
                "fp16, 64": lambda: half.search(many, N_NEAREST),
                "ours, 1": lambda: nearest(stored, queries[:1], N_NEAREST),
                "flat, 1": lambda: flat.search(one, N_NEAREST),
                "fp16, 1": lambda: half.search(one, N_NEAREST),
            },
            SECONDS,
        )
        ours, _ = nearest(stored, queries, N_NEAREST)
        same = float((np.sort(ours.numpy()) == np.sort(half.search(many, N_NEAREST)[1])).mean())
    print(", ".join(f"{name}: {1e3 * each:.1f} ms" for name, each in best.items()))
    rows = [
        Row(f"{n} queries, ours / faiss {kind}", best[f"ours, {n}"] / best[f"{kind}, {n}"], goal)
        for n, kind, goal in ((64, "flat", 1), (64, "fp16", 1), (1, "flat", 1), (1, "fp16", 1))
    ]
    report([*rows, Row("share of equal neighbours, ours and faiss fp16", same)])


if __name__ == "__main__":
    main()
