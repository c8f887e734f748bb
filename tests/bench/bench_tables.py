"""How the tables of an analysis grow: time and memory of ten times the answers

Invented studies of 100,000 and 1,000,000 answers in five conditions, thirty answers a person,
with an exclusion rule, so that every table is reckoned twice. Each runs in a process of its
own, which reads the frames from a file: its peak is all that the process ever held, with the
interpreter, the libraries and the frames.
"""

from __future__ import annotations

import argparse
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # started as a file, it finds the packages

N_TRIALS, SIZES = 30, (100_000, 1_000_000)


def frames_write(path: Path, n_answers: int) -> None:
    from tests.analysis.simulated import CONDITIONS, simulate

    n_each = -(-n_answers // (N_TRIALS * len(CONDITIONS)))
    frames = simulate(n_each, n_sets=20, n_trials=N_TRIALS, n_pool=5000)
    path.write_bytes(pickle.dumps((frames.responses, frames.people, frames.items)))


def tables_run(path: Path) -> None:
    from tqdm import tqdm

    from analysis.tables.tables import tables_of
    from tests.analysis.simulated import declared

    with path.open("rb") as file:
        responses, people, items = pickle.load(file)  # noqa: S301 - written by us, just before
    before = _peak_mb()
    start = time.process_time()
    with tqdm(desc=f"{len(responses)} answers", unit="table") as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        tables_of(
            responses, people, items, declared(exclusions=("accuracy<=50",)), progress=progress
        )
    print(time.process_time() - start, _peak_mb(), before)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _child(verb: str, path: Path, n_answers: int) -> list[float]:
    command = [sys.executable, __file__, verb, str(path), str(n_answers)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [float(word) for word in done.stdout.split()]


def main() -> None:
    from tests.bench.timing import Row, report

    seconds, peaks = [], []
    with tempfile.TemporaryDirectory() as folder:
        for n_answers in SIZES:
            path = Path(folder) / str(n_answers)
            _child("write", path, n_answers)
            took, peak, before = _child("run", path, n_answers)
            print(f"{n_answers} answers: {took:.1f} s of one core, {peak:.0f} MB at the peak, "
                  f"{before:.0f} MB of them before")  # fmt: skip
            seconds.append(took)
            peaks.append(peak)
    report(
        [
            Row("Tables: time of 10 x the answers / time", seconds[1] / seconds[0], at_most=12),
            Row(
                "Tables: peak memory of 1,000,000 answers, in 1,000 MB", peaks[1] / 1000, at_most=1
            ),
        ]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", nargs="?", choices=("write", "run"))
    parser.add_argument("path", nargs="?", type=Path)
    parser.add_argument("n_answers", nargs="?", type=int)
    given = parser.parse_args()
    if given.verb == "write":
        frames_write(given.path, given.n_answers)
    elif given.verb == "run":
        tables_run(given.path)
    else:
        main()
