"""``make demo``: from nothing to a running study with real photos and simulated people.

Each stage looks at what is there and does what is missing, so an interrupted demo goes on where
it was. The worker and the web server are children of this process and end with it.
"""

from __future__ import annotations

import argparse
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
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from study_site.bootstrap import ROOT, die_with_parent

DATA_DIR = Path(os.environ.get("DATA_DIR", ROOT / "var"))
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
    """Return a secret of this demo, made once and readable by its owner only."""
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
    os.environ.setdefault("DEBUG", "false")
    os.environ.setdefault("ALLOW_HTTP", "true")
    os.environ.setdefault("ALLOWED_HOSTS", "localhost,127.0.0.1")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    os.environ.setdefault("SECRET_KEY", kept_secret("secret-key", 40))


def check_port(port: int) -> None:
    """Refuse a port that something else listens on, before anything long starts."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            sys.exit(f"Port {port} is in use. Choose another one: make demo PORT={port + 1}")


class Children:
    """Processes that end with this one, whether it is stopped, interrupted or killed."""

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
                # Killed outright if this process is: a worker asked politely would first finish
                # its task, beside the next demo's worker.
                preexec_fn=partial(die_with_parent, signal.SIGKILL),
            )
        self.running.append(child)
        return child

    def stop(self, grace_s: float = 4) -> None:
        """End every child: politely, then for good."""
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
    for _ in range(300):
        if server.poll() is not None:
            sys.exit(f"The web server ended. Its log: {LOGS / 'web.log'}")
        try:
            urllib.request.urlopen(url, timeout=5)  # noqa: S310 - our own http address
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    sys.exit(f"The web server does not answer. Its log: {LOGS / 'web.log'}")


def start_worker(children: Children) -> None:
    """Start the one Celery worker; it takes up what an earlier one left."""
    from classifiers.services.jobs import jobs_release

    jobs_release()
    options = ["--pool", "solo", "--loglevel", "info", "--without-gossip", "--without-mingle"]
    children.start("worker", ["celery", "-A", "study_site", "worker", *options])


def serve(port: int, children: Children) -> None:
    """Start the web server and say where everything is."""
    server = ["gunicorn", "study_site.wsgi", "--bind", f"127.0.0.1:{port}", "--preload"]
    child = children.start("web", [*server, "--workers", "2", "--threads", "4"])
    site = f"http://localhost:{port}"
    door = f"{site}/s/demo/"
    wait_for_site(door, child)
    say(
        f"\nThe demo is open.\n\n  take part   {door}\n  staff       {site}/staff/\n"
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
    # Whoever ends this process politely means what Ctrl-C means.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    check_port(port)
    environment()
    import django

    django.setup()
    logging.getLogger("celery").setLevel(logging.WARNING)
    from django.core.management.base import CommandError

    from study_site import demo_study

    children = Children()
    try:
        stage(1, "Database and styles")
        demo_study.migrate()
        demo_study.collect_static()
        start_worker(children)
        demo_study.prepare(stage, n_robots=N_ROBOTS)
        demo_study.staff_user(kept_secret("staff-password", 9))
        stage(STAGES, "Web server")
        serve(port, children)
    except KeyboardInterrupt:
        say("\nStopping.")
    except CommandError as error:
        sys.exit(f"{error}\nThe worker's log: {LOGS / 'worker.log'}")
    finally:
        children.stop()


if __name__ == "__main__":
    main()
