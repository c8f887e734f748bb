"""The system checks: each names what it saw, what it expected and what to do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from pytest_django import Settings

from study_site import checks
from study_site.debug import SettingsFilter
from tests.study_site.test_settings import run

GOOD = "0123456789abcdefghijklmnopqrstuvwxyz"
PRODUCTION = {"SECRET_KEY": GOOD, "ALLOWED_HOSTS": "example.org"}
SERVE = "from study_site.wsgi import application; from django.conf import settings; print({})"


def found(messages: list[CheckMessage]) -> list[str]:
    assert all(message.hint for message in messages)
    return [str(message.id) for message in messages]


@pytest.mark.parametrize(
    ("key", "is_debug", "ids"),
    [
        ("x", False, ["study_site.E001"]),
        ("x" * 60, False, ["study_site.E001"]),
        (GOOD[:31], False, ["study_site.E001"]),
        (GOOD, False, []),
        ("x", True, []),
    ],
)
def test_a_short_or_monotonous_secret_key_is_an_error(
    settings: Settings, key: str, is_debug: bool, ids: list[str]
) -> None:
    settings.SECRET_KEY, settings.DEBUG = key, is_debug
    assert found(checks.secret_key_check(None)) == ids


def test_the_message_about_a_key_does_not_show_the_key(settings: Settings) -> None:
    settings.SECRET_KEY = "hunter2"
    (message,) = checks.secret_key_check(None)
    assert "hunter2" not in f"{message.msg} {message.hint}"
    assert "7 characters, 7 of them different" in message.msg


@pytest.mark.parametrize(
    ("hosts", "ids"), [(["*"], ["study_site.E002"]), (["a.org", "*"], ["study_site.E002"]),
                       (["a.org"], []), ([".a.org"], [])]
)  # fmt: skip
def test_admitting_every_host_is_an_error(
    settings: Settings, hosts: list[str], ids: list[str]
) -> None:
    settings.ALLOWED_HOSTS = hosts
    assert found(checks.hosts_check(None)) == ids


def test_a_data_folder_that_cannot_be_written_is_an_error(
    settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    assert found(checks.data_dir_check(None)) == []
    settings.DATA_DIR = tmp_path / "gone"
    (message,) = checks.data_dir_check(None)
    assert found([message]) == ["study_site.E003"]
    assert f"{tmp_path}/gone: No such file or directory" in message.msg


@pytest.mark.django_db
def test_a_migration_that_is_not_applied_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(checks.migrations_check(None)) == []
    executor = MigrationExecutor(connection)
    ahead = [(executor.loader.graph.nodes["trials", "0001_initial"], False)]
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_: ahead)
    (message,) = checks.migrations_check(None)
    assert found([message]) == ["study_site.E004"]
    assert "1 migrations are not applied to the database, first trials.0001_initial" in message.msg


def test_a_database_that_is_away_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(checks, "MigrationExecutor", refused)
    assert found(checks.migrations_check(None)) == ["study_site.E005"]


@pytest.mark.parametrize("kind", ["redis", "amqp"])
def test_a_broker_that_is_away_is_a_warning_without_its_password(
    settings: Settings, kind: str
) -> None:
    settings.CELERY_BROKER_URL = f"{kind}://me:hunter2@127.0.0.1:1/"  # nothing listens there
    (message,) = checks.broker_check(None)
    assert found([message]) == ["study_site.W001"]
    assert not message.is_serious()
    assert "127.0.0.1:1/" in message.msg
    assert "hunter2" not in message.msg


def test_a_broker_in_files_is_there(settings: Settings) -> None:
    settings.CELERY_BROKER_URL = "filesystem://"
    assert checks.broker_check(None) == []


def manage(tmp_path: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    code = f"import django.core.management as m; m.execute_from_command_line(['', *{words!r}])"
    variables = {"DJANGO_SETTINGS_MODULE": "study_site.settings", "DEBUG": "false"}
    return run(code, tmp_path, **variables | PRODUCTION | environment)


def test_a_command_runs_the_quick_checks_and_a_deployment_check_the_others(tmp_path: Path) -> None:
    assert "study_site" not in manage(tmp_path, "check").stderr
    said = manage(tmp_path, "check", SECRET_KEY="x", CELERY_BROKER_URL="amqp://127.0.0.1:1//")
    assert (said.returncode, "study_site.E001" in said.stderr) == (1, True)
    assert "study_site.W001" not in said.stderr
    said = manage(tmp_path, "check", "--deploy", CELERY_BROKER_URL="amqp://127.0.0.1:1//")
    assert "study_site.E004" in said.stderr
    assert "study_site.W001" in said.stderr


@pytest.mark.parametrize(
    ("environment", "refusal"),
    [
        ({}, "SECRET_KEY is not set"),
        (PRODUCTION | {"SECRET_KEY": "x"}, "(study_site.E001) SECRET_KEY has 1 characters"),
        (PRODUCTION | {"ALLOWED_HOSTS": "*"}, "(study_site.E002) ALLOWED_HOSTS is '*'"),
    ],
)
def test_a_server_with_something_unsafe_does_not_start(
    tmp_path: Path, environment: dict[str, str], refusal: str
) -> None:
    result = run(SERVE.format("1"), tmp_path, **environment)
    assert result.returncode != 0
    assert refusal in result.stderr


def test_the_refusal_to_serve_names_every_error_and_what_to_do(settings: Settings) -> None:
    settings.SECRET_KEY = GOOD
    checks.unsafe_refuse()
    settings.SECRET_KEY, settings.ALLOWED_HOSTS, settings.DEBUG = "x", ["*"], False
    with pytest.raises(ImproperlyConfigured) as caught:
        checks.unsafe_refuse()
    assert all(f"(study_site.E00{n})" in str(caught.value) for n in (1, 2))
    assert "Make one with: python" in str(caught.value)


def test_a_server_is_in_production_unless_told_otherwise(tmp_path: Path) -> None:
    asked = SERVE.format("settings.DEBUG, settings.SECURE_SSL_REDIRECT")
    assert run(asked, tmp_path, **PRODUCTION).stdout.strip() == "False True"
    assert run(SERVE.format("settings.DEBUG"), tmp_path, DEBUG="true").stdout.strip() == "True"


def test_no_error_page_shows_a_salt_or_a_password(settings: Settings) -> None:
    settings.PERSON_SALT = "hunter2"
    settings.CELERY_BROKER_URL = "redis://:hunter2@host/0"
    settings.CACHES = {"default": {"LOCATION": "redis://:hunter2@host/1"}}
    assert "hunter2" not in str(SettingsFilter().get_safe_settings())
