"""Crops that the web server sends for the site."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from classifiers.models import Image
from classifiers.tokens import crop_path
from tests.factories import make_dataset

pytestmark = pytest.mark.django_db


def test_the_web_server_is_told_which_file_to_send(settings: Settings) -> None:
    settings.CROPS_BY_PROXY = "/crops/"
    make_dataset()
    token = Image.objects.values_list("token", flat=True)[0]
    answer = Client().get(f"/image/{token}.jpg")
    path = answer.headers["X-Accel-Redirect"].removeprefix("/crops/")
    assert settings.CROP_DIR / path == crop_path(token)
    assert not answer.content
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("token", ["..%2F..%2Fdb", "a" * 19, "../" * 6 + "ab"])
def test_no_other_file_can_be_asked_for(settings: Settings, token: str) -> None:
    settings.CROPS_BY_PROXY = "/crops/"
    assert Client().get(f"/image/{token}.jpg").status_code == 404
