"""Write the results of a published file: ``results.json`` and one CSV file per table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pandas import DataFrame, Series
from pandas.api.types import is_numeric_dtype

from analysis.published.refusals import PublishedRefused
from analysis.tables.csv_cells import neutral
from classifiers.files import files_replace


def files_write(
    folder: Path, results: Mapping[str, object], tables: Mapping[str, DataFrame]
) -> tuple[str, ...]:
    """Write all files into ``folder`` (made if missing), and return their names.

    The files get their final names once all are complete. Raises ``PublishedRefused`` if the path,
    or a part of it, is a file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise PublishedRefused(
            f"{folder}: found a file, expected a folder or a new name."
        ) from error
    contents = {"results.json": json.dumps(results, indent=2, allow_nan=False) + "\n"}
    for name, table in tables.items():
        cells = DataFrame({column: _cells(table[column]) for column in table})
        contents[name] = cells.to_csv(index=False, lineterminator="\r\n")
    files_replace(folder, {name: text.encode() for name, text in contents.items()})
    return tuple(contents)


def _cells(cells: Series) -> Series:
    values = cells.dropna().unique().tolist()
    if values and all(value is True or value is False for value in values):
        return cells.map({True: "true", False: "false"})
    if is_numeric_dtype(cells):
        return cells
    return cells.astype("str").map(neutral, na_action="ignore")
