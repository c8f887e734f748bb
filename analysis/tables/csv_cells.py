"""The cells of a CSV file: full numbers, empty missing values, no text that runs as a formula.

Standard library only. ``neutral`` and ``restored`` are inverse to each other for every text.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_RUN, _NEUTRALISED = re.compile(r"'*[=+\-@\t\r]"), re.compile(r"''*[=+\-@\t\r]")


def neutral(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run as a formula.

    Such a text begins with ``= + - @``, a tab or a carriage return. A text with apostrophes before
    such a character gets one more, so that ``restored`` can always undo it.
    """
    return f"'{text}" if _RUN.match(text) else text


def restored(text: str) -> str:
    """Undo ``neutral``."""
    return text[1:] if _NEUTRALISED.match(text) else text


def _string(value: object) -> str:
    return neutral(str(value))


def _integer(value: Any) -> str:
    return str(int(value))


def _number(value: Any) -> str:
    return repr(float(value))


def _boolean(value: object) -> str:
    return "TRUE" if value else "FALSE"  # R reads only this as logical; pandas reads both


def _datetime(value: datetime) -> str:
    at = value.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


FORMATS: dict[str, Callable[[Any], str]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "datetime": _datetime,
}


def cell(kind: str, value: Any) -> str:
    """Return a value as a cell of a column of this kind (a key of ``FORMATS``).

    None and NaN are empty. Numbers are written in full: reading them gives the same value back.
    """
    return "" if value is None or value != value else FORMATS[kind](value)


@contextmanager
def csv_open(path: Path, header: Sequence[str]) -> Iterator[Callable[[Iterable[str]], object]]:
    """Open a new CSV file (RFC 4180, UTF-8), write its header, yield a function to write rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(header)
        yield writer.writerow
