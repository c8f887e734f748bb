"""Queries that every page of a session makes, built once in a process.

The ORM takes longer to build such a query than the database to answer it. A prepared query is built
by the ORM on its first use and kept with its SQL; later uses only put in the values. Rows become
objects as usual, with those of ``select_related``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.models.sql import UpdateQuery

M = TypeVar("M", bound=Model)

# Values that stand for the arguments while a query is built; no query has such values itself.
_STANDINS: Final[dict[type, Callable[[int], Any]]] = {
    int: lambda n: 1_987_654_300 + n,
    str: lambda n: f"argument {n} of a prepared query",
    datetime: lambda n: datetime(1901, 1, 1, 0, 0, n, tzinfo=UTC),
}


class _Statement:
    """One SQL statement and where its arguments go."""

    def __init__(self, sql: str, params: Sequence[Any], standins: Sequence[Any]) -> None:
        self.sql = sql
        known = [_adapted(item) for item in standins]
        self._places: list[tuple[int | None, Any]] = [
            (known.index(item), None) if item in known else (None, item) for item in params
        ]
        missing = set(range(len(known))) - {place for place, _ in self._places}
        if missing:
            raise ValueError(f"Arguments {sorted(missing)} are not in the query: {sql}")

    def params(self, given: Sequence[Any]) -> list[Any]:
        """Return the parameters of one use."""
        return [value if place is None else _adapted(given[place]) for place, value in self._places]


def _adapted(value: Any) -> Any:
    if isinstance(value, datetime):
        return connections[DEFAULT_DB_ALIAS].ops.adapt_datetimefield_value(value)
    return str(value) if isinstance(value, str) else value  # a choice's name is its value


class PreparedQuery(Generic[M]):
    """A query by arguments of the given kinds (``int``, ``str``); ``build`` makes it from them."""

    def __init__(self, build: Callable[..., QuerySet[M]], *kinds: type) -> None:
        self._build = build
        self._standins = [_STANDINS[kind](n) for n, kind in enumerate(kinds)]
        self._made: tuple[_Statement, Callable[[Sequence[Any]], M]] | None = None

    def all(self, *given: Any) -> list[M]:
        """Return the objects that the query finds."""
        if len(given) != len(self._standins):
            raise TypeError(f"{len(given)} arguments; expected {len(self._standins)}.")
        # Two threads may build it at once, and build the same.
        statement, made = self._made = self._made or self._prepare()
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(statement.sql, statement.params(given))
            return [made(row) for row in cursor.fetchall()]

    def first(self, *given: Any) -> M | None:
        """Return the first object; None if there is none."""
        found = self.all(*given)
        return found[0] if found else None

    def _prepare(self) -> tuple[_Statement, Callable[[Sequence[Any]], M]]:
        query = self._build(*self._standins).query
        compiler: Any = query.get_compiler(DEFAULT_DB_ALIAS)
        sql, params = compiler.as_sql()
        statement = _Statement(sql, params, self._standins)
        info = compiler.klass_info
        model, fields = info["model"], info["select_fields"]
        begin, end = fields[0], fields[-1] + 1
        names = [column[0].target.attname for column in compiler.select[begin:end]]
        populators = get_related_populators(info, compiler.select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]
        converters = compiler.get_converters([column[0] for column in compiler.select])

        def made(row: Sequence[Any]) -> M:
            if converters:
                (row,) = compiler.apply_converters([row], converters)
            found: M = model.from_db(DEFAULT_DB_ALIAS, names, row[begin:end])
            for populator in populators:
                populator.populate(row, found)
            return found

        return statement, made


class PreparedUpdate:
    """An update by arguments: ``build`` returns the rows and their new values."""

    def __init__(
        self, build: Callable[..., tuple[QuerySet[Any], Mapping[str, Any]]], *kinds: type
    ) -> None:
        self._build = build
        self._standins = [_STANDINS[kind](n) for n, kind in enumerate(kinds)]
        self._made: _Statement | None = None

    def run(self, *given: Any) -> int:
        """Update, and return how many rows that was."""
        if len(given) != len(self._standins):
            raise TypeError(f"{len(given)} arguments; expected {len(self._standins)}.")
        statement = self._made = self._made or self._prepare()
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(statement.sql, statement.params(given))
            return int(cursor.rowcount)

    def _prepare(self) -> _Statement:
        rows, values = self._build(*self._standins)
        query: Any = rows.query.chain(UpdateQuery)
        query.add_update_values(dict(values))
        sql, params = query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
        return _Statement(sql, params, self._standins)
