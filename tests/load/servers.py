"""Servers of one's own for a test of load: PostgreSQL, Redis, the site and its workers.

All listen on this machine alone, on free ports, with their files in one folder; all end with it.
"""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from study_site.demo.bootstrap import ROOT, die_with_parent

TICK = os.sysconf("SC_CLK_TCK")
START_S = 60.0


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process, of its ended children, and of those that run."""
    with suppress(OSError, ValueError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        own = sum(int(item) for item in fields[11:15]) / TICK
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return own + sum(cpu_seconds(int(child)) for child in children)
    return 0.0


class Server:
    """A process in a group of its own."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder, self.port = name, folder, free_port()
        self.log = folder / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, command: Sequence[str], **options: Any) -> None:
        """Start the process; its output goes to the log."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=partial(die_with_parent, signal.SIGKILL),
                **options,
            )

    @property
    def pid(self) -> int:
        """The first process of the group."""
        assert self.process is not None
        return self.process.pid

    def children(self) -> list[int]:
        """Return the processes that the first one started."""
        text = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(pid) for pid in text.split()]

    def send(self, number: signal.Signals) -> None:
        """Signal the first process."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End the whole group at once."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def wait(self, timeout_s: float = 30.0) -> int | None:
        """Wait until the first process has ended; None if it has not."""
        assert self.process is not None
        with suppress(subprocess.TimeoutExpired):
            return self.process.wait(timeout_s)
        return None

    def listens(self) -> bool:
        """Say whether something answers on the port."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def wait_ready(self) -> None:
        """Wait until the port answers. Raises ``RuntimeError`` with the log's end."""
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            if self.process is None or self.process.poll() is not None:
                break
            if self.listens():
                return
            time.sleep(0.05)
        raise RuntimeError(f"{self.name} did not start: {self.log.read_text()[-2000:]}")


class Postgres(Server):
    """A cluster with its defaults: an answer that is confirmed is on the disk."""

    def __init__(self, folder: Path) -> None:
        super().__init__("postgres", folder)
        self.data = folder / "postgres"
        found = shutil.which("initdb") or max(
            glob.glob("/usr/lib/postgresql/*/bin/initdb"), default=""
        )
        if not found:
            raise RuntimeError("PostgreSQL's initdb was not found; expected it in PATH.")
        self.bin = Path(os.path.realpath(found)).parent
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        self._who: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            owner = pwd.getpwnam("postgres")
            self._who = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}

    def init(self) -> None:
        """Make the cluster."""
        self.data.mkdir()
        if self._who:
            os.chown(self.data, self._who["user"], self._who["group"])
        command = [
            self.bin / "initdb",
            "-D",
            self.data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
        ]
        subprocess.run(
            [*map(str, command), "--locale=C.UTF-8"], check=True, stdout=subprocess.DEVNULL,
            cwd="/", **self._who,
        )  # fmt: skip

    def start(self) -> None:
        """Start the cluster and wait until it takes connections."""
        command = [
            self.bin / "postgres", "-D", self.data, "-h", "127.0.0.1", "-p", self.port,
            "-k", "", "-c", "max_connections=100",
        ]  # fmt: skip
        self.run([str(item) for item in command], cwd="/", **self._who)
        self.wait_ready()
        ready = [str(self.bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        for _ in range(200):
            if subprocess.run(ready, check=False).returncode == 0:
                return
            time.sleep(0.05)

    def restart(self) -> None:
        """Cut every connection, as an immediate restart does."""
        self.send(signal.SIGQUIT)
        self.wait()
        self.start()


class Redis(Server):
    """A Redis that keeps nothing on the disk."""

    def __init__(self, folder: Path) -> None:
        super().__init__("redis", folder)
        self.url = f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it."""
        options = [
            "--bind",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        self.run(["redis-server", *options], cwd=self.folder)
        self.wait_ready()

    def restart(self) -> None:
        """Lose everything and start anew."""
        self.kill()
        self.start()


class Site(Server):
    """Gunicorn with the code of ``root``, in production settings on plain HTTP."""

    def __init__(self, folder: Path, root: Path, environment: Mapping[str, str]) -> None:
        super().__init__("web", folder)
        self.root = root
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = kept | {
            "DATA_DIR": str(folder / "data"),
            "PYTHONPATH": str(root),
            "DJANGO_SETTINGS_MODULE": "study_site.settings",
            "DEBUG": "false",
            "ALLOW_HTTP": "true",
            "ALLOWED_HOSTS": "127.0.0.1",
            "SECRET_KEY": "only-for-a-test-of-load-0123456789-abcdefghij",
            "CONSENTS_PER_ADDRESS": "0",
            "LOG_LEVEL": "WARNING",
            "OMP_NUM_THREADS": "1",
            **environment,
        }

    def start(self) -> None:
        """Start two processes of four threads."""
        bind = f"127.0.0.1:{self.port}"
        command = ["-m", "gunicorn", "study_site.wsgi", "--bind", bind, "--workers", "2"]
        more = ["--threads", "4", "--preload", "--backlog", "4096"]
        self.run([sys.executable, *command, *more], cwd=self.root, env=self.environment)
        self.wait_ready()
        with urllib.request.urlopen(f"http://{bind}/login/", timeout=START_S):
            pass

    def manage(self, *arguments: str, stdin: str | None = None) -> str:
        """Run Python with arguments on the site's settings, and return what it prints."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.root, env=self.environment, text=True,
            input=stdin, capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: {done.stderr[-3000:]}")
        return done.stdout


class Worker(Server):
    """A Celery worker of a site."""

    def __init__(self, site: Site, name: str = "worker", largest_file: int = 0) -> None:
        super().__init__(name, site.folder)
        self.site, self.largest_file = site, largest_file

    def start(self) -> None:
        """Start one process that works on one job at a time.

        No file of it grows beyond ``largest_file`` bytes, as on a full disk; 0: no limit.
        """
        options = ["--pool", "solo", "--loglevel", "info", "--without-gossip", "--without-mingle"]
        command = [sys.executable, "-m", "celery", "-A", "study_site", "worker", *options]
        if self.largest_file:
            command = ["prlimit", f"--fsize={self.largest_file}", *command]
        self.run(
            [*command, "-n", f"{self.name}@here"], cwd=self.site.root, env=self.site.environment
        )


@contextmanager
def servers(
    folder: Path, root: Path = ROOT, *, database: str = "postgresql", has_redis: bool = False
) -> Iterator[tuple[Site, Postgres | None, Redis | None]]:
    """Start a site, with its database and Redis if asked; end them all at last."""
    with ExitStack() as stack:
        environment = {}
        postgres = redis = None
        if database == "postgresql":
            postgres = Postgres(folder)
            postgres.init()
            stack.callback(postgres.kill)
            postgres.start()
            environment["DATABASE_URL"] = postgres.url
        if has_redis:
            redis = Redis(folder)
            stack.callback(redis.kill)
            redis.start()
            environment |= {"CACHE_URL": f"{redis.url}/1", "CELERY_BROKER_URL": f"{redis.url}/0"}
        site = Site(folder, root, environment)
        stack.callback(site.kill)
        yield site, postgres, redis
