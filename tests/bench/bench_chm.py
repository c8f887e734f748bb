"""How fast the CHM learner is, and how much memory fifty pairs take

One source and many targets whose features are cached, against the plain formulation (sums of
conv3d, nothing kept) of one pair. Features are of the published size, 1024 x 15 x 15.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))  # started as a file, it finds the packages

from classifiers.core.chm.chmnet import CHMLearner, fixed_grid
from tests.bench.timing import Row, interleaved, peak_memory, report
from tests.core.oracles_chm import learner_plain

N_PAIRS, N_QUERY, SECONDS = 8, 50, 40.0


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    learner = CHMLearner(1024).requires_grad_(False).eval()
    for weights in (*learner.chm6d.parameters(), *learner.chm4d.parameters()):
        weights.data *= 50
    source = torch.randn(1, 1024, 15, 15).relu()
    targets = torch.randn(N_PAIRS, 1024, 15, 15).relu()
    kept_source, kept = learner.encode(source)[0], learner.encode(targets)
    points = fixed_grid()
    many = kept.repeat(-(-N_QUERY // N_PAIRS), 1, 1, 1)[:N_QUERY].clone()
    # First of all, while no freed memory waits to be used again.
    with peak_memory() as peak:
        learner.transfer(kept_source, many, points)
    plain = learner_plain(learner, source[0], targets[0])
    error = float((learner.correlate(kept_source, kept[:1])[0] - plain).abs().max())
    best = interleaved(
        {
            "plain": lambda: learner_plain(learner, source[0], targets[0]),
            "full": lambda: learner.correlate(kept_source, kept),
            "points": lambda: learner.transfer(kept_source, kept, points),
        },
        SECONDS,
    )
    ratio = {name: best["plain"] / (best[name] / N_PAIRS) for name in ("full", "points")}
    report(
        [
            Row("CHM: conv3d formulation / ours, 900 x 900", ratio["full"], at_least=20),
            Row("CHM: conv3d formulation / ours, 49 points", ratio["points"], at_least=20),
            Row("CHM: largest error of 900 x 900, in 1e-4", error / 1e-4, at_most=1),
            Row("CHM: memory of 50 pairs, in 200 MB", peak[0] / 200, at_most=1),
        ]
    )


if __name__ == "__main__":
    main()
