"""What crosses the network when a trial opens, with static files as in production."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlparse

import numpy as np
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.db import connections
from django.test.testcases import LiveServerThread
from PIL import Image as Pixels
from playwright.sync_api import Browser, CDPSession, Page, expect

from classifiers.models import Image
from classifiers.services.crops import crop_encode
from tests.browser.walking import answer, begin, go_on, in_condition
from tests.factories import make_plan, make_study

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MOST_BYTES = 400_000


@pytest.fixture
def production(settings: Any, tmp_path: Path) -> Iterator[str]:
    """Serve the site through WhiteNoise under hashed names; return its address."""
    settings.STATIC_ROOT = tmp_path / "static"
    backend = {"BACKEND": "study_site.static.HashedStaticFiles"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": backend}
    call_command("collectstatic", verbosity=0, interactive=False)
    connection = connections["default"]
    shared = {}
    if connection.vendor == "sqlite" and connection.is_in_memory_db():  # type: ignore[attr-defined]
        connection.inc_thread_sharing()
        shared = {"default": connection}
    plain = cast("type[WSGIHandler]", lambda app: app)  # WhiteNoise serves, no handler of Django's
    server = LiveServerThread("localhost", plain, connections_override=shared)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    settings.ALLOWED_HOSTS = ["localhost"]
    yield f"http://localhost:{server.port}"
    server.terminate()
    if shared:
        connection.dec_thread_sharing()


def rough_photos() -> None:
    """Give every photo a crop as heavy as crops become."""
    rng = np.random.default_rng(0)
    for image in Image.objects.all():
        noise = rng.normal(128, 30, (900, 900, 3)).clip(0, 255).astype(np.uint8)
        image.crop_path.write_bytes(crop_encode(Pixels.fromarray(noise)))


class Meter:
    """Every answer that came over the network: its address and its bytes, in order."""

    def __init__(self, session: CDPSession) -> None:
        self.crossed: list[tuple[str, int]] = []
        self._urls: dict[str, str] = {}
        self._cached: set[str] = set()
        session.on("Network.responseReceived", self._answered)
        session.on("Network.requestServedFromCache", lambda e: self._cached.add(e["requestId"]))
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")

    def _answered(self, event: dict[str, Any]) -> None:
        self._urls[event["requestId"]] = event["response"]["url"]
        if event["response"].get("fromDiskCache"):
            self._cached.add(event["requestId"])

    def _finished(self, event: dict[str, Any]) -> None:
        if event["requestId"] not in self._cached:
            url = self._urls.get(event["requestId"], "?")
            self.crossed.append((urlparse(url).path, int(event["encodedDataLength"])))


@pytest.fixture
def fresh(chromium: Browser, production: str) -> Iterator[Page]:
    """Open a tab with an empty cache."""
    context = chromium.new_context(base_url=production)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("condition", ["EMD-Corr", "kNN", "ResNet-50"])
def test_from_the_second_trial_on_nothing_but_the_page_crosses(fresh: Page, condition: str) -> None:
    study = make_study(plan=make_plan(n_training=3))
    in_condition(study, condition)
    begin(fresh)
    go_on(fresh)
    meter = Meter(fresh.context.new_cdp_session(fresh))
    go_on(fresh)
    for number in range(3):
        fetched = opening(fresh, meter)
        if number:
            assert fetched == ["/s/trees/session/"]
        answer(fresh, "yes")
        go_on(fresh)


def opening(page: Page, meter: Meter) -> list[str]:
    """Return the paths that a trial had to fetch to open; not those fetched ahead."""
    expect(page.locator("button[value=yes]")).to_be_enabled()
    page.wait_for_load_state("networkidle")
    ahead = (page.get_attribute("form[data-send]", "data-preload") or "").split()
    crossed, meter.crossed = meter.crossed, []
    since = [path for path, _ in crossed]
    start = len(since) - 1 - since[::-1].index("/s/trees/session/")
    return [path for path in since[start:] if path not in ahead]


def test_a_heavy_trial_stays_below_400_kb_even_with_an_empty_cache(fresh: Page) -> None:
    study = make_study()
    rough_photos()
    in_condition(study, "EMD-Corr")
    begin(fresh)
    go_on(fresh)
    go_on(fresh)
    session = fresh.context.new_cdp_session(fresh)
    meter = Meter(session)
    session.send("Network.clearBrowserCache")
    fresh.reload()
    expect(fresh.locator("button[value=yes]")).to_be_enabled()
    photos = [n for path, n in meter.crossed if path.startswith("/image/")]
    files = [n for path, n in meter.crossed if path.startswith("/static/")]
    assert len(photos) == 6
    assert len(files) > 10
    assert sum(n for _, n in meter.crossed) <= MOST_BYTES, meter.crossed
    assert sum(photos) > MOST_BYTES / 2  # the photos were heavy indeed
