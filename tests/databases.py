"""A database that many connections can write to at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections


@pytest.fixture
def shared_database(transactional_db: None, tmp_path: Path) -> Iterator[str]:
    """Return the vendor of a database for many threads: PostgreSQL's own, or SQLite as a file.

    The tests' SQLite lives in memory, where threads cannot wait for each other as they do on a
    site; its tables are copied into a file for the time of a test.
    """
    if connection.vendor != "sqlite":
        yield connection.vendor
        return
    settings: dict[str, Any] = connections.settings["default"]
    in_memory, name = connections["default"], settings["NAME"]
    in_memory.ensure_connection()
    path = tmp_path / "site.sqlite3"
    with sqlite3.connect(path) as copy:
        in_memory.connection.backup(copy)
    copy.close()
    settings["NAME"] = str(path)
    connections["default"] = connections.create_connection("default")
    yield "sqlite"
    connections["default"].close()
    settings["NAME"] = name
    connections["default"] = in_memory
