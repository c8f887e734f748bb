"""Notices to an administrator: sent beside the request, and never in its way."""

from __future__ import annotations

import logging
import threading
from queue import Queue
from smtplib import SMTPException

import pytest
from pytest_django import Settings

from study_site.operations import notices


def test_a_notice_that_is_no_error_says_just_its_words() -> None:
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "Study %s is full.", ("a",), None)
    assert notices.notice_of(record) == "Study a is full."


def test_a_notice_is_sent_beside_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: Queue[tuple[str, str]] = Queue()
    monkeypatch.setattr(
        notices, "send", lambda text: sent.put((threading.current_thread().name, text))
    )
    notices.NoticeHandler().emit(
        logging.LogRecord("x", logging.ERROR, __file__, 1, "broken", (), None)
    )
    assert sent.get(timeout=60) == ("notice", "ERROR x: broken")


def test_sending_that_fails_stops_no_request(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(text: str) -> None:
        raise RuntimeError("can't start new thread")

    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "broken", (), None)
    notices.NoticeHandler(fail).emit(record)
    assert "can't start new thread" in capsys.readouterr().err


def test_a_mail_server_that_fails_is_logged_and_no_more(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise SMTPException("greylisted")

    monkeypatch.setattr(notices, "mail_admins", fail)
    settings.ADMINS, settings.NOTICE_URL = [("", "ops@example.org")], ""
    notices.send("text")
    assert caplog.messages == ["A notice could not be mailed: greylisted"]
