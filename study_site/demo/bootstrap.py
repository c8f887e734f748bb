"""Set up ``.venv`` on a machine that has only Python 3.11, then run a command in it.

    python3 study_site/demo/bootstrap.py requirements.txt [more.txt ...] [-- command ...]

Standard library only, because it runs before anything is installed. It can be interrupted: an
incomplete environment is recognised and made again. Two simultaneous set-ups wait for each other.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".installed.json"
DIRTY = ROOT / ".setup.unfinished"
LOG = ROOT / "var" / "log" / "pip.log"


def die_with_parent(signum: int = signal.SIGTERM) -> None:
    """Ask the kernel to end this process when its parent ends, for any reason (Linux)."""
    if sys.platform == "linux":
        set_parent_death_signal = 1  # PR_SET_PDEATHSIG, prctl(2)
        ctypes.CDLL(None).prctl(set_parent_death_signal, signum)


def fingerprints(names: list[str]) -> dict[str, str]:
    """Return the sha256 of each requirements file."""
    return {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in names}


def installed() -> dict[str, str]:
    """Return the files that the environment was made from; empty if it is missing or broken."""
    try:
        subprocess.run([PYTHON, "-c", ""], check=True, capture_output=True)
        stamp: dict[str, str] = json.loads(STAMP.read_text())
    except (OSError, ValueError, subprocess.CalledProcessError):
        return {}
    return {} if DIRTY.exists() else stamp


def folder_mb(folder: Path) -> int:
    """Return the size of a folder's files in MB."""
    sizes = 0
    for place, _, files in os.walk(folder):
        for name in files:
            try:
                sizes += os.lstat(os.path.join(place, name)).st_size
            except FileNotFoundError:  # pip moves things while we look
                continue
    return sizes // 1_000_000


def run_with_progress(command: list[str | Path], title: str) -> None:
    """Run a long command with its output in a log, showing time and size as it goes."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    started, shown = time.monotonic(), 0.0
    with LOG.open("w") as log:
        child = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, preexec_fn=die_with_parent
        )
        try:
            while child.poll() is None:
                time.sleep(0.2)
                seconds = time.monotonic() - started
                if seconds - shown >= (2 if sys.stdout.isatty() else 10):
                    shown = seconds
                    end = "\r" if sys.stdout.isatty() else "\n"
                    line = f"{title}: {seconds:3.0f} s, {folder_mb(VENV):5d} MB"
                    print(line, end=end, flush=True)
        except KeyboardInterrupt:
            child.terminate()
            child.wait()
            sys.exit("\nStopped. Run the same command again to continue.")
    if child.returncode:
        print("\n".join(LOG.read_text().splitlines()[-15:]), file=sys.stderr)
        sys.exit(f"{title} failed; the whole log is {LOG.relative_to(ROOT)}.")
    print(f"{title}: done in {time.monotonic() - started:.0f} s          ", flush=True)


def install(names: list[str]) -> None:
    """Install what the files name into the environment; this is fast if it is installed."""
    wanted = fingerprints(names)
    present = installed()
    if wanted.items() <= present.items():
        return
    if not present:
        if VENV.is_symlink():
            sys.exit(f"{VENV} is a link to {VENV.resolve()}. Remove it, and run this again.")
        if VENV.exists() and not STAMP.exists() and not DIRTY.exists():
            sys.exit(f"{VENV} was made by something else. Move it away, and run this again.")
        DIRTY.touch()
        shutil.rmtree(VENV, ignore_errors=True)
        run_with_progress([sys.executable, "-m", "venv", VENV], "Making .venv")
    DIRTY.touch()
    # Python compiles a module when it is first imported. Of the 16,000 modules few ever are: to
    # compile all of them here took as long as everything else.
    command: list[str | Path] = [PYTHON, "-m", "pip", "install", "--no-compile"]
    command += ["--disable-pip-version-check"]
    for name in present | wanted:
        if (ROOT / name).exists():
            command += ["-r", ROOT / name]
    run_with_progress(command, "Installing packages")
    STAMP.write_text(json.dumps(present | wanted))
    DIRTY.unlink()


def main() -> None:
    """Install what the files before ``--`` name, then become the command behind it."""
    if sys.version_info[:2] != (3, 11):
        sys.exit(
            f"This is Python {sys.version.split()[0]}; the platform needs 3.11. "
            "Install it, or name it: make PYTHON=/path/to/python3.11 ..."
        )
    die_with_parent()
    words = sys.argv[1:]
    cut = words.index("--") if "--" in words else len(words)
    with (ROOT / ".setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        install(words[:cut])
    if command := words[cut + 1 :]:
        os.execv(PYTHON, [str(PYTHON), *command])


if __name__ == "__main__":
    main()
