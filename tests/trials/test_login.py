"""The login's patience."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from trials.login import MAX_FAILURES

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(settings: Settings) -> Iterator[None]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    User.objects.create_user("sam", password="correct horse", is_staff=True)
    yield
    cache.clear()


def attempt(
    password: str, name: str = "sam", address: str = "10.0.0.1", page: str = "/login/"
) -> str:
    form = {"username": name, "password": password}
    response = Client().post(page, form, REMOTE_ADDR=address)
    return "in" if response.status_code == 302 else response.content.decode()


@pytest.mark.parametrize("page", ["/login/", "/admin/login/"])
def test_after_ten_failures_even_the_right_password_waits(page: str) -> None:
    for _ in range(MAX_FAILURES):
        assert "Wait" not in attempt("wrong", page=page)
    assert "Wait 15 minutes" in attempt("correct horse", page=page)


def test_another_address_and_another_name_do_not_wait() -> None:
    User.objects.create_user("pat", password="battery staple", is_staff=True)
    for _ in range(MAX_FAILURES):
        attempt("wrong")
    assert attempt("correct horse", address="10.0.0.2") == "in"
    assert attempt("battery staple", name="pat") == "in"


def test_a_name_in_capitals_is_the_same_name() -> None:
    for _ in range(MAX_FAILURES):
        attempt("wrong", name="SAM")
    assert "Wait" in attempt("correct horse")


def test_getting_in_forgets_the_failures() -> None:
    for _ in range(MAX_FAILURES - 1):
        attempt("wrong")
    assert attempt("correct horse") == "in"
    for _ in range(MAX_FAILURES - 1):
        attempt("wrong")
    assert attempt("correct horse") == "in"
