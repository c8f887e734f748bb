"""Tidy rows as compact frames, from an iterator or a CSV file. Pure pandas, no Django.

Texts are categories and rows come in blocks, so that a million responses take some 100 MB.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import pandas as pd
from pandas import DataFrame, Series
from pandas.api.types import union_categoricals

from analysis.codebook.codebook import Column
from analysis.tables.csv_cells import restored

BLOCK_ROWS = 50_000
DTYPES = {
    "string": "category",
    "integer": "Int64",
    "number": "float64",
    "boolean": "bool",
    "datetime": "datetime64[ms, UTC]",
}


def dtype_of(column: Column) -> str:
    """Return the type of a column in a frame."""
    is_unsure = column.type == "boolean" and column.is_nullable
    return "boolean" if is_unsure else DTYPES[column.type]


def frame_of(columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> DataFrame:
    """Return rows of Python values (None for what is missing) as a frame of ``columns``."""
    names = [column.name for column in columns]
    return _joined(
        columns, (_typed(columns, DataFrame(block, columns=names)) for block in _blocks(rows))
    )


def table_read(path: Path | str, columns: Sequence[Column]) -> DataFrame:
    """Read a CSV file that was written with ``columns`` as a frame equal to the original.

    Raises ``ValueError`` if the header has other columns.
    """
    names = [column.name for column in columns]
    found = list(pd.read_csv(path, nrows=0).columns)
    if found != names:
        raise ValueError(f"{path}: found the columns {found}; expected {names}.")
    types = {column.name: _read_as(column) for column in columns}
    # "NA" and "None" may be labels of classes; only an empty cell is missing.
    blocks = pd.read_csv(
        path, dtype=types, chunksize=BLOCK_ROWS, keep_default_na=False, na_values=[""]
    )
    return _joined(columns, (_typed(columns, _texts_restored(columns, block)) for block in blocks))


def _blocks(rows: Iterable[Sequence[object]]) -> Iterator[list[Sequence[object]]]:
    iterator = iter(rows)
    while block := list(islice(iterator, BLOCK_ROWS)):
        yield block


def _read_as(column: Column) -> str:
    return "str" if column.type in ("string", "datetime") else dtype_of(column)


def _texts_restored(columns: Sequence[Column], block: DataFrame) -> DataFrame:
    texts = {
        column.name: block[column.name].map(restored, na_action="ignore")
        for column in columns
        if column.type == "string" and _any_neutralised(block[column.name])
    }
    return block.assign(**texts)


def _any_neutralised(cells: Series) -> bool:
    return any(restored(text) != text for text in cells.dropna().unique())


def _typed(columns: Sequence[Column], block: DataFrame) -> DataFrame:
    return DataFrame({column.name: _cast(column, block[column.name]) for column in columns})


def _cast(column: Column, cells: Series) -> Series:
    if column.type == "datetime":
        cells = pd.to_datetime(cells, utc=True, format="ISO8601")
    if column.type == "string":
        cells = cells.astype("str")
    return cells.astype(dtype_of(column))  # type: ignore[call-overload,no-any-return]


def _joined(columns: Sequence[Column], blocks: Iterable[DataFrame]) -> DataFrame:
    """Concatenate blocks; categories are in order of first appearance."""
    parts = list(blocks) or [_typed(columns, DataFrame(columns=[item.name for item in columns]))]
    joined = {}
    for column in columns:
        cells = [part.pop(column.name) for part in parts]  # frees each block once it is joined
        if column.type == "string":
            joined[column.name] = Series(union_categoricals(cells))
        else:
            joined[column.name] = pd.concat(cells, ignore_index=True)
    return DataFrame(joined)
