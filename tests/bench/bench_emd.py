"""How fast EMD-Corr is, as ratios side by side in one run

One thread and process CPU time, because a second process on the cores makes wall time of
threaded code meaningless; minima of interleaved rounds. Maps are of the published size.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))  # started as a file, it finds the packages

from classifiers.core.emd import emd_scores
from tests.core.oracles import emd_loop, random_maps

ROUNDS, SECONDS, SLOW_ROUNDS = 200, 20.0, 5


def cpu_seconds(function: Callable[[], object]) -> float:
    start = time.process_time()
    function()
    return time.process_time() - start


def main() -> None:
    torch.set_num_threads(1)
    maps = random_maps(51, 2048)
    query, gallery = maps[0], maps[1:]
    channels_last = gallery.contiguous(memory_format=torch.channels_last)
    q, g = query.flatten(1).T.contiguous(), gallery.transpose(0, 1).reshape(2048, 2450)
    out = torch.empty(49, 2450)
    contenders: dict[str, Callable[[], object]] = {
        "product": lambda: torch.mm(q, g, out=out),
        "ours": lambda: emd_scores(query, channels_last),
        "ours_channels_first": lambda: emd_scores(query, gallery),
        "loop": lambda: emd_loop(query, gallery),
    }
    best = dict.fromkeys(contenders, float("inf"))
    stop_at = time.monotonic() + SECONDS
    for each in range(ROUNDS):
        if time.monotonic() > stop_at:
            break
        for name, function in contenders.items():
            if name != "loop" or each < SLOW_ROUNDS:
                best[name] = min(best[name], cpu_seconds(function))
    print(f"per-pair loop / ours                    {best['loop'] / best['ours']:6.1f}")
    print(f"ours / bare (49x2048)(2048x2450)        {best['ours'] / best['product']:6.2f}")
    first = best["ours_channels_first"] / best["product"]
    print(f"ours, channels first in memory / bare   {first:6.2f}")


if __name__ == "__main__":
    main()
