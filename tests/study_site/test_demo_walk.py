"""The whole demo as a stranger meets it: killed on the way, opened, simulated, exported, stopped.

Takes minutes, so it runs with ``-m demo`` only (continuous integration does).
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from analysis.export.export_bundle import data_path
from trials.simulation.robots import Robot

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.demo


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Demo:
    """A demo in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.environment = {**kept, "DATA_DIR": str(folder), "PYTHONPATH": str(ROOT)}
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[str] | None = None

    def start(self, until: str) -> list[str]:
        """Start it and read what it says until a line begins so."""
        command = [sys.executable, "-m", "study_site.demo", "--port", str(self.port)]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        said = []
        for line in self.process.stdout:
            said.append(line.rstrip())
            if line.startswith(until):
                return said
        raise AssertionError(f"The demo ended after: {said}")

    def end(self, how: signal.Signals) -> int:
        """End it and return its exit status."""
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.send_signal(how)
        with self.process.stdout as rest:
            rest.read()
        return self.process.wait(30)

    def manage(self, *words: str) -> str:
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def processes(self) -> list[str]:
        """Return what still runs on this demo's folder."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            try:
                is_ours = f"DATA_DIR={self.folder}\0".encode() in (place / "environ").read_bytes()
                command = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if is_ours and command:
                found.append(command)
        return found

    def nothing_runs(self) -> bool:
        """Wait a little for the last process to end."""
        deadline = time.monotonic() + 15
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.1)
        return not self.processes()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    demo = Demo(tmp_path / "var")
    yield demo
    if demo.process is not None and demo.process.poll() is None:
        demo.process.kill()
        demo.process.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_the_demo_opens_after_being_killed_and_recovers_its_robots(
    demo: Demo, tmp_path: Path
) -> None:
    demo.start(until="[3/7]")
    time.sleep(8)  # in the middle of the extraction
    demo.end(signal.SIGKILL)
    assert demo.nothing_runs()

    demo.start(until="Ctrl-C stops everything")
    with urllib.request.urlopen(f"http://localhost:{demo.port}/s/demo/", timeout=10) as page:
        assert "Can you tell when an AI is wrong?" in page.read().decode()

    assert "12 completed" in demo.manage("simulate", "demo", "--participants", "12", "--seed", "1")
    demo.manage("export_study", "demo", "--out", str(tmp_path), "--include-simulated")
    rows = pd.read_csv(tmp_path / data_path("demo", "responses", include_simulated=True))
    table = pd.read_csv(tmp_path / "tables" / "accuracy.csv").query("analysed == 'all'")
    completed = rows[rows.participant_status == "completed"]
    assert set(completed.groupby("participant_id").size()) == {30}
    assert table.n_participants.max() - table.n_participants.min() <= 1
    expected = 100 * Robot().accuracy
    # Of six 95 % intervals one may well miss; twice as wide they hold 99.99 %.
    half = (table.accuracy_high - table.accuracy_low) / 2
    assert ((table.accuracy_mean - expected).abs() <= 2 * half).all()

    assert demo.end(signal.SIGINT) == 0
    assert demo.nothing_runs()
    demo.start(until="Ctrl-C stops everything")
    assert demo.end(signal.SIGTERM) == 0
    assert demo.nothing_runs()
