"""The settings: a bare checkout runs, an unsafe production does not start."""

from __future__ import annotations

import ctypes
import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

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


Loaded = Callable[..., dict[str, Any]]


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Loaded:
    """Read the settings as a site's process does, with nothing of ours in the environment."""

    def load(**environment: str) -> dict[str, Any]:
        with monkeypatch.context() as patched:
            patched.setattr(os, "environ", {"DATA_DIR": str(tmp_path), **environment})
            patched.delitem(sys.modules, "pytest")
            return runpy.run_path(str(ROOT / "study_site" / "settings.py"))

    return load


PRODUCTION = {"DEBUG": "false", "SECRET_KEY": "x" * 50, "ALLOWED_HOSTS": "example.org"}


def test_a_bare_checkout_uses_sqlite_and_a_broker_without_a_server(
    loaded: Loaded, tmp_path: Path
) -> None:
    found = loaded()
    assert found["DATABASES"]["default"]["ENGINE"] == "django.db.backends.sqlite3"
    assert found["CELERY_BROKER_URL"] == "filesystem://"
    assert (tmp_path / "broker" / "messages").is_dir()
    assert "STORAGES" not in found


def test_variables_alone_move_it_to_postgresql_and_redis(loaded: Loaded, tmp_path: Path) -> None:
    found = loaded(
        DATABASE_URL="postgres://u:p@db/x", CELERY_BROKER_URL="redis://q/1", CACHE_URL="redis://q/2"
    )
    database = found["DATABASES"]["default"]
    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert database["OPTIONS"] == {"connect_timeout": 10}
    assert found["CELERY_BROKER_URL"] == "redis://q/1"
    assert found["CACHES"]["default"]["LOCATION"] == "redis://q/2"
    assert not (tmp_path / "broker").exists()


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"DEBUG": "false"}, "SECRET_KEY is not set"),
        ({"DEBUG": "false", "SECRET_KEY": "x" * 50}, "ALLOWED_HOSTS is empty"),
        ({"DEBUG": "maybe"}, "DEBUG='maybe': expected one of true"),
        ({"TRUSTED_PROXIES": "-1"}, "TRUSTED_PROXIES='-1': expected a whole number from 0"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT='xml': expected one of line, json"),
    ],
)
def test_an_unsafe_production_refuses_to_start(
    loaded: Loaded, environment: dict[str, str], message: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=message):
        loaded(**environment)


def test_a_data_folder_that_cannot_be_made_is_refused_in_words(
    loaded: Loaded, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ImproperlyConfigured, match="file/var' cannot be made: Not a directory"):
        loaded(DATA_DIR=str(tmp_path / "file" / "var"))


def test_production_keeps_to_https_unless_told_otherwise(loaded: Loaded) -> None:
    found = loaded(**PRODUCTION)
    names = ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE")
    assert [found[name] for name in names] == [True, True, True]
    assert found["STORAGES"]["staticfiles"]["BACKEND"] == "study_site.static.HashedStaticFiles"
    assert "SECURE_SSL_REDIRECT" not in loaded(**PRODUCTION, ALLOW_HTTP="true")


def test_pages_are_compressed_and_requests_counted_only_if_asked(
    loaded: Loaded, tmp_path: Path
) -> None:
    gzip = "django.middleware.gzip.GZipMiddleware"
    bare = loaded()
    assert (gzip in bare["MIDDLEWARE"], bare["METRICS_DIR"]) == (False, None)
    folder = tmp_path / "counts"
    found = loaded(COMPRESS_PAGES="true", METRICS_TOKEN="secret", METRICS_DIR=str(folder))
    assert (found["MIDDLEWARE"][0], found["METRICS_DIR"]) == (gzip, folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_secret_key_may_come_from_a_file(loaded: Loaded, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("k" * 50 + "\n")
    assert loaded(SECRET_KEY_FILE=str(file))["SECRET_KEY"] == "k" * 50


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


def test_the_linear_algebra_of_numpy_and_scipy_has_one_thread() -> None:
    # This process, too: the settings are loaded before NumPy.
    import numpy as np
    import scipy.linalg

    assert np.linalg.inv(np.eye(2)).shape == scipy.linalg.inv(np.eye(2)).shape
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("the loaded libraries are listed by Linux only")
    paths = {line.split()[-1] for line in maps.read_text().splitlines() if "openblas" in line}
    getters = ("scipy_openblas_get_num_threads64_", "scipy_openblas_get_num_threads")
    found = [
        getattr(library, name)()
        for library in map(ctypes.CDLL, sorted(paths))
        for name in getters
        if hasattr(library, name)
    ]
    assert found == [1, 1]
