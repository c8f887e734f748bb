"""``python -m tests.load.workers``: a gallery and its predictions by one worker, then by two.

Each worker has one torch thread. Both are warm: networks are loaded before the clock starts. Two
ratios are printed, since other work on the machine takes cores away: of the wall times, and of the
CPU times, one worker's by that of the busier one of two. The exit status is 1 if the results are
not byte-identical.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from tests.load.__main__ import say
from tests.load.chaos import DIGEST, GALLERY, RUN, Check, Work, all_done
from tests.load.servers import Worker, cpu_seconds, servers

CLASSIFIERS = ["softmax", "knn", "emd-corr"]


def photos_make(root: Path, n_gallery: int, n_query: int) -> None:
    """Make noisy photos of two kinds: stripes across, and stripes down."""
    rng = np.random.default_rng(0)
    for split, n in (("gallery", n_gallery), ("query", n_query)):
        for category, axis in (("across", 0), ("down", 1)):
            folder = root / split / category
            folder.mkdir(parents=True)
            for number in range(n // 2):
                wave = np.sin(np.arange(300) / rng.uniform(2, 4)) * 90 + 128
                stripes = np.broadcast_to(np.expand_dims(wave, 1 - axis), (300, 300))
                noisy = np.clip(stripes + rng.normal(0, 15, (300, 300)), 0, 255)
                Image.fromarray(noisy.astype(np.uint8)).save(folder / f"{number:04d}.png")


def taken(work: Work, workers: Sequence[Worker], *slugs: str) -> tuple[float, list[float]]:
    """Return the wall time of galleries and their predictions, and each worker's CPU time."""
    before = [cpu_seconds(worker.pid) for worker in workers]
    begun = time.monotonic()
    for names, table in (([], GALLERY), (CLASSIFIERS, RUN)):
        for slug in slugs:
            work.ask(slug, names)
        if not work.wait_for(table, all_done):
            raise RuntimeError(f"{slugs} are not done: {work.states(table)}")
    wall = time.monotonic() - begun
    cpu = [cpu_seconds(worker.pid) - then for worker, then in zip(workers, before, strict=True)]
    return wall, cpu


def measure(work: Work, folder: Path, n_gallery: int, n_query: int) -> None:
    """Do the same work by one worker and by two, and compare times and results."""
    photos_make(folder / "warm", 40, 40)
    photos_make(folder / "photos", n_gallery, n_query)
    for slug in ("warm1", "warm2", "warm3"):
        work.site.manage("manage.py", "import_dataset", slug, str(folder / "warm"))
    for slug in ("one", "two"):
        work.site.manage("manage.py", "import_dataset", slug, str(folder / "photos"))
    first = work.worker()
    taken(work, [first], "warm1")
    one, (alone,) = taken(work, [first], "one")
    first.kill()
    pair = [work.worker(), work.worker()]
    taken(work, pair, "warm2", "warm3")  # one for each
    two, both = taken(work, pair, "two")
    say(f"one worker: {one:.1f} s, CPU {alone:.1f} s")
    say(f"two workers: {two:.1f} s, CPU {both[0]:.1f} and {both[1]:.1f} s")
    say(f"wall time, one / two: {one / two:.2f}")
    say(f"CPU time, one / the busier of two: {alone / max(both):.2f}")
    digests = [work.manage_shell(DIGEST.format(slug=slug)) for slug in ("one", "two")]
    work.check.that(digests[0] == digests[1], f"the results are byte-identical {digests[0][:12]}")
    for worker in pair:
        worker.kill()


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.workers", description=__doc__)
    parser.add_argument("--gallery", type=int, default=600, help="photos")
    parser.add_argument("--queries", type=int, default=300, help="photos")
    arguments = parser.parse_args()
    check = Check()
    folder = Path(tempfile.mkdtemp(prefix="study-workers-"))
    folder.chmod(0o755)
    try:
        with servers(folder, has_redis=True) as (site, postgres, redis):
            assert postgres is not None
            assert redis is not None
            site.manage("manage.py", "migrate", "--verbosity", "0")
            work = Work(site, postgres, redis, check)
            measure(work, folder, arguments.gallery, arguments.queries)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return int(bool(check.failures))


if __name__ == "__main__":
    sys.exit(main())
