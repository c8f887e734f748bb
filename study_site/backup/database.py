"""The database in a backup: a copy by the database's own tools, or rows that any database takes."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.backends.postgresql.client import DatabaseClient
from django.db.migrations.executor import MigrationExecutor

from study_site.backup.files import BackupRefused

SQLITE, POSTGRES, ROWS = "database.sqlite3", "database.dump", "database.jsonl.gz"
# A new database has these rows from its migrations.
OF_MIGRATIONS: Final = (
    "contenttypes.contenttype",
    "auth.permission",
    "auth.group",
    "auth.group_permissions",
)
# Staff log in again.
LEFT_OUT: Final = ("sessions.session",)


def database_dump(folder: Path, *, is_portable: bool) -> str:
    """Write the database as of one moment into a new file of ``folder``; return its name."""
    if is_portable:
        with _one_moment():
            _rows_write(folder / ROWS)
        return ROWS
    if connection.vendor == "postgresql":
        _postgres("pg_dump", "--format=custom", f"--file={folder / POSTGRES}")
        return POSTGRES
    _sqlite_dump(folder / SQLITE)
    return SQLITE


def database_load(path: Path) -> None:
    """Fill the empty database from a file of a backup, completely or not at all."""
    if path.name == SQLITE and connection.vendor == "sqlite":
        _sqlite_load(path)
    elif path.name == POSTGRES:
        if connection.vendor != "postgresql":
            raise BackupRefused(
                "This backup holds a copy of PostgreSQL, and the site's database is SQLite. Set "
                "DATABASE_URL to a PostgreSQL, or make the backup with --portable."
            )
        _tables_drop()
        _postgres("pg_restore", "--no-owner", "--no-privileges", "--single-transaction", str(path))
    else:
        _rows_load(path)
    if MigrationExecutor(connection).migration_plan(_latest()):
        call_command("migrate", verbosity=0, interactive=False)


def migrations() -> list[str]:
    """Return the applied migrations as ``app.name``."""
    applied = MigrationExecutor(connection).loader.applied_migrations
    return sorted(f"{app}.{name}" for app, name in applied)


def unknown_migrations(names: list[str]) -> list[str]:
    """Return the migrations that this version of the platform does not have."""
    loader = MigrationExecutor(connection).loader
    known = {f"{app}.{name}" for app, name in loader.disk_migrations}
    known |= {f"{app}.{name}" for app, name in loader.replacements}
    return sorted(set(names) - known)


def later_migrations(names: list[str]) -> list[str]:
    """Return the migrations of this version that are not among the names."""
    known = {f"{app}.{name}" for app, name in MigrationExecutor(connection).loader.disk_migrations}
    return sorted(known - set(names))


def filled_tables() -> list[str]:
    """Return the tables that have rows of somebody; none in a new database."""
    present = set(connection.introspection.table_names())
    return sorted(
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.label_lower not in (*OF_MIGRATIONS, *LEFT_OUT)
        and model._meta.managed
        and model._meta.db_table in present
        and model._base_manager.exists()
    )


def _latest() -> list[tuple[str, str]]:
    nodes: list[tuple[str, str]] = MigrationExecutor(connection).loader.graph.leaf_nodes()
    return nodes


def _sqlite_dump(path: Path) -> None:
    """Copy while others write: SQLite's backup takes over what they change meanwhile."""
    path.unlink(missing_ok=True)
    connection.ensure_connection()
    with closing(sqlite3.connect(path)) as copy:
        connection.connection.backup(copy)
        # One file, which can be read without a second one.
        copy.execute("PRAGMA journal_mode=DELETE")


def _sqlite_load(path: Path) -> None:
    connection.ensure_connection()
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as stored:
        stored.backup(connection.connection)
    connection.close()
    connection.ensure_connection()  # sets the journal's mode again


def _postgres(program: str, *options: str) -> None:
    """Run a program of PostgreSQL on the site's database."""
    known = connection.settings_dict
    connected, given = DatabaseClient.settings_to_cmd_args_env(known, [])
    # The database's name is the last word, and pg_restore wants it as an option.
    command = [program, *connected[1:-1], "--dbname", connected[-1], *options]
    connection.close()
    try:
        done = subprocess.run(
            command, env=os.environ | (given or {}), capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise BackupRefused(
            f"{program} is not installed. Install the client programs of the server's version "
            "(Debian: apt install postgresql-client), or use --portable."
        ) from error
    if done.returncode:
        raise BackupRefused(f"{program} ended with status {done.returncode}: {done.stderr.strip()}")


def _tables_drop() -> None:
    """Delete the empty tables that migrations made, so that the stored ones take their place."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"DROP TABLE {connection.ops.quote_name(table)} CASCADE")


@contextmanager
def _one_moment() -> Iterator[None]:
    """Let all queries inside see the database as at the first one; writers are not stopped."""
    begin = {
        "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        "sqlite": "BEGIN DEFERRED",
    }
    with connection.cursor() as cursor:
        cursor.execute(begin[connection.vendor])
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def _rows_write(path: Path) -> None:
    call_command(
        "dumpdata", format="jsonl", exclude=LEFT_OUT, output=str(path),
        use_base_manager=True, verbosity=0,
    )  # fmt: skip


def _rows_load(path: Path) -> None:
    """Load rows of another database, or of an SQLite file, into new tables."""
    if path.name != SQLITE:
        _rows_fill(path)
        return
    with TemporaryDirectory(prefix=".unfinished-", dir=settings.DATA_DIR) as scratch:
        _rows_of_sqlite(path, Path(scratch))
        _rows_fill(Path(scratch) / ROWS)


def _rows_fill(path: Path) -> None:
    call_command("migrate", verbosity=0, interactive=False)
    # Rows that migrations made are in the backup, too, under numbers of their own.
    call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)
    call_command("loaddata", str(path.resolve()), verbosity=0)


def _rows_of_sqlite(path: Path, scratch: Path) -> None:
    """Write the rows of an SQLite file, read by processes that have a copy as their database.

    The copy is brought to this version first, because only its own tables can be read.
    """
    shutil.copy(path, scratch / "db.sqlite3")
    known = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    excluded = [f"--exclude={name}" for name in LEFT_OUT]
    dump = ["dumpdata", "--format=jsonl", "--all", f"--output={scratch / ROWS}", *excluded]
    for command in (["migrate", "--noinput"], dump):
        done = subprocess.run(
            [sys.executable, "-m", "django", *command, "--verbosity=0"],
            cwd=settings.BASE_DIR, env=known | {"DATA_DIR": str(scratch)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise BackupRefused(f"{path} cannot be read: {done.stderr.strip()[-500:]}")
