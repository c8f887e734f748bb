"""A small world that is made once for each process and put back for every further test.

To make a study takes a tenth of a second: predictions, checks, sets and hashes. Its rows and files
are the same for the same document, so that the first test which asks for it makes it by the
services and the others get a copy, which takes some milliseconds.
"""

from __future__ import annotations

import datetime
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, models
from django.utils import timezone

APPS = ("classifiers", "trials", "analysis")
FOLDERS = ("CROP_DIR", "PANEL_DIR", "GALLERY_DIR")
ROWS_AT_ONCE = 200


@dataclass(frozen=True)
class Rows:
    """The rows of one table as the database has them."""

    table: str
    columns: tuple[str, ...]
    moments: tuple[int, ...]  # the positions of the columns with a date and time
    rows: tuple[tuple[Any, ...], ...]

    @classmethod
    def read(cls, model: type[models.Model]) -> Rows:
        """Read a table."""
        fields = model._meta.local_concrete_fields
        columns = tuple(field.column or "" for field in fields)
        moments = tuple(
            k for k, field in enumerate(fields) if isinstance(field, models.DateTimeField)
        )
        names = ", ".join(map(connection.ops.quote_name, columns))
        table = connection.ops.quote_name(model._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {names} FROM {table} ORDER BY 1")  # noqa: S608 - names of our own models
            rows = tuple(map(tuple, cursor.fetchall()))
        return cls(table, columns, moments, rows)

    def write(self, later: datetime.timedelta) -> None:
        """Insert the rows; what happened then happened ``later``."""
        names = ", ".join(map(connection.ops.quote_name, self.columns))
        row = f"({', '.join(['%s'] * len(self.columns))})"
        with connection.cursor() as cursor:
            for start in range(0, len(self.rows), ROWS_AT_ONCE):
                part = self.rows[start : start + ROWS_AT_ONCE]
                values = [value for each in part for value in self._moved(each, later)]
                places = ", ".join([row] * len(part))
                cursor.execute(f"INSERT INTO {self.table} ({names}) VALUES {places}", values)  # noqa: S608

    def _moved(self, row: tuple[Any, ...], later: datetime.timedelta) -> list[Any]:
        moved = list(row)
        for k in self.moments:
            if moved[k] is not None:
                moved[k] += later
        return moved


@dataclass(frozen=True)
class Snapshot:
    """Every row of our apps, and every file in the folders of the test."""

    taken_at: datetime.datetime
    tables: tuple[Rows, ...]
    files: tuple[tuple[str, str, bytes], ...]  # setting of the folder, path below it, content

    @classmethod
    def take(cls) -> Snapshot:
        """Read the database and the folders."""
        tables = (Rows.read(model) for model in _models())
        return cls(timezone.now(), tuple(each for each in tables if each.rows), tuple(_files()))

    def put_back(self) -> None:
        """Write it into a database and folders that have none of its rows and files."""
        later = timezone.now() - self.taken_at
        for table in self.tables:
            table.write(later)
        for setting, path, content in self.files:
            file = Path(getattr(settings, setting)) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)


_KEPT: dict[Hashable, Snapshot] = {}


def snapshot_take(key: Hashable) -> None:
    """Keep what the database and the folders hold under ``key``."""
    _KEPT[key] = Snapshot.take()


def snapshot_put_back(key: Hashable) -> bool:
    """Write what is kept under ``key`` into an empty database; tell whether there was any."""
    if key in _KEPT:
        _KEPT[key].put_back()
    return key in _KEPT


def _models() -> Iterator[type[models.Model]]:
    for app in APPS:
        yield from apps.get_app_config(app).get_models(include_auto_created=True)


def _files() -> Iterator[tuple[str, str, bytes]]:
    for setting in FOLDERS:
        folder = Path(getattr(settings, setting))
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                yield setting, str(file.relative_to(folder)), file.read_bytes()
