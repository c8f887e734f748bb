"""The pictures of the documentation: ``python -m study_site.demo.screenshots FOLDER``.

Started by ``manage.py screenshots`` with a ``DATA_DIR`` of its own. Playwright is a development
tool: nothing else in the platform imports this module.
"""

from __future__ import annotations

import io
import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from PIL import Image as Pixels

from study_site.demo import serve

HEAD = """# What it looks like

Every page as on a laptop (1366 x 768) and on a phone (360 x 740), taken by
`python manage.py screenshots`, which writes this list too. The photos are from the ELPV set
(CC BY-NC-SA 4.0); the people are simulated.
"""
TALLEST = 2200  # pixels; of a longer page the picture shows the beginning
QUALITY = 58


class Album:
    """A folder of pictures and the list of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines = [HEAD]
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.jpg"):
            old.unlink()

    def part(self, title: str) -> None:
        """Begin a part of the list."""
        self.lines.append(f"\n## {title}\n\n")

    def add(self, name: str, sentence: str, shots: dict[str, bytes]) -> None:
        """Keep one page's pictures, by device."""
        links = []
        for device, png in shots.items():
            path = self.folder / f"{name}-{device}.jpg"
            picture = Pixels.open(io.BytesIO(png)).convert("RGB")
            picture.crop((0, 0, picture.width, min(picture.height, TALLEST))).save(
                path, quality=QUALITY, optimize=True, progressive=True
            )
            links.append(f"[{device}]({self.folder.name}/{path.name})")
        self.lines.append(f"- **{name}** ({', '.join(links)}): {sentence}\n")
        serve.say(f"  {name}")

    def close(self) -> None:
        """Write the list."""
        self.folder.with_suffix(".md").write_text("".join(self.lines), encoding="utf-8")


@contextmanager
def served(children: serve.Children) -> Iterator[str]:
    """Serve the site on a free port for a while."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = ["gunicorn", "study_site.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "4"]
    try:
        site = f"http://localhost:{port}"
        serve.wait_for_site(f"http://127.0.0.1:{port}/login/", children.start("web", server))
        yield site
    finally:
        children.stop()


def main() -> None:
    """Build the study, serve it, and take every picture."""
    if "DATA_DIR" not in os.environ or len(sys.argv) != 2:
        sys.exit("Run: python manage.py screenshots [--out FOLDER]")
    serve.environment()
    # Playwright keeps an event loop in this thread, which Django would take for async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    django.setup()
    logging.getLogger().setLevel(logging.ERROR)
    from study_site.demo import demo_study, screenshot_pages, screenshot_world

    serve.say("A small study: photos, features, predictions, simulated people")
    demo_study.migrate()
    demo_study.collect_static()
    password = serve.kept_secret("staff-password", 9)
    study = screenshot_world.build(password)
    serve.say("Pictures")
    album = Album(Path(sys.argv[1]))
    with served(serve.Children()) as site:
        screenshot_pages.take(album, site, study, password)
    album.close()


if __name__ == "__main__":
    main()
