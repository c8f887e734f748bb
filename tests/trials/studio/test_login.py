"""The login's patience."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from trials.models import Attempts
from trials.studio import login
from trials.studio.login import MAX_FAILURES

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    User.objects.create_user("sam", password="correct horse", is_staff=True)


def attempt(
    password: str,
    name: str = "sam",
    address: str = "10.0.0.1",
    page: str = "/login/",
    forwarded: str = "",
) -> str:
    form = {"username": name, "password": password}
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    response = Client().post(page, form, REMOTE_ADDR=address, headers=headers)
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


@pytest.mark.parametrize("name", ["sam", ""])
def test_an_empty_form_forgets_no_failure(name: str) -> None:
    for _ in range(MAX_FAILURES):
        attempt("wrong")
        attempt("", name=name)
    assert "Wait" in attempt("correct horse")


def test_guesses_at_the_same_time_are_all_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """While one password is looked at, the others come in."""
    n_looked_at = 0

    def look(*args: object, **kwargs: object) -> None:
        nonlocal n_looked_at
        n_looked_at += 1
        attempt("wrong")

    monkeypatch.setattr("django.contrib.auth.forms.authenticate", look)
    attempt("wrong")
    assert n_looked_at == MAX_FAILURES


def test_addresses_of_one_ipv6_network_wait_together() -> None:
    for n in range(MAX_FAILURES):
        attempt("wrong", address=f"2001:db8:1:2::{n}")
    assert "Wait" in attempt("correct horse", address="2001:db8:1:2:ffff::1")
    assert attempt("correct horse", address="2001:db8:1:3::1") == "in"


def test_a_name_waits_whatever_addresses_guess_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "MAX_FAILURES_OF_NAME", 12)
    for n in range(12):
        assert "Wait" not in attempt("wrong", address=f"10.1.{n}.1")
    assert "Wait" in attempt("correct horse", address="10.2.0.1")


def test_no_name_and_no_address_can_be_read_in_the_counts() -> None:
    attempt("wrong", address="10.9.8.7")
    assert all(re.fullmatch(r"[0-9a-f]{64}", attempts.who) for attempts in Attempts.objects.all())


def test_behind_a_proxy_people_wait_by_the_address_that_it_saw(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    for n in range(MAX_FAILURES):
        attempt("wrong", forwarded=f"1.1.1.{n}, 203.0.113.5")
    assert "Wait" in attempt("correct horse", forwarded="203.0.113.5")
    assert attempt("correct horse", forwarded="203.0.113.6") == "in"


def test_without_a_proxy_nobody_says_what_address_they_have() -> None:
    for n in range(MAX_FAILURES):
        attempt("wrong", forwarded=f"203.0.113.{n}")
    assert "Wait" in attempt("correct horse", forwarded="203.0.113.99")


def test_a_proxy_that_forwards_no_address_is_the_address(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 2
    for _ in range(MAX_FAILURES):
        attempt("wrong", forwarded="203.0.113.5")
    assert "Wait" in attempt("correct horse", forwarded="203.0.113.6")
