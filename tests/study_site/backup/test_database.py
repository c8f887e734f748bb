"""The database in a backup: which program copies it, and what is said where that fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from types import SimpleNamespace
from typing import Any

import pytest

from study_site.backup import database
from study_site.backup.files import BackupRefused


class Postgres:
    """A database of PostgreSQL, as far as its copies ask for it."""

    vendor = "postgresql"
    ops = SimpleNamespace(quote_name='"{}"'.format)

    def __init__(self) -> None:
        self.settings_dict = {"NAME": "trees", "USER": "sam", "HOST": "db", "OPTIONS": {}}
        self.settings_dict |= {"PORT": "", "PASSWORD": "right"}
        self.introspection = SimpleNamespace(table_names=lambda cursor: ["a", "b"])
        self.done: list[str] = []

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        yield SimpleNamespace(execute=self.done.append)

    def close(self) -> None:
        self.done.append("close")


@pytest.fixture
def postgres(monkeypatch: pytest.MonkeyPatch) -> Postgres:
    """Have that database; its programs succeed unless the password is wrong."""
    known = Postgres()

    def run(command: list[str], env: dict[str, str], **_: Any) -> CompletedProcess[str]:
        known.done.append(" ".join(command))
        is_right = env["PGPASSWORD"] == "right"
        return CompletedProcess(command, 1 - is_right, "", "" if is_right else "no such user\n")

    monkeypatch.setattr(database, "connection", known)
    monkeypatch.setattr("subprocess.run", run)
    return known


def test_postgresql_is_copied_by_its_own_program(tmp_path: Path, postgres: Postgres) -> None:
    assert database.database_dump(tmp_path, is_portable=False) == "database.dump"
    program = f"pg_dump -U sam -h db --dbname trees --format=custom --file={tmp_path}/database.dump"
    assert postgres.done == ["close", program]


def test_a_program_of_postgresql_that_fails_or_is_missing_is_told(
    tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.settings_dict["PASSWORD"] = "wrong"
    with pytest.raises(BackupRefused, match=r"pg_dump ended with status 1: no such user$"):
        database.database_dump(tmp_path, is_portable=False)

    def missing(*_: object, **__: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr("subprocess.run", missing)
    with pytest.raises(BackupRefused, match=r"pg_dump is not installed. Install the client"):
        database.database_dump(tmp_path, is_portable=False)


def test_a_restored_database_replaces_empty_tables_and_is_brought_up_to_date(
    tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_latest", list)
    later = SimpleNamespace(migration_plan=lambda latest: ["trials.0099_later"])
    monkeypatch.setattr(database, "MigrationExecutor", lambda connection: later)
    monkeypatch.setattr(database, "call_command", lambda name, **_: postgres.done.append(name))
    database.database_load(tmp_path / database.POSTGRES)
    dropped = ['DROP TABLE "a" CASCADE', 'DROP TABLE "b" CASCADE', "close"]
    assert postgres.done[:3] == dropped
    assert postgres.done[3].startswith("pg_restore -U sam -h db --dbname trees --no-owner")
    assert postgres.done[4:] == ["migrate"]


def test_a_copy_of_postgresql_is_refused_by_a_site_on_sqlite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "connection", SimpleNamespace(vendor="sqlite"))
    with pytest.raises(BackupRefused, match=r"copy of PostgreSQL, .* backup with --portable"):
        database.database_load(tmp_path / database.POSTGRES)


def test_an_sqlite_file_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.sqlite3").touch()
    failed = CompletedProcess([], 1, "", "file is not a database\n")
    monkeypatch.setattr("subprocess.run", lambda *_, **__: failed)
    with pytest.raises(BackupRefused, match=r"a\.sqlite3 cannot be read: file is not a database"):
        database._rows_of_sqlite(tmp_path / "a.sqlite3", tmp_path)
