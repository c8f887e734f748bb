"""A site in processes of its own, so that it can be stopped, killed and started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

from django.db import connections
from playwright.sync_api import Page

from study_site.demo.bootstrap import ROOT, die_with_parent

START_MS = 60_000


def database_url() -> str:
    """Return the address of the database that the tests use at this moment."""
    settings = connections["default"].settings_dict
    if connections["default"].vendor == "sqlite":
        return f"sqlite:///{settings['NAME']}"
    who = f"{settings['USER']}:{settings['PASSWORD']}".rstrip(":")
    return f"postgres://{who}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"


class SiteProcess:
    """A web server on the tests' database and files; always on the same port."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "web.log"
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.environment = kept | {
            "DATA_DIR": str(folder),
            "DATABASE_URL": database_url(),
            "PYTHONPATH": str(ROOT),
            "DEBUG": "true",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server anew; whoever connects from now on is served once it is up."""
        self.kill()
        server = ["-m", "gunicorn", "study_site.wsgi", "--bind", f"127.0.0.1:{self.port}"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *server, "--workers", "1", "--threads", "4"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=partial(die_with_parent, signal.SIGKILL),
            )

    def freeze(self) -> None:
        """Let connections come, and answer none."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the server and its workers at once, whatever they are doing."""
        if self.process is not None:
            self._signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, number)

    def wait(self, page: Page) -> None:
        """Wait until a page is answered again."""
        for _ in range(START_MS // 100):
            try:
                page.request.get(f"{self.url}/login/", timeout=5000)
            except Exception:  # noqa: BLE001 - refused, reset or cut off: not up yet
                assert self.process is not None
                assert self.process.poll() is None, self.log.read_text()
                page.wait_for_timeout(100)
            else:
                return
        raise AssertionError(self.log.read_text())
