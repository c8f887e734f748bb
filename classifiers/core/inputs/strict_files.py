"""Strict reading of CSV and JSON: surplus cells and duplicate names are errors.

Standard library only.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any


class CsvRefused(ValueError):
    """Raised for a table that is ambiguous or damaged; the message names the line."""


def csv_rows(
    lines: Iterable[str], required: Sequence[str], *, may_be_short: bool = False
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row with the number of its line; cells beyond a short row's end are empty.

    Raises ``CsvRefused`` for a missing or repeated column, a row with more cells than the first
    line has, or with fewer unless ``may_be_short``, and for what is no CSV.
    """
    reader = csv.reader(lines, strict=True)
    try:
        columns = next(reader, [])
        _check_columns(columns, required)
        for cells in reader:
            if cells:
                _check_cells(reader.line_num, cells, columns, may_be_short)
                filled = [*cells, *[""] * (len(columns) - len(cells))]
                yield reader.line_num, dict(zip(columns, filled, strict=True))
    except csv.Error as error:
        raise CsvRefused(f"line {reader.line_num}: {error}") from error


def _check_columns(columns: Sequence[str], required: Sequence[str]) -> None:
    if missing := [name for name in required if name not in columns]:
        raise CsvRefused(
            f"the columns are {list(columns)}, without {', '.join(missing)}. Expected a first "
            f"line with {','.join(required)}, separated by commas"
        )
    if twice := [name for name, n in Counter(columns).items() if n > 1]:
        raise CsvRefused(f"the column {twice[0]!r} occurs twice. Keep one of them")


def _check_cells(line: int, cells: list[str], columns: list[str], may_be_short: bool) -> None:
    if len(cells) > len(columns):
        raise CsvRefused(
            f"line {line} has {len(cells)} cells, the first line {len(columns)}; surplus: "
            f"{cells[len(columns) :]}. Put a text with commas in double quotes"
        )
    if len(cells) < len(columns) and not may_be_short:
        raise CsvRefused(f"line {line} has {len(cells)} cells; expected {len(columns)}")


def json_read(text: str | bytes) -> Any:
    """Return the content of a JSON text.

    Raises ``ValueError`` if it is no JSON, if a name occurs twice in one object (the first value
    would be lost), if a number is NaN, and if it is nested too deeply.
    """
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("it nests without end") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ValueError(f"the name {twice!r} occurs twice in one object")
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number that JSON knows")
