"""Texts in the CSV files of an archive, escaped so that no spreadsheet runs them. Pure.

The same rule as in an export (``analysis.tables.csv_cells``), which this package cannot import.
"""

from __future__ import annotations

import re
from collections.abc import Collection

_RUN, _NEUTRALISED = re.compile(r"'*[=+\-@\t\r]"), re.compile(r"''*[=+\-@\t\r]")


def neutral(value: object) -> object:
    """Put an apostrophe before a text that a spreadsheet would run as a formula."""
    return f"'{value}" if isinstance(value, str) and _RUN.match(value) else value


def restored(text: str, known: Collection[str]) -> str:
    """Remove the apostrophe again; ``known`` are the names of the study's categories.

    Archives of earlier versions have no added apostrophe: a category's name may begin with one.
    """
    plain = text[1:] if _NEUTRALISED.match(text) else text
    return text if text in known and plain not in known else plain
