"""``make demo``: set up and run a study with real photos and simulated people.

Each stage does only what is missing, so an interrupted demo continues where it stopped. The worker
and the web server are children of this process and end with it.
"""

from __future__ import annotations

import argparse
import fcntl
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from study_site.demo.bootstrap import ROOT, die_with_parent
from study_site.places import HOME

DATA_DIR = Path(os.environ.get("DATA_DIR", HOME / "var")).resolve()
LOGS = DATA_DIR / "log"
N_ROBOTS = 24
STAGES = 7


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def stage(number: int, text: str) -> None:
    """Announce a stage."""
    say(f"[{number}/{STAGES}] {text}")


def kept_secret(name: str, n_bytes: int) -> str:
    """Return a secret of this demo, created once and readable only by its owner."""
    path = DATA_DIR / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".tmp")
        partial.touch(mode=0o600)
        partial.write_text(secrets.token_urlsafe(n_bytes))
        partial.replace(path)
    return path.read_text()


def environment() -> None:
    """Run as in production, but on plain HTTP and on this machine only."""
    os.environ["DATA_DIR"] = str(DATA_DIR)  # the same folder in the child processes
    os.environ.setdefault("DEBUG", "false")
    os.environ.setdefault("ALLOW_HTTP", "true")
    os.environ.setdefault("ALLOWED_HOSTS", "localhost,127.0.0.1")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    os.environ.setdefault("SECRET_KEY", kept_secret("secret-key", 40))


def check_port(port: int) -> None:
    """Refuse a port that another process uses, before anything long starts."""
    if not 0 < port < 65536:
        sys.exit(f"Port {port}: expected a number from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            sys.exit(f"Port {port} needs an administrator's rights. Try: make demo PORT=8000")
        except OSError as error:
            sys.exit(f"Port {port}: {error}. Choose another one: make demo PORT={port + 1}")


@contextmanager
def only_demo() -> Iterator[None]:
    """Keep a second demo away from this one's database and worker."""
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    with (DATA_DIR / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"A demo already runs on {DATA_DIR}. Stop it first (Ctrl-C in its terminal).")
        yield


class Children:
    """Child processes that end when this process is stopped, interrupted or killed."""

    def __init__(self) -> None:
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, name: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start a child, logging to a file and out of reach of the terminal's Ctrl-C."""
        LOGS.mkdir(parents=True, exist_ok=True)
        with (LOGS / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                # Killed if this process is killed: a terminated worker would first finish its task,
                # at the same time as the next demo's worker.
                preexec_fn=partial(die_with_parent, signal.SIGKILL),
            )
        self.running.append(child)
        return child

    def stop(self, grace_s: float = 4) -> None:
        """End every child: terminate it, then kill it."""
        for child in self.running:
            child.terminate()
        deadline = time.monotonic() + grace_s
        for child in self.running:
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def wait_for_site(url: str, server: subprocess.Popen[bytes]) -> None:
    """Return once the page answers."""
    # Directly to this machine, without the environment's proxy.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(300):
        if server.poll() is not None:
            sys.exit(f"The web server ended. Its log: {LOGS / 'web.log'}")
        try:
            direct.open(url, timeout=5)
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    sys.exit(f"The web server does not answer. Its log: {LOGS / 'web.log'}")


def start_worker(children: Children) -> Callable[[], None]:
    """Start the one Celery worker; return a look at it that ends the demo if it died."""
    from classifiers.services.jobs import jobs_release

    # No other worker runs on this folder. So the jobs of an earlier worker are free, and its
    # messages (or half of one, after a power cut) are sent again.
    jobs_release()
    for message in (DATA_DIR / "broker" / "messages").glob("*"):
        message.unlink()
    options = ["--pool", "solo", "--loglevel", "info", "--without-gossip", "--without-mingle"]
    worker = children.start("worker", ["celery", "-A", "study_site", "worker", *options])

    def look() -> None:
        if worker.poll() is not None:
            sys.exit(f"The worker ended. Its log: {LOGS / 'worker.log'}. Run make demo again.")

    return look


def serve(port: int, children: Children) -> None:
    """Start the web server and say where everything is."""
    server = ["gunicorn", "study_site.wsgi", "--bind", f"127.0.0.1:{port}", "--preload"]
    child = children.start("web", [*server, "--workers", "2", "--threads", "4"])
    site = f"http://localhost:{port}"
    door = f"{site}/s/demo/"
    wait_for_site(f"http://127.0.0.1:{port}/s/demo/", child)
    say(
        f"\nThe demo is open.\n\n  take part   {door}\n  staff       {site}/studio/\n"
        f"  login       staff / {kept_secret('staff-password', 9)}\n\n"
        "Ctrl-C stops everything; the next `make demo` starts in seconds."
    )
    if sys.stdout.isatty() and (os.environ.get("DISPLAY") or sys.platform == "darwin"):
        webbrowser.open(door)
    child.wait()
    sys.exit(f"The web server ended. Its log: {LOGS / 'web.log'}")


def main() -> None:
    """Set up what is missing, then serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    port = parser.parse_args().port
    # SIGTERM means the same as Ctrl-C; and a shell that started this process in the background may
    # have made it ignore Ctrl-C.
    for polite in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if polite != signal.SIGHUP or signal.getsignal(polite) != signal.SIG_IGN:  # nohup
            signal.signal(polite, signal.default_int_handler)
    check_port(port)
    with only_demo():
        run(port)


def run(port: int) -> None:
    """Go through the stages; at the end, leave no process running."""
    environment()
    import django

    django.setup()
    logging.getLogger("celery").setLevel(logging.WARNING)
    # Kombu warns that a broker of files has no host name.
    logging.getLogger("kombu").setLevel(logging.ERROR)
    from django.core.management.base import CommandError

    from study_site.demo import demo_study

    children = Children()
    try:
        stage(1, "Database and styles")
        demo_study.migrate()
        demo_study.collect_static()
        look = start_worker(children)
        demo_study.prepare(stage, n_robots=N_ROBOTS, look=look)
        demo_study.staff_user(kept_secret("staff-password", 9))
        stage(STAGES, "Web server")
        serve(port, children)
    except KeyboardInterrupt:
        say("\nStopping.")
    except CommandError as error:
        sys.exit(f"{error}\nThe worker's log: {LOGS / 'worker.log'}")
    finally:
        children.stop()
