"""The pictures of the documentation: ``python -m study_site.demo.screenshots FOLDER``.

Started by ``manage.py screenshots`` with a ``DATA_DIR`` of its own. Playwright is a development
tool: nothing else in the platform imports this module.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

from study_site.demo import serve
from study_site.demo.album import Album


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
