"""``make chaos``: breaks a site of its own while people play and workers work.

Faults: a web worker killed (twice), PostgreSQL and Redis restarted at once, a Celery worker killed
in the middle of a gallery and of predictions, stopped cold, the broker emptied, and a disk full. At
the end every confirmed answer is stored exactly once, everybody goes on, every job is done without
a person, and the predictions are those of an undisturbed run, byte by byte. It takes some minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg2

from tests.classifiers.test_worker import photos
from tests.load.__main__ import WORLD, enter_all, lost_and_doubled, play, say
from tests.load.people import Person, Times
from tests.load.servers import Postgres, Redis, Site, Worker, servers

THINK_S, SECONDS = 1.5, 45.0
COPIES = 8  # of each photo, moved by a few grey values: a gallery takes some seconds
DONE_WITHIN_S = 900.0
NAMES = ["knn", "emd-corr"]
LARGEST_FILE = 10_000_000  # bytes; the gallery has 54 MB
ERROR = """
from classifiers.models import Gallery
print(Gallery.objects.get(dataset__slug="full").error)
"""
REQUEST = """
from classifiers.models import Dataset
from classifiers.services import queueing
found = Dataset.objects.get(slug={slug!r})
gallery = queueing.gallery_request(dataset=found, backbone="efficientnet-lite0")
if {classifiers!r}:
    queueing.runs_request(gallery=gallery, classifiers={classifiers!r})
"""
DIGEST = """
import hashlib, json
from classifiers.models import Gallery, Neighbor, Prediction
gallery = Gallery.objects.get(dataset__slug={slug!r})
h = hashlib.sha256()
for path in sorted(gallery.folder.glob("*.npy")):
    if path.name != "image_ids.npy":  # keys of rows
        h.update(path.name.encode() + path.read_bytes())
order = ("run__classifier", "image__sha256")
rows = Prediction.objects.filter(run__dataset__slug={slug!r}).order_by(*order)
columns = (*order, "category__name", "confidence", "n_votes", "n_voters")
h.update(repr(list(rows.values_list(*columns))).encode())
near = Neighbor.objects.filter(prediction__run__dataset__slug={slug!r})
near = near.order_by("prediction__run__classifier", "prediction__image__sha256", "rank")
for row in near.values_list("rank", "image__sha256", "score", "similarity", "matches"):
    h.update(repr(row).encode())
print(h.hexdigest(), rows.count(), near.count())
"""


def copies(root: Path) -> None:
    """Make photos of two kinds, and copies of them that differ by some grey values."""
    import numpy as np
    from PIL import Image

    photos(root)
    rng = np.random.default_rng(1)
    for path in sorted(root.rglob("*.png")):
        pixels = np.asarray(Image.open(path)).astype(int)
        for number in range(COPIES):
            noisy = np.clip(pixels + rng.integers(-9, 10, pixels.shape), 0, 255).astype(np.uint8)
            Image.fromarray(noisy).save(path.with_name(f"{path.stem}-{number}.png"))


class Check:
    """Collects what did not hold."""

    def __init__(self) -> None:
        self.failures: list[str] = []

    def that(self, is_so: bool, words: str) -> None:
        """Say whether something holds."""
        say(f"{'ok     ' if is_so else 'FAILED '} {words}")
        if not is_so:
            self.failures.append(words)


def people_scene(site: Site, postgres: Postgres, redis: Redis, check: Check) -> None:
    """Break the servers one after another while people play."""
    site.manage(str(WORLD), "make", "60")
    site.start()
    times = Times()
    people = [Person(number, site.port, times) for number in range(20)]
    asyncio.run(enter_all(people))
    last_fault: list[int] = []

    def kill_web() -> None:
        subprocess.run(["kill", "-9", str(random.choice(site.children()))], check=False)

    faults: list[tuple[float, str, Callable[[], None]]] = [
        (5, "a web worker is killed", kill_web),
        (12, "PostgreSQL restarts at once", postgres.restart),
        (22, "Redis restarts", redis.restart),
        (30, "a web worker is killed", kill_web),
    ]

    def break_all() -> None:
        begun = time.monotonic()
        for at, words, fault in faults:
            time.sleep(max(0.0, begun + at - time.monotonic()))
            fault()
            say(f"        {words}")
        time.sleep(3)
        last_fault.extend(len(person.confirmed) for person in people)

    # The servers end with the thread that started them, so the faults are of the main thread.
    player = threading.Thread(target=lambda: asyncio.run(play(people, THINK_S, SECONDS)))
    player.start()
    break_all()
    player.join()
    lost, doubled = lost_and_doubled(site, people)
    n = sum(len(person.confirmed) for person in people)
    check.that(n > 0 and lost == 0, f"{n} answers were confirmed, {lost} of them lost")
    check.that(doubled == 0, f"{doubled} answers or people are there twice")
    stuck = sum(
        not person.is_over and len(person.confirmed) <= before
        for person, before in zip(people, last_fault, strict=True)
    )
    check.that(stuck == 0, f"{stuck} of {len(people)} people are stuck")
    say(f"        {len(times.errors)} requests failed on the way and were sent again")
    site.kill()


class Work:
    """Jobs of a site, seen from outside."""

    def __init__(self, site: Site, postgres: Postgres, redis: Redis, check: Check) -> None:
        self.site, self.postgres, self.redis, self.check = site, postgres, redis, check
        self.n_workers = 0

    def ask(self, slug: str, classifiers: list[str]) -> None:
        """Ask once for a gallery and for predictions, as a person does."""
        self.manage_shell(REQUEST.format(slug=slug, classifiers=classifiers))

    def manage_shell(self, code: str) -> str:
        """Run code in the site."""
        return self.site.manage("manage.py", "shell", "--verbosity", "0", "-c", code)

    def worker(self, *, largest_file: int = 0) -> Worker:
        """Start a worker; ``largest_file`` as in ``Worker.start``."""
        self.n_workers += 1
        worker = Worker(self.site, f"worker{self.n_workers}", largest_file)
        worker.start()
        return worker

    def states(self, table: str) -> list[tuple[str, int]]:
        """Return the state and the progress of a kind's jobs, the oldest first."""
        with closing(psycopg2.connect(self.postgres.url)) as link, link.cursor() as cursor:
            cursor.execute(f"SELECT status, n_done FROM {table} ORDER BY id")  # noqa: S608 - ours
            return [(str(status), int(n)) for status, n in cursor.fetchall()]

    def wait_for(self, table: str, reached: Callable[[list[tuple[str, int]]], bool]) -> bool:
        """Wait until the jobs of a kind are as asked; nobody does anything meanwhile."""
        until = time.monotonic() + DONE_WITHIN_S
        while time.monotonic() < until:
            if reached(self.states(table)):
                return True
            time.sleep(0.1)
        return False

    def flush(self) -> None:
        """Empty the broker."""
        subprocess.run(
            ["redis-cli", "-p", str(self.redis.port), "flushall"], check=True, capture_output=True
        )


GALLERY, RUN = "classifiers_gallery", "classifiers_predictionrun"


def all_done(states: list[tuple[str, int]]) -> bool:
    """Say whether every job is done."""
    return bool(states) and all(status == "done" for status, _ in states)


def is_under_way(states: list[tuple[str, int]]) -> bool:
    """Say whether the last job has done a part of its work."""
    return any(status == "running" and n > 0 for status, n in states)


def work_scene(work: Work, folder: Path) -> None:
    """Let workers build and predict twice: in peace, and with every fault."""
    copies(folder / "photos")
    for slug in ("calm", "storm"):
        work.site.manage("manage.py", "import_dataset", slug, str(folder / "photos"))
    worker = work.worker()
    work.ask("calm", [])
    work.wait_for(GALLERY, all_done)
    work.ask("calm", NAMES)
    work.check.that(work.wait_for(RUN, all_done), "the undisturbed work is done")

    work.ask("storm", [])
    work.wait_for(GALLERY, is_under_way)
    worker.kill()
    work.flush()
    say("        a worker is killed in the middle of a gallery, and the broker emptied")
    worker = work.worker()
    work.check.that(work.wait_for(GALLERY, all_done), "another worker finishes the gallery")

    work.ask("storm", NAMES)
    work.wait_for(RUN, is_under_way)
    worker.send(signal.SIGQUIT)
    worker.wait()
    say("        a worker is stopped cold in the middle of predictions")
    work.flush()
    worker = work.worker()
    if work.wait_for(RUN, is_under_way):
        worker.kill()
    say("        another one is killed in the middle of predictions")
    worker = work.worker()
    work.check.that(work.wait_for(RUN, all_done), "a third worker finishes the predictions")
    calm, storm = (work.manage_shell(DIGEST.format(slug=slug)) for slug in ("calm", "storm"))
    work.check.that(
        calm == storm, f"the predictions are byte-identical ({calm.split()[1]} of them)"
    )
    worker.kill()
    room_scene(work, folder, calm)


def room_scene(work: Work, folder: Path, calm: str) -> None:
    """Let a worker build a gallery without room for it, and another one with room."""
    work.site.manage("manage.py", "import_dataset", "full", str(folder / "photos"))
    worker = work.worker(largest_file=LARGEST_FILE)
    work.ask("full", [])
    work.wait_for(GALLERY, lambda states: states[-1][0] == "failed")
    said = work.manage_shell(ERROR)
    work.check.that("needs" in said and "free" in said, f"a full disk is said: {said.strip()}")
    lives = worker.process is not None and worker.process.poll() is None
    work.check.that(lives, "the worker of the full disk lives")
    worker.kill()
    worker = work.worker()
    work.ask("full", [])
    work.check.that(work.wait_for(GALLERY, all_done), "with room, the gallery is built")
    work.ask("full", NAMES)
    work.check.that(work.wait_for(RUN, all_done), "and the predictions are made")
    full = work.manage_shell(DIGEST.format(slug="full"))
    work.check.that(full == calm, "they are byte-identical, too")
    worker.kill()


def main() -> int:
    """Run the scenes; 1 if anything did not hold."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--scene", choices=["people", "work", "all"], default="all")
    scene = parser.parse_args().scene
    check = Check()
    folder = Path(tempfile.mkdtemp(prefix="study-chaos-"))
    folder.chmod(0o755)
    try:
        with servers(folder, has_redis=True) as (site, postgres, redis):
            assert postgres is not None
            assert redis is not None
            site.manage("manage.py", "migrate", "--verbosity", "0")
            if scene in {"work", "all"}:
                work_scene(Work(site, postgres, redis, check), folder)
            if scene in {"people", "all"}:
                people_scene(site, postgres, redis, check)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    say(json.dumps({"failed": check.failures}))
    return int(bool(check.failures))


if __name__ == "__main__":
    sys.exit(main())
