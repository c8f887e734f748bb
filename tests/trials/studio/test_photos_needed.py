"""The page for importing photos: how many a study needs, and which names it takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_the_page_and_the_manual_say_the_same_numbers_of_photos(browser: Client) -> None:
    page = browser.get("/studio/datasets/new/").content.decode()
    assert "wrong on 15 photos" in page
    assert "about 75 photos to judge, 250 in all" in page
    manual = (Path(__file__).parents[3] / "docs/run-a-study.md").read_text(encoding="utf-8")
    assert "about 75 photos to judge, 250 in all" in manual
    assert "Letters from a to z, small or capital, digits, - and _." in page
