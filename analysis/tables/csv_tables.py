"""Frames as CSV files, by the codebook's columns. Pure pandas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from pandas import DataFrame, Series

from analysis.codebook.codebook import Columns
from analysis.tables.csv_cells import cell, csv_open


def table_write(path: Path, columns: Columns, table: DataFrame) -> None:
    """Write a table with exactly ``columns``: RFC 4180 in UTF-8 (see ``cells``).

    Raises ``ValueError`` if the table's columns are not those that the codebook declares.
    """
    rows = _rows(path.name, columns, table)
    with csv_open(path, next(rows)) as write:
        for row in rows:
            write(row)


def csv_text(name: str, columns: Columns, table: DataFrame) -> str:
    """Return the text that ``table_write`` writes, for a table that is sent directly."""
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\r\n").writerows(_rows(name, columns, table))
    return stream.getvalue()


def _rows(name: str, columns: Columns, table: DataFrame) -> Iterator[list[str]]:
    """Yield the header, then every row as cells."""
    names = [column.name for column in columns]
    if list(table.columns) != names:
        raise ValueError(
            f"{name}: the table has the columns {list(table.columns)}; the codebook declares "
            f"{names}. Declare every column, so that readers know its meaning."
        )
    yield names
    cells = [_words(column.type, table[column.name]) for column in columns]
    yield from map(list, zip(*cells, strict=True))


def _words(kind: str, values: Series) -> list[str]:
    """Return the cells of a column; a text that occurs often is written once."""
    if kind == "string":
        codes, texts = pd.factorize(values)
        words = [*(cell(kind, text) for text in texts.tolist()), ""]  # the last for a missing one
        return [words[code] for code in codes]
    return [cell(kind, None if pd.isna(value) else value) for value in values.tolist()]
