"""The settings: a bare checkout runs, an unsafe production does not start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(code: str, tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own, with nothing of ours in the environment."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, "DATA_DIR": str(tmp_path), "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


SETTINGS = "import study_site.settings as s; print({})"


def test_a_bare_checkout_uses_sqlite_and_a_broker_without_a_server(tmp_path: Path) -> None:
    code = SETTINGS.format("s.DATABASES['default']['ENGINE'], s.CELERY_BROKER_URL")
    assert "sqlite3 filesystem://" in run(code, tmp_path).stdout.replace("'", "")


def test_variables_alone_move_it_to_postgresql_and_redis(tmp_path: Path) -> None:
    code = SETTINGS.format("s.DATABASES['default']['ENGINE'], s.CELERY_BROKER_URL")
    urls = {"DATABASE_URL": "postgres://u:p@db/x", "CELERY_BROKER_URL": "redis://q/1"}
    assert "postgresql redis://q/1" in run(code, tmp_path, **urls).stdout


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"DEBUG": "false"}, "SECRET_KEY is not set"),
        ({"DEBUG": "false", "SECRET_KEY": "x" * 50}, "ALLOWED_HOSTS is empty"),
        ({"DEBUG": "maybe"}, "DEBUG='maybe': expected one of true"),
        ({"TRUSTED_PROXIES": "-1"}, "TRUSTED_PROXIES='-1': expected a whole number from 0"),
    ],
)
def test_an_unsafe_production_refuses_to_start(
    tmp_path: Path, environment: dict[str, str], message: str
) -> None:
    result = run(SETTINGS.format("1"), tmp_path, **environment)
    assert result.returncode != 0
    assert message in result.stderr


def test_production_keeps_to_https(tmp_path: Path) -> None:
    production = {"DEBUG": "false", "SECRET_KEY": "x" * 50, "ALLOWED_HOSTS": "example.org"}
    code = SETTINGS.format("s.SECURE_SSL_REDIRECT, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE")
    assert run(code, tmp_path, **production).stdout.strip() == "True True True"


def test_an_answer_is_on_the_disk_before_sqlite_confirms_it(tmp_path: Path) -> None:
    code = """
import django
from django.db import connection
django.setup()
with connection.cursor() as cursor:
    print(*cursor.execute("PRAGMA synchronous").fetchone())
"""
    result = run(code, tmp_path, DJANGO_SETTINGS_MODULE="study_site.settings")
    assert result.stdout.strip() == "2", result.stderr  # FULL, in SQLite's numbers


def test_the_secret_key_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("k" * 50 + "\n")
    result = run(SETTINGS.format("s.SECRET_KEY"), tmp_path, SECRET_KEY_FILE=str(file))
    assert result.stdout.strip() == "k" * 50


def test_the_apps_are_loaded_without_pandas_scipy_matplotlib_and_torch(tmp_path: Path) -> None:
    code = """
import os, sys, django
os.environ["DJANGO_SETTINGS_MODULE"] = "study_site.settings"
django.setup()
from analysis.models import BlindLift
heavy = [name for name in ("pandas", "scipy", "matplotlib", "torch") if name in sys.modules]
print(heavy)
"""
    result = run(code, tmp_path)
    assert result.stdout.strip() == "[]", result.stderr


def test_a_web_process_never_imports_torch(tmp_path: Path) -> None:
    code = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "study_site.settings"
from study_site.wsgi import application
import study_site.urls
import trials.participant.views, trials.admin, analysis.results.views
import classifiers.admin, classifiers.tasks
import classifiers.services.queueing
heavy = [name for name in ("torch", "torchvision", "ot") if name in sys.modules]
print(heavy)
"""
    result = run(code, tmp_path, DEBUG="true")
    assert result.stdout.strip() == "[]", result.stderr
