"""What went wrong on a participant's page is kept, and nothing personal with it."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from django.test import Client

from tests.factories import make_study
from trials import services, urls
from trials.models import PageError, Participant, Study
from trials.participant import framing, page_errors, views, visitors

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A browser on a site whose session page is broken."""

    def broken(*_: object, **__: object) -> None:
        raise ValueError(
            "cannot read 'alice@example.org' of 5f1e2d3c4b5a69788796a5b4\nDETAIL: more"
        )

    client.raise_request_exception = False
    monkeypatch.setattr(services, "step_show", broken)
    return client


def enter(browser: Client, study: Study) -> Participant:
    browser.post(f"/s/{study.slug}/", {"enrolment_key": f"{'alice':-<16}", "agree": "on"})
    return study.participants.get()


def test_an_error_is_kept_with_its_person_and_without_what_is_personal(browser: Client) -> None:
    study = make_study()
    alice = enter(browser, study)
    assert browser.get("/s/trees/session/?PROLIFIC_PID=secret").status_code == 500
    error = PageError.objects.get()
    assert (error.study, error.participant, error.kind) == (study, alice, "ValueError")
    assert error.path == "/s/trees/session/"
    assert error.message.startswith("cannot read … of … (")
    assert "tests/trials/participant/test_page_errors.py:" in error.message


def test_every_page_of_a_participant_is_watched() -> None:
    named = {
        urlpattern.name
        for urlpattern in urls.urlpatterns
        if str(urlpattern.pattern).startswith("s/")
    }
    assert named == framing.PAGES


def test_the_oldest_errors_make_room(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(browser, make_study())
    monkeypatch.setattr(page_errors, "MAX_ERRORS", 2)
    for kind in (KeyError, TypeError, IndexError):
        monkeypatch.setattr(services, "step_show", Mock(side_effect=kind))
        browser.get("/s/trees/session/")
    assert PageError.objects.count() == 2
    assert PageError.objects.order_by("pk")[0].pk > 1


def test_equal_errors_are_one_row_with_a_count(browser: Client) -> None:
    enter(browser, make_study())
    for _ in range(5):
        browser.get("/s/trees/session/")
    assert PageError.objects.get().n == 5


def test_strangers_push_out_no_error_of_the_studys_people(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(browser, make_study())
    browser.get("/s/trees/session/")
    monkeypatch.setattr(page_errors, "MAX_UNKNOWN", 1)
    stranger = Client(raise_request_exception=False)
    for kind in (KeyError, TypeError, IndexError):
        monkeypatch.setattr(visitors, "arrival_of", Mock(side_effect=kind))
        for _ in range(3):
            assert stranger.get("/s/trees/").status_code == 500
    rows = PageError.objects.order_by("pk").values_list("participant__number", "n")
    assert list(rows) == [(1, 1), (None, 3)]


def test_errors_elsewhere_are_none_of_a_study(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.raise_request_exception = False
    monkeypatch.setattr(views, "crop_path", lambda _: 1 / 0)
    assert client.get(f"/image/{'a' * 20}.jpg").status_code == 500
    assert not PageError.objects.exists()


def test_an_error_that_cannot_be_stored_hides_nothing(
    browser: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    enter(browser, make_study())
    monkeypatch.setattr(page_errors, "described", Mock(side_effect=OSError("away")))
    assert browser.get("/s/trees/session/").status_code == 500
    assert "could not be stored" in caplog.text


def test_who_withdraws_takes_their_errors_along(browser: Client) -> None:
    alice = enter(browser, make_study())
    browser.get("/s/trees/session/")
    services.participant_withdraw(participant=alice)
    assert not PageError.objects.exists()


def test_an_error_after_that_is_kept_without_them(browser: Client) -> None:
    services.participant_withdraw(participant=enter(browser, make_study()))
    browser.get("/s/trees/session/")
    assert PageError.objects.get().participant is None


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("'bob' is not a number", "… is not a number"),
        ('invalid literal: "x y"', "invalid literal: …"),
        ("Key (person_hash)=(abc) exists", "Key … exists"),
        ("see https://example.org/?id=1 now", "see … now"),
        ("found 123456, expected 3", "found …, expected 3"),
        ("", ""),
    ],
)
def test_a_message_loses_what_may_be_personal(said: str, kept: str) -> None:
    assert page_errors.described(ValueError(said)) == kept
