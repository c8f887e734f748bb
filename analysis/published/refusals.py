"""Refuse a published file, with the line of the wrong cell. Pure."""

from __future__ import annotations

import csv
from collections import deque
from pathlib import Path

import numpy as np
import pandas as pd
from pandas import Series

from classifiers.core.inputs.strict_files import CsvRefused, csv_rows


class PublishedRefused(ValueError):
    """Raised for a file that is not one of the study's; the message says what is wrong."""


def rows_check(file: Path, what: str) -> None:
    """Refuse a table in which a line has another number of cells than the header.

    pandas would shift such a table by a column or drop the surplus. The first line is named.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            deque(csv_rows(lines, ()), maxlen=0)
    except (OSError, UnicodeDecodeError, CsvRefused) as error:
        raise PublishedRefused(f"{file}: {error}; expected a CSV file of {what}.") from error


def refuse_cells(file: Path, column: str, cells: Series, is_wrong: Series, expected: str) -> None:
    """Raise ``PublishedRefused`` with the first line where ``is_wrong``, if there is one."""
    if is_wrong.any():
        row = int(np.flatnonzero(is_wrong)[0])
        seen = "an empty cell" if pd.isna(cells.iloc[row]) else repr(str(cells.iloc[row]))
        raise PublishedRefused(
            f"{file}, line {line_of(file, row)}, {column}: found {seen}, expected {expected}; "
            f"{int(is_wrong.sum())} such rows."
        )


def line_of(file: Path, row: int) -> int:
    """Return the line, from 1, on which a data row of a CSV file begins; ``row`` counts from 0.

    A quoted cell may contain line breaks, and empty lines are not rows.
    """
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream)
        n_before, line = 0, 1
        for cells in reader:
            if cells:
                if n_before == row + 1:  # the header comes first
                    return line
                n_before += 1
            line = reader.line_num + 1
    return row + 2
