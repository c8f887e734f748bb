"""The kind of device, by the page's script or by what the browser says."""

from __future__ import annotations

from typing import Any

import pytest

from trials.participant.devices import browser_of, fits, kind_of
from trials.participant.entry_forms import device_of
from trials.study.plan import DevicePlan

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
AGENTS = {
    "desktop": f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/126.0 Safari/537.36",
    "edge": f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/126.0 Safari/537.36 Edg/126.0",
    "firefox": "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "mac": f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/17 Safari/605",
    "iphone": f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5) {WEBKIT} CriOS/126 Mobile Safari/604",
    "ipad": f"Mozilla/5.0 (iPad; CPU OS 12_5) {WEBKIT} Version/12 Mobile Safari/604",
    "pixel": f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {WEBKIT} Chrome/126 Mobile Safari/537",
    "galaxy": f"Mozilla/5.0 (Linux; Android 13; SM-X) {WEBKIT} SamsungBrowser/25 Chrome/121",
    "opera": f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/125.0 Safari/537.36 OPR/111.0",
    "nothing": "",
}
EXPECTED = {
    "desktop": ("computer", "Chrome"),
    "edge": ("computer", "Edge"),
    "firefox": ("computer", "Firefox"),
    "mac": ("computer", "Safari"),
    "iphone": ("phone", "Chrome"),
    "ipad": ("tablet", "Safari"),
    "pixel": ("phone", "Chrome"),
    "galaxy": ("tablet", "Samsung Internet"),
    "opera": ("computer", "Opera"),
    "nothing": ("computer", "other"),
}


@pytest.mark.parametrize("name", AGENTS)
def test_browsers_are_known_by_family_and_device(name: str) -> None:
    headers = {"User-Agent": AGENTS[name]}
    assert (kind_of(headers), browser_of(headers)) == EXPECTED[name]


def test_a_browser_that_says_mobile_is_a_phone() -> None:
    assert kind_of({"User-Agent": "Anything", "Sec-CH-UA-Mobile": "?1"}) == "phone"


def test_a_study_takes_its_kinds_from_its_width_on() -> None:
    plan = DevicePlan(kinds=["computer", "tablet"], min_width=900)
    seen = [fits(plan, *item) for item in [("phone", 999), ("tablet", 899), ("tablet", 900)]]
    assert seen == [False, False, True]
    assert fits(plan, "computer", None)


def test_the_pages_script_knows_better_than_the_browsers_name() -> None:
    said = {"device_kind": "tablet", "device_width": "1024", "device_zone": "Europe/Berlin"}
    device = device_of(said, {"User-Agent": AGENTS["mac"]})
    assert (device["kind"], device["browser"], device["width"]) == ("tablet", "Safari", 1024)
    assert device["time_zone"] == "Europe/Berlin"


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"device_kind": "toaster", "device_width": "-3", "device_ratio": "nan"},
        {"device_width": "wide", "device_height": "9" * 30, "device_zone": "<b>"},
    ],
)
def test_what_the_script_cannot_have_said_is_left_out(said: dict[str, Any]) -> None:
    device = device_of(said, {"User-Agent": AGENTS["pixel"]})
    assert device == {
        "kind": "phone", "browser": "Chrome", "width": None, "height": None,
        "pixel_ratio": None, "time_zone": "", "has_script": False,
    }  # fmt: skip


def test_no_word_of_the_user_agent_survives_but_family_and_kind() -> None:
    kept = str(device_of({}, {"User-Agent": AGENTS["pixel"]}))
    assert "Pixel" not in kept
    assert "126" not in kept
