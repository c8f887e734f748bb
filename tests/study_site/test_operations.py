"""Health, metrics, request logs, notices, and pages while the database is away."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import InterfaceError, OperationalError, connections
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone
from prometheus_client.values import MultiProcessValue
from pytest_django import Settings

from classifiers.models import Gallery
from study_site.operations import metrics, notices
from study_site.operations.away import DatabaseAway
from study_site.operations.formatters import JsonFormatter
from study_site.operations.options import logging_options, postgres_options
from study_site.operations.request_log import request_log
from tests.factories import enrol, make_plan, make_study
from tests.trials.services.test_services import answer
from tests.trials.steps.test_way import enter
from trials.services.notices import NOTICES

pytestmark = pytest.mark.django_db


@contextmanager
def database_away() -> Iterator[None]:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("the connection was closed")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(connections["default"]), "cursor", away)
        yield


# ---- health ----


def test_a_balancer_asks_by_a_number_and_is_answered(settings: Settings) -> None:
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["study.example.org"], True
    answers = [Client().get(path, HTTP_HOST="10.0.0.7") for path in ("/healthz", "/readyz")]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1].json() == {"database": "ok", "data": "ok", "cache": "ok"}


def test_without_its_database_a_site_lives_and_is_not_ready() -> None:
    with database_away():
        assert Client().get("/healthz").status_code == 200
        answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "away")


def test_a_cache_that_fails_is_named_and_the_site_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise ConnectionError("no Redis")

    monkeypatch.setattr(cache, "set", away)
    answer = Client().get("/readyz")
    assert answer.json() == {"database": "ok", "data": "ok", "cache": "away"}


# ---- the database is away ----


def test_a_page_says_one_moment_and_loads_again_by_itself() -> None:
    with database_away():
        answer = Client().get("/s/trees/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "One moment" in answer.text
    assert 'http-equiv="refresh" content="5"' in answer.text


def test_what_was_sent_is_not_sent_again_without_its_person() -> None:
    with database_away():
        answer = Client().post("/s/trees/", {"agree": "on"})
    assert answer.status_code == 503
    assert "http-equiv" not in answer.text
    assert "not stored yet" in answer.text


@pytest.mark.parametrize(("method", "said"), [("GET", "in 5 seconds"), ("POST", "is not stored")])
def test_the_staff_read_that_the_database_is_away(method: str, said: str) -> None:
    away = DatabaseAway(lambda _: HttpResponse(status=204))
    request = RequestFactory().generic(method, "/studio/")
    found = away.process_exception(request, OperationalError("server closed the connection"))
    assert found is not None
    assert said in found.text
    assert ("http-equiv" in found.text) == (method == "GET")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InterfaceError("connection already closed"), 503),
        (OperationalError("no such table: trials_study"), None),
        (KeyError("a"), None),
    ],
)
def test_only_a_database_that_is_away_is_away(error: Exception, status: int | None) -> None:
    away = DatabaseAway(lambda _: HttpResponse(status=204))
    found = away.process_exception(RequestFactory().get("/"), error)
    assert (found.status_code if found else None) == status


# ---- metrics ----


def test_metrics_are_for_whoever_knows_the_token(settings: Settings) -> None:
    assert Client().get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "secret"
    assert Client().get("/metrics").status_code == 403
    said = Client().get("/metrics", headers={"Authorization": "Bearer secret"})
    assert said.status_code == 200
    assert "study_database_up 1.0" in said.text


def test_metrics_count_requests_by_view_and_people_by_study(settings: Settings) -> None:
    settings.METRICS_TOKEN = "secret"
    enrol(make_study())
    wrapped = metrics.request_metrics(lambda _: HttpResponse(status=204))
    wrapped(RequestFactory().get("/nothing/"))
    text = metrics.exposition().decode()
    assert 'study_requests_total{method="GET",status="204",view=""} 1.0' in text
    assert 'study_people_present{study="trees"} 1.0' in text
    assert 'study_jobs{kind="gallery",status="done"} 1.0' in text


def test_metrics_tell_that_the_database_is_away() -> None:
    with database_away():
        text = metrics.exposition().decode()
    assert "study_database_up 0.0" in text
    assert "study_jobs" not in text


def test_the_log_tells_once_that_the_database_is_away(caplog: pytest.LogCaptureFixture) -> None:
    away = DatabaseAway(lambda _: HttpResponse(status=204))
    for _ in range(2):
        away.process_exception(RequestFactory().get("/"), InterfaceError("connection closed"))
    assert caplog.messages == ["The database is away: connection closed"]


def test_metrics_tell_for_how_long_the_first_job_waits() -> None:
    gallery = make_study().dataset.galleries.get()
    Gallery.objects.filter(pk=gallery.pk).update(
        status="queued", created_at=timezone.now() - timedelta(seconds=90)
    )
    text = metrics.exposition().decode()
    (waits,) = re.findall(r'study_jobs_oldest_waiting_seconds{kind="gallery"} (\S+)', text)
    assert float(waits) >= 90


def test_metrics_of_several_processes_are_added_up(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.METRICS_DIR = tmp_path
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    for process in ("11", "12"):
        value = MultiProcessValue(lambda process=process: process)  # type: ignore[no-untyped-call]
        value("counter", "study_requests_total", "study_requests_total", (), (), "").inc(1)
    assert "study_requests_total 2.0" in metrics.exposition().decode()


# ---- logs ----


def logged(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(JsonFormatter().format(record)) for record in caplog.records]


def test_a_request_is_logged_with_a_pseudonym_and_without_secrets(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.LOG_REQUESTS = True
    client = enter()
    with caplog.at_level(logging.INFO, "study_site.request"):
        answer = client.get("/s/trees/session/?back=secret")
        token = client.cookies
        request_log(lambda _: answer)(answer.wsgi_request)
    line = logged(caplog)[-1]
    told = {"view": "session", "method": "GET", "status": 200, "study": "trees", "person": "p0001"}
    assert told.items() <= line.items()
    assert not any(word in str(line) for word in ("secret", "127.0.0.1", *map(str, token.values())))


def test_an_error_is_one_line_of_json() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        facts = (type(error), error, error.__traceback__)
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed: %s", ("a",), facts)
    text = JsonFormatter().format(record)
    assert "\n" not in text
    assert "ValueError: two\nlines" in json.loads(text)["exception"]


# ---- notices ----


def sent_by(handler_of: Callable[[list[str]], notices.NoticeHandler], *texts: str) -> list[str]:
    sent: list[str] = []
    handler = handler_of(sent)
    for text in texts:
        handler.emit(logging.LogRecord("x", logging.ERROR, __file__, 1, text, (), None))
    return sent


def test_the_same_notice_is_sent_once_and_no_flood() -> None:
    def handler_of(sent: list[str]) -> notices.NoticeHandler:
        return notices.NoticeHandler(sent.append)

    assert sent_by(handler_of, "a", "a", "b") == ["ERROR x: a", "ERROR x: b"]
    assert len(sent_by(handler_of, *map(str, range(100)))) == notices.MOST


def test_a_notice_of_an_error_has_nothing_that_a_person_typed() -> None:
    error = ValueError("invalid literal 'my diary' of a@b.org")
    facts = (type(error), error, None)
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "at %s", ("/s/t/",), facts)
    assert notices.notice_of(record) == "ERROR x: ValueError: invalid literal … of …"


def test_a_notice_goes_to_the_administrators(settings: Settings) -> None:
    settings.ADMINS, settings.NOTICE_URL = [("", "ops@example.org")], ""
    notices.send("Study trees has all the people it wanted: 6.")
    assert [message.to for message in mail.outbox] == [["ops@example.org"]]
    assert "trees" in mail.outbox[0].subject


def test_a_webhook_that_fails_is_logged_and_no_more(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ADMINS, settings.NOTICE_URL = [], "http://127.0.0.1:9/"
    notices.send("text")
    assert "could not be sent to NOTICE_URL" in caplog.text


def test_the_last_person_of_a_study_is_told_once(
    caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    conditions = [{**each, "quota": 1} for each in make_plan().document["conditions"]]
    study = make_study(plan=make_plan(conditions=conditions))
    for number in range(len(conditions)):
        with django_capture_on_commit_callbacks(execute=True):
            answer(enrol(study, f"person{number}"))
    told = [record.getMessage() for record in caplog.records if record.name == NOTICES]
    assert told == [f"Study trees has all the people it wanted: {len(conditions)}."]


# ---- settings ----


def test_timeouts_of_postgresql_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert postgres_options({"sslmode": "require"}) == {"connect_timeout": 10, "sslmode": "require"}
    monkeypatch.setenv("DATABASE_STATEMENT_TIMEOUT_S", "30")
    options = postgres_options({"options": "-c search_path=study"})["options"]
    assert options == "-c search_path=study -c statement_timeout=30000"


def test_errors_are_sent_only_where_somebody_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_FORMAT", "json")
    assert set(logging_options(has_notices=False)["handlers"]) == {"console"}
    found = logging_options(has_notices=True)
    assert found["root"]["handlers"] == ["console", "errors"]
    assert found["loggers"][NOTICES]["handlers"] == ["notices"]
