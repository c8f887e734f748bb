"""What every test may rely on."""

from __future__ import annotations

import os

# Each of several test processes keeps to one core: threads would wait for each other. Read when
# torch is loaded, so it stands before every other import. NumPy's threads: study_site/__init__.py.
if "PYTEST_XDIST_WORKER" in os.environ:
    for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(_name, "1")

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

# No test depends on the clock: a busy machine is no failure.
hypothesis_settings.register_profile("unhurried", deadline=None)
hypothesis_settings.load_profile("unhurried")


ROOT = Path(__file__).resolve().parents[1]
UNTRACED = {
    line
    for line in (ROOT / "tests" / "untraced.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave browser tests and what ``untraced.txt`` lists out of the coverage."""
    for item in items:
        function = item.nodeid.partition("[")[0]
        is_listed = not UNTRACED.isdisjoint({function, function.partition("::")[0]})
        if is_listed or item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.no_cover)


@pytest.fixture(autouse=True)
def _own_files(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Give each test that uses the database a folder of its own for crops and galleries.

    A test may ask for the database by its marker or by a fixture. Files are never written into
    the folder of a site that somebody runs from this checkout.
    """
    asked = {"db", "transactional_db", "live_server"}.intersection(request.fixturenames)
    if asked or request.node.get_closest_marker("django_db"):
        settings = request.getfixturevalue("settings")
        settings.CROP_DIR = tmp_path / "crops"
        settings.PANEL_DIR = tmp_path / "panels"
        settings.GALLERY_DIR = tmp_path / "galleries"
        from django.core.cache import cache

        from trials.study.kept import kept_forget

        cache.clear()  # keys of rows come again in the next test
        kept_forget()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Keep SQLite's test database in a file, as a site does: in memory, threads cannot wait."""
    from django.db import connection

    if connection.vendor == "sqlite":
        path = tmp_path_factory.mktemp("database") / "test.sqlite3"
        connection.settings_dict["TEST"]["NAME"] = str(path)


@pytest.fixture(scope="session", autouse=True)
def nobody_holds_the_database(request: pytest.FixtureRequest) -> Iterator[None]:
    """End what is still connected to PostgreSQL's test database before it is dropped.

    A browser's last request may still be open in a thread of the live server by then.
    """
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        yield
        return
    request.getfixturevalue("django_db_setup")  # asked for here, so it is torn down after us
    blocker = request.getfixturevalue("django_db_blocker")
    yield
    from django.db import connection

    with blocker.unblock():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        connection.close()
