"""``manage.py screenshots``: pictures of every page, for the documentation."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from study_site.demo.bootstrap import die_with_parent

# The shell is the same engine without a window, and needs about half the processor time.
BROWSERS: Final = ("chromium-headless-shell", "chromium", "google-chrome")


def chromium_found() -> str | None:
    """Return ``CHROMIUM``, or the first Chromium on the path."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


def chromium_path() -> str:
    """Return the browser that takes the pictures. Raises ``CommandError`` if there is none."""
    if importlib.util.find_spec("playwright") is None:
        raise CommandError(
            "Playwright is not installed; it is one of the development tools. "
            "Run: pip install -r requirements-dev.txt"
        )
    path = chromium_found()
    if path is None or not Path(path).is_file():
        seen = f"CHROMIUM={path} is no file" if path else f"there is none of {', '.join(BROWSERS)}"
        raise CommandError(
            f"No Chromium: {seen}. Install one (apt install chromium), or set "
            "CHROMIUM=/path/to/chromium."
        )
    return path


class Command(BaseCommand):
    help = (
        "Take pictures of every page, on a laptop and on a phone, and list them in a .md file "
        "next to the folder. They show a small study in a temporary database: the site's data are "
        "neither shown nor changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        folder = Path(settings.BASE_DIR) / "docs" / "screenshots"
        parser.add_argument("--out", type=Path, default=folder, help="folder (docs/screenshots)")

    def handle(self, *args: Any, out: Path, **options: Any) -> None:
        browser = chromium_path()
        with tempfile.TemporaryDirectory(prefix="screenshots-") as folder:
            # A separate process, because settings are read once and these pages need another
            # database.
            kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
            environment = kept | {"DATA_DIR": folder, "CHROMIUM": browser, "PYTHONPATH": "."}
            command = [sys.executable, "-m", "study_site.demo.screenshots", str(out.resolve())]
            try:
                done = subprocess.run(
                    command,
                    cwd=settings.BASE_DIR,
                    env=environment,
                    check=False,
                    preexec_fn=die_with_parent,
                )
            except KeyboardInterrupt:
                raise CommandError("Interrupted.", returncode=130) from None
        if done.returncode:
            raise CommandError(f"No pictures: what went wrong is above (exit {done.returncode}).")
        self.stdout.write(f"Pictures: {out}, listed in {out.with_suffix('.md')}")
