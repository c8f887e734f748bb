"""The script of an export: recompute its tables from its CSV files and compare. Pure pandas."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from pandas import DataFrame, Series

from analysis.codebook.codebook import Columns
from analysis.stats.confidence import Bools
from analysis.tables.csv_tables import table_write
from analysis.tables.recompute import (
    PLAN_FILE,
    data_files,
    figure_files,
    frames_read,
    table_columns,
    table_path,
    tables_from,
)
from analysis.tables.tables import texts_of
from analysis.tables.tidy import table_read

# Another version of a library may sum in another order; the last digits then differ.
RELATIVE, ABSOLUTE = 1e-9, 1e-9


def difference(shipped: DataFrame, computed: DataFrame) -> str:
    """Return the first difference of two tables in words; empty if they are the same.

    Numbers may differ by a billionth; texts, booleans and missing cells may not.
    """
    if list(shipped.columns) != list(computed.columns):
        return f"columns {list(computed.columns)}, shipped {list(shipped.columns)}"
    if len(shipped) != len(computed):
        return f"{len(computed)} rows, shipped {len(shipped)}"
    for name in shipped.columns:
        is_same = _same(shipped[name], computed[name])
        if not is_same.all():
            row = int(np.flatnonzero(~is_same)[0])
            seen, expected = computed[name].iloc[row], shipped[name].iloc[row]
            return f"row {row + 1}, {name}: {seen!r}, shipped {expected!r}"
    return ""


def _same(one: Series, other: Series) -> Bools:
    if one.dtype == "float64":
        a, b = one.to_numpy(dtype=float), other.to_numpy(dtype=float)
        is_close: Bools = np.isclose(a, b, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True)
        return is_close
    is_missing: Bools = (one.isna() & other.isna()).to_numpy(dtype=bool)
    words, others = (cells.astype("str").to_numpy(dtype=object) for cells in (one, other))
    is_equal: Bools = (words == others).astype(bool) | is_missing
    return is_equal


def compare(
    folder: Path, tables: Mapping[str, DataFrame], out: Path, columns: Mapping[str, Columns]
) -> dict[str, str]:
    """Write the tables to ``out`` and return how each differs from the one in ``folder``."""
    found = {}
    for name, table in tables.items():
        path = out / f"{name}.csv"
        table_write(path, columns[name], table)
        shipped = folder / table_path(name)
        if not shipped.is_file():
            found[name] = f"the export has no {shipped.name}"
            continue
        # Both are read from files, so that writing does not cause a difference.
        any_empty = tuple(replace(column, is_nullable=True) for column in columns[name])
        found[name] = difference(table_read(shipped, any_empty), table_read(path, any_empty))
    return found


def main(folder: Path, arguments: list[str] | None = None) -> int:
    """Run for the export in ``folder``; return 0 if every table is the same, 1 if not."""
    parser = argparse.ArgumentParser(
        description="Compute this export's tables again from data/*.csv, and compare them with "
        "tables/*.csv. Needs no network and no database; see requirements.txt."
    )
    parser.add_argument(
        "--out", type=Path, default=folder / "rerun", metavar="DIR",
        help="folder for the tables and pictures (default: rerun/ in the export)",
    )  # fmt: skip
    parser.add_argument("--no-figures", action="store_true", help="do not draw the pictures")
    options = parser.parse_args(arguments)
    plan = json.loads((folder / PLAN_FILE).read_text(encoding="utf-8"))
    options.out.mkdir(parents=True, exist_ok=True)
    frames = frames_read(data_files(folder))
    tables = tables_from(frames, plan["declared"], looks=plan.get("looks"))
    found = compare(folder, tables, options.out, table_columns())
    for name, text in texts_of(tables).items():
        (options.out / name).write_text(text, encoding="utf-8")
    for name, how in found.items():
        sys.stdout.write(f"{name + '.csv':24} {(how and 'DIFFERS: ' + how) or 'the same'}\n")
    if not options.no_figures:
        for name, draw in figure_files(tables, plan["note"]).items():
            (options.out / name).write_bytes(draw())
    n_other = sum(1 for how in found.values() if how)
    verdict = f"{n_other} of {len(found)} tables differ" if n_other else "Every table is the same"
    sys.stdout.write(f"{verdict}. Written to {options.out}\n")
    return 1 if n_other else 0
