"""How fast EMD-Corr is: one query against N = 50 maps of 2048 x 7 x 7, features given.

Beside it the released code's shape of work and the one matrix product that cannot be avoided.
The maps are sparse enough for 12 iterations. ``--device cuda`` takes wall time instead.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from numpy.lib.format import open_memmap
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parents[2]))  # started as a file, it finds the packages

from classifiers.core.emd.emd import emd_scores
from classifiers.core.emd.patch_maps import PatchMaps
from tests.bench.timing import Contender, Row, cpu_seconds, interleaved, report, wall_seconds
from tests.core.oracles import emd_original

N, C, SIDE, N_ON_DISK, SECONDS = 50, 2048, 7, 200, 30.0


def contenders(device: str, folder: str) -> dict[str, Contender]:
    generator = torch.Generator().manual_seed(0)
    maps = (torch.randn(N + 1, C, SIDE, SIDE, generator=generator) - 1.95).relu().to(device)
    query, gallery = maps[0], maps[1:]
    last = gallery.contiguous(memory_format=torch.channels_last)
    prepared = PatchMaps.of(last)
    q = query.flatten(1).T.contiguous()  # (C, H, W) -> (R, C)
    g = gallery.transpose(0, 1).reshape(C, -1).contiguous()  # (C, N * R)
    out = torch.empty(SIDE**2, N * SIDE**2, device=device)
    mapped = on_disk(Path(folder) / "maps.npy", last)
    rng = np.random.default_rng(0)

    def from_disk() -> object:
        some = torch.from_numpy(mapped[rng.choice(N_ON_DISK, N, replace=False)])
        return emd_scores(query, some.permute(0, 3, 1, 2).to(device))

    return {
        "product": lambda: torch.mm(q, g, out=out),
        "loop": lambda: emd_original(query, gallery),
        "cached": lambda: emd_scores(query, prepared),
        "last": lambda: emd_scores(query, last),
        "first": lambda: emd_scores(query, gallery),
        "per pair": lambda: emd_scores(query, prepared, stop="per_pair"),
        "exact": lambda: emd_scores(query, prepared, stop="exact"),
        "disk": from_disk,
    }


def on_disk(path: Path, last: Tensor) -> np.memmap[tuple[int, ...], np.dtype[np.float32]]:
    """Return a mapped array (n, 7, 7, C) as a gallery on disk has it."""
    array = open_memmap(path, mode="w+", dtype=np.float32, shape=(N_ON_DISK, SIDE, SIDE, C))
    array[:] = last.permute(0, 2, 3, 1).cpu().numpy()[np.arange(N_ON_DISK) % N]
    array.flush()
    mapped: np.memmap[tuple[int, ...], np.dtype[np.float32]] = open_memmap(path, mode="c")
    return mapped


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    device = parser.parse_args().device
    torch.set_num_threads(1)
    clock = cpu_seconds if device == "cpu" else wall_seconds
    with tempfile.TemporaryDirectory() as folder:
        best = interleaved(contenders(device, folder), SECONDS, clock=clock)
    bare, goals = best["product"], ({"cached": 1.3, "last": 2.0, "first": 2.0})
    names = {
        "cached": "gallery's lengths cached / product",
        "last": "raw maps, channels last / product",
        "first": "raw maps, channels first / product",
        "disk": "50 of 200 maps from disk / product",
        "per pair": "cached, each pair stops by itself / product",
        "exact": "cached, exact plans / product",
    }
    print(f"EMD-Corr, N = {N}, {C} x {SIDE} x {SIDE}, {device}; product: {bare * 1e3:.2f} ms")
    report(
        [Row("per-pair loop / raw maps, channels first", best["loop"] / best["first"], None, 30)]
        + [Row(name, best[key] / bare, goals.get(key)) for key, name in names.items()]
    )


if __name__ == "__main__":
    main()
