"""How busy extraction keeps the cores: its wall time against the work it has to do

The work is the CPU time of decoding every photo and of every forward pass, each alone on one
thread; divided by the cores it is the least wall time there can be. Another process on the
cores takes its share of them, so a round counts the cores that were left to us (/proc/stat),
and the best round is reported with the share that others had.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2]))  # started as a file, it finds the packages

from classifiers.core.backbones.backbones import LoadedBackbone, backbone_load
from classifiers.core.features import extract, extract_stream
from classifiers.core.gallery.writer import GalleryWriter
from classifiers.core.images import CROP_SIDE, crop_square, load_rgb
from tests.bench.timing import Row, cpu_seconds, report

ROUNDS, QUIET = 3, 0.04  # others' share of the cores below which a round is called quiet
CORES = len(os.sched_getaffinity(0))


def photos_write(folder: Path, n: int) -> list[Path]:
    """Write JPEGs of 500 x 375 pixels, smooth with some noise: about 60 kB, like ImageNet's."""
    rng, paths = np.random.default_rng(0), []
    for item in range(n):
        coarse = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8))
        smooth = np.asarray(coarse.resize((500, 375), Image.Resampling.BICUBIC), dtype=np.int16)
        noisy = (smooth + rng.integers(-12, 13, smooth.shape)).clip(0, 255).astype(np.uint8)
        paths.append(folder / f"{item}.jpg")
        Image.fromarray(noisy).save(paths[-1], quality=90)
    return paths


def read(path: Path) -> NDArray[np.uint8]:
    return np.asarray(crop_square(load_rgb(path), CROP_SIDE))


def busy_seconds() -> float:
    """Return the CPU time that all processes have used so far, on all cores."""
    user, nice, system, _, _, irq, soft, steal = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")


def gallery_extract(backbone: LoadedBackbone, paths: Sequence[Path], folder: Path) -> None:
    ids = np.arange(len(paths))
    writer = GalleryWriter(
        folder, backbone=backbone.spec, image_ids=ids, labels=ids, dataset="bench"
    )
    for _, features in extract_stream(backbone, paths, read):
        writer.append(features)
    writer.finish()


def work_seconds(backbone: LoadedBackbone, paths: Sequence[Path]) -> tuple[float, float]:
    """Return the CPU time of decoding all photos, and of all forward passes."""
    torch.set_num_threads(1)
    crops = np.stack([read(path) for path in paths])  # (N, 224, 224, 3)
    decoding = min(cpu_seconds(lambda: [read(path) for path in paths]) for _ in range(2))
    forward = min(cpu_seconds(lambda: extract(backbone, crops)) for _ in range(2))
    torch.set_num_threads(CORES)
    return decoding, forward


def round_measure(backbone: LoadedBackbone, paths: Sequence[Path], folder: Path) -> list[float]:
    """Return wall time, wall time on the cores left to us, others' share, and our CPU time."""
    busy, own, start = busy_seconds(), time.process_time(), time.perf_counter()
    gallery_extract(backbone, paths, folder)
    wall = time.perf_counter() - start
    own = time.process_time() - own
    others = max(0.0, busy_seconds() - busy - own) / (wall * CORES)
    return [wall, wall * (1 - others), others, own]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--backbone", default="efficientnet-lite0")
    parser.add_argument("--photos", type=int, default=96)
    options = parser.parse_args()
    backbone = backbone_load(options.backbone)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = photos_write(folder, options.photos)
        rounds = []
        decoding, forward = work_seconds(backbone, paths)
        least = (decoding + forward) / CORES
        print(f"decoding {decoding:.2f} s, forward {forward:.2f} s, on {CORES} cores")
        for item in range(ROUNDS):
            wall, left, others, own = round_measure(backbone, paths, folder / f"gallery{item}")
            rounds.append((left / least, wall / least, others))
            print(f"wall {wall:.2f} s, CPU {own:.2f} s, others had {others:.0%} of the cores")
    quiet = [wall for _, wall, others in rounds if others < QUIET]
    rows = [Row("extraction, wall on the cores left to us / work", min(rounds)[0], at_most=1.15)]
    if quiet:
        rows.append(Row("extraction, wall in a quiet round / work", min(quiet), at_most=1.15))
    report(rows)


if __name__ == "__main__":
    main()
