"""The way of a datum from folder to prediction, through commands and a real worker process."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import psycopg2
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.worker
QUEUE_GALLERY = (
    "from classifiers.models import *; "
    "Gallery.objects.create(dataset=Dataset.objects.get(), backbone='efficientnet-lite0')"
)


def photos(root: Path) -> None:
    """Make two kinds of photos that a network tells apart: stripes across and stripes down."""
    rng = np.random.default_rng(0)
    # Several batches of the gallery, so that a worker can be stopped between them.
    for split, n in (("gallery", 40), ("query", 5)):
        for category, axis in (("across", 0), ("down", 1)):
            folder = root / split / category
            folder.mkdir(parents=True)
            for number in range(n):
                wave = np.sin(np.arange(96) / rng.uniform(2, 4)) * 90 + 128
                stripes = np.broadcast_to(np.expand_dims(wave, 1 - axis), (96, 96))
                noisy = np.clip(stripes + rng.normal(0, 15, (96, 96)), 0, 255)
                Image.fromarray(noisy.astype(np.uint8)).save(folder / f"{number:02d}.png")


@contextmanager
def database(template: str = "template1") -> Iterator[dict[str, str]]:
    """Copy a database where the suite runs on PostgreSQL; SQLite's is a file of the site."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        yield {}
        return
    name = f"worker_{uuid.uuid4().hex[:12]}"
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield {"DATABASE_URL": urlsplit(url)._replace(path=f"/{name}").geturl()}
        finally:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Site:
    """A site of its own in a temporary folder, on the suite's database server and broker."""

    def __init__(self, folder: Path, database_url: dict[str, str]) -> None:
        kept = ("PATH", "HOME", "CELERY_BROKER_URL")
        environment = {name: os.environ[name] for name in kept if name in os.environ}
        own = {"DATA_DIR": str(folder), "CELERY_QUEUE": f"test-{uuid.uuid4().hex}"}
        self.environment = {**environment, **database_url, **own, "PYTHONPATH": str(ROOT)}
        self.folder = folder

    def manage(self, *words: str, timeout: int = 600) -> str:
        """Run a command of ours and return what it says."""
        result = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert result.returncode == 0, result.stderr[-3000:]
        return result.stdout

    def gallery_status(self) -> str:
        """Read the state of the only gallery, without starting Django."""
        url = self.environment.get("DATABASE_URL")
        connect = psycopg2.connect(url) if url else sqlite3.connect(self.folder / "db.sqlite3")
        with closing(connect) as connection, closing(connection.cursor()) as cursor:
            cursor.execute("SELECT status FROM classifiers_gallery")
            return str(cursor.fetchone()[0])

    def wait_for_gallery(self, status: str) -> None:
        """Wait until the gallery is in a state, a minute at most."""
        deadline = time.monotonic() + 60
        while (seen := self.gallery_status()) != status:
            said = (self.folder / "worker.log").read_text()[-3000:]
            assert seen not in ("done", "failed"), said
            assert time.monotonic() < deadline, said
            time.sleep(0.05)

    def worker(self, *pool: str) -> subprocess.Popen[bytes]:
        """Start a worker; a solo one if no pool is named."""
        command = [sys.executable, "-m", "celery", "-A", "study_site", "worker"]
        with (self.folder / "worker.log").open("ab") as log:
            return subprocess.Popen(
                [*command, *(pool or ("--pool", "solo"))],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
            )


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with the photos: its tables and the import take longer than the tests."""
    folder = tmp_path_factory.mktemp("imported")
    photos(folder / "photos")
    with database() as database_url:
        site = Site(folder / "var", database_url)
        site.manage("migrate", "--verbosity", "0")
        site.manage("import_dataset", "stripes", str(folder / "photos"))
        yield site


@pytest.fixture
def site(imported: Site, tmp_path: Path) -> Iterator[Site]:
    """A copy of the site with the photos."""
    shutil.copytree(imported.folder, tmp_path / "var")
    url = imported.environment.get("DATABASE_URL")
    with database(urlsplit(url).path.strip("/")) if url else database() as database_url:
        yield Site(tmp_path / "var", database_url)


def test_a_folder_becomes_predictions_on_a_real_worker(site: Site) -> None:
    # Asked for before a worker runs, and no message is sent: the worker finds it in the table.
    site.manage("shell", "--verbosity", "0", "-c", QUEUE_GALLERY)
    worker = site.worker()
    try:
        site.wait_for_gallery("done")
        both = ("--classifier", "knn", "--classifier", "emd-corr", "--set", "n_voters=5")
        said = site.manage("predict", "stripes", *both)
    finally:
        worker.kill()
        worker.wait()
    assert "knn            10 of 10: 100.0 % right (run 1, knn-n_voters=5)" in said
    assert "emd-corr       10 of 10: 100.0 % right (run 2, emd-corr-n_voters=5)" in said
    code = (
        "from classifiers.models import *; first = Neighbor.objects.filter("
        "prediction__run__classifier='emd-corr', rank=0); "
        "print(Prediction.objects.count(), Neighbor.objects.count(), "
        "{len(each.matches) for each in first})"
    )
    assert "20 100 {5}" in site.manage("shell", "--verbosity", "0", "-c", code)


@pytest.mark.parametrize("pool", [("--pool", "solo"), ("--pool", "prefork", "--concurrency", "1")])
def test_a_worker_that_is_stopped_at_once_gives_its_job_back(
    site: Site, pool: tuple[str, ...]
) -> None:
    site.manage("shell", "--verbosity", "0", "-c", QUEUE_GALLERY)
    worker = site.worker(*pool)
    try:
        site.wait_for_gallery("running")
        worker.send_signal(signal.SIGQUIT)
        worker.wait(timeout=60)
    finally:
        worker.kill()
        worker.wait()
    assert site.gallery_status() == "queued"
