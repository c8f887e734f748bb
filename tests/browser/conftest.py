"""Real Chromium, driven by Playwright; skipped with a reason where there is none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from threading import Lock
from time import monotonic, sleep

import pytest
from django.core.signals import request_finished, request_started
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from study_site.management.commands.screenshots import chromium_found

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# A busy machine is no failure: pictures are drawn, and pages computed, while others work too.
PATIENCE_MS = 60_000
QUIET_S = 0.1
expect.set_options(timeout=PATIENCE_MS / 2)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start the machine's Chromium once."""
    path = chromium_found()
    if path is None:
        reason = "no Chromium on this machine: apt install chromium, or set CHROMIUM=/path/to/it"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    with sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread, which Django would take for async code.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class UnderWay:
    """How many requests the test site is answering at this moment, in all of its threads."""

    def __init__(self) -> None:
        self.n, self.last, self.lock = 0, 0.0, Lock()

    def begin(self, **_: object) -> None:
        self._note(1)

    def end(self, **_: object) -> None:
        self._note(-1)

    def _note(self, change: int) -> None:
        with self.lock:
            self.n, self.last = self.n + change, monotonic()

    def is_quiet(self) -> bool:
        """Whether nothing is under way, and nothing was a moment ago."""
        with self.lock:
            return self.n <= 0 and monotonic() - self.last > QUIET_S


@pytest.fixture(autouse=True)
def _answered(request: pytest.FixtureRequest) -> Iterator[None]:
    """Wait for what closing pages still tell the site, before its database is emptied."""
    if "live_server" not in request.fixturenames:
        yield
        return
    under_way = UnderWay()
    request_started.connect(under_way.begin)
    request_finished.connect(under_way.end)
    yield
    deadline = monotonic() + PATIENCE_MS / 1000
    while not under_way.is_quiet() and monotonic() < deadline:
        sleep(QUIET_S / 5)
    request_started.disconnect(under_way.begin)
    request_finished.disconnect(under_way.end)


@pytest.fixture
def context(chromium: Browser, live_server: LiveServer) -> Iterator[BrowserContext]:
    """Open a fresh browser profile on the test site; script errors fail the test."""
    context = chromium.new_context(
        base_url=live_server.url, viewport={"width": 1366, "height": 768}
    )
    context.set_default_timeout(PATIENCE_MS)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    for page in context.pages:  # left, they tell the site what they still have to tell
        page.goto("about:blank")
    context.close()
    assert errors == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Open one tab."""
    return context.new_page()
