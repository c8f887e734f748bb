"""Read the table of the AIs' answers on every image, published with the responses. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from pandas import DataFrame

from analysis.published.refusals import PublishedRefused, refuse_cells, rows_check
from analysis.published.responses import AIS, SCALES
from analysis.stats.team import Pool


def read_pool(path: Path | str, ais: Sequence[str] = tuple(AIS.values())) -> dict[str, Pool]:
    """Read a table of the AIs: ``{ai}_correct`` and ``{ai}_conf``, one row per image.

    Raises ``PublishedRefused`` for a missing column, and for cells that are empty or out of
    range.
    """
    file = Path(path)
    columns = [f"{ai.lower()}_{part}" for ai in ais for part in ("correct", "conf")]
    rows_check(file, "a pool")
    try:
        table = pd.read_csv(file, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise PublishedRefused(f"{file}: {error}; expected a CSV file of a pool.") from error
    missing = [column for column in columns if column not in table]
    if missing:
        raise PublishedRefused(
            f"{file}: no column {', '.join(missing)}; expected {', '.join(columns)}: for each AI, "
            "whether it is right (0 or 1) and its confidence (a share) on each image."
        )
    if table.empty:
        raise PublishedRefused(f"{file}: found a header and no row; expected one row per image.")
    return {ai: _pool(file, table, ai) for ai in ais}


def _pool(file: Path, table: DataFrame, ai: str) -> Pool:
    is_correct, confidence = table[f"{ai.lower()}_correct"], table[f"{ai.lower()}_conf"]
    is_wrong = ~pd.to_numeric(is_correct, errors="coerce").isin([0, 1])
    refuse_cells(file, f"{ai.lower()}_correct", is_correct, is_wrong, "0 or 1")
    numbers = pd.to_numeric(confidence, errors="coerce")
    refuse_cells(file, f"{ai.lower()}_conf", confidence, numbers.isna(), "a share between 0 and 1")
    try:
        units = SCALES[ai].units(numbers)
    except ValueError as error:
        raise PublishedRefused(f"{file}, {ai.lower()}_conf: {error}") from error
    return Pool(pd.to_numeric(is_correct).to_numpy(dtype=bool), units, SCALES[ai])
