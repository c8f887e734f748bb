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
from classifiers.services.crops import MAX_BYTES, crop_encode
from classifiers.services.whole_photos import PAGE, SIZES, whole_encode
from classifiers.tokens import whole_path
from tests.browser.test_photo_size import ARMS
from tests.browser.walking import answer, begin, go_on, in_condition
from tests.factories import make_dataset, make_plan, make_study
from trials.models import Condition, Participant

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MOST_BYTES = 400_000
EXAMPLES = {"exemplars", "correspondences"}


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
    """Give every photo files as heavy as those of trials become, cropped and whole."""
    noise = np.random.default_rng(0).normal(128, 6.5, (900, 900, 3)).clip(0, 255)
    photo = Pixels.fromarray(noise.astype(np.uint8))
    crop, whole = crop_encode(photo), whole_encode(photo, PAGE)
    for image in Image.objects.all():
        image.crop_path.write_bytes(crop)
        for size in SIZES:
            whole_path(image.token, size).write_bytes(whole)


class Meter:
    """Every answer that came over the network: its address and its bytes, in order."""

    def __init__(self, session: CDPSession) -> None:
        self.session = session
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
    rough_photos()
    in_condition(study, condition)
    begin(fresh)
    go_on(fresh)
    go_on(fresh)
    meter = Meter(fresh.context.new_cdp_session(fresh))
    assert_light(first_load(fresh, meter), n_photos=1 if condition == "ResNet-50" else 6)
    for number in range(3):
        if number:
            assert opening(fresh, meter) == ["/s/trees/session/"]
        answer(fresh, "yes")
        go_on(fresh)


def first_load(page: Page, meter: Meter) -> list[tuple[str, int]]:
    """Return all that crosses for the trial on the page when its browser has nothing cached."""
    page.wait_for_load_state("networkidle")
    meter.session.send("Network.clearBrowserCache")
    meter.crossed = []
    page.reload()
    return opened(page, meter)


def opened(page: Page, meter: Meter) -> list[tuple[str, int]]:
    """Return what crossed for the trial on the page, with its bytes; not what is fetched ahead."""
    expect(page.locator("button[value=yes]")).to_be_enabled()
    page.wait_for_load_state("networkidle")
    ahead = (page.get_attribute("form[data-send]", "data-preload") or "").split()
    crossed, meter.crossed = meter.crossed, []
    return [(path, n) for path, n in crossed if path not in ahead]


def opening(page: Page, meter: Meter) -> list[str]:
    """Return the paths that crossed since the last page began to open."""
    since = [path for path, _ in opened(page, meter)]
    return since[len(since) - 1 - since[::-1].index("/s/trees/session/") :]


def assert_light(crossed: list[tuple[str, int]], *, n_photos: int) -> None:
    """Check that a trial's first load is below the limit, with photos that were heavy indeed."""
    photos = [n for path, n in crossed if path.startswith(("/image/", "/photo/"))]
    assert len(photos) == n_photos
    assert min(photos) > 0.85 * MAX_BYTES
    assert sum(path.startswith("/static/") for path, _ in crossed) > 10
    spare = n_photos * MAX_BYTES - sum(photos)  # by which photos can still be heavier
    assert sum(n for _, n in crossed) + max(0, spare) <= MOST_BYTES, crossed


def test_a_trial_with_whole_photos_stays_below_400_kb_in_every_view(fresh: Page) -> None:
    dataset = make_dataset()
    rough_photos()
    make_study(plan=make_plan(conditions=ARMS, crop="whole"), dataset=dataset)
    begin(fresh)
    go_on(fresh)
    go_on(fresh)
    meter, person = Meter(fresh.context.new_cdp_session(fresh)), Participant.objects.get()
    for arm in Condition.objects.all():  # the same trial, as the people of each condition see it
        Participant.objects.filter(pk=person.pk).update(condition=arm)
        person.trials.update(condition=arm)
        assert_light(first_load(fresh, meter), n_photos=6 if arm.view_name in EXAMPLES else 1)
