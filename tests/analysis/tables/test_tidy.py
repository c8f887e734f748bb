"""Rows as compact frames, and frames back from files."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.codebook.codebook import Column
from analysis.tables import tidy
from analysis.tables.csv_tables import table_write
from analysis.tables.tidy import frame_of, table_read

COLUMNS = (
    Column("name", "string", "", "A text.", is_nullable=True),
    Column("n", "integer", "", "A count.", is_nullable=True),
    Column("share", "number", "", "A number.", is_nullable=True),
    Column("is_so", "boolean", "", "A fact."),
    Column("is_known", "boolean", "", "A fact, or not.", is_nullable=True),
    Column("at", "datetime", "", "A time.", is_nullable=True),
)
AT = datetime(2026, 3, 1, 9, 30, 0, 123000, tzinfo=UTC)
ROWS = [
    ("NA", 1, 0.1, True, None, AT),
    ("=1+1", None, None, False, True, None),
    (None, 10**12, 1e-300, True, False, AT),
    ('Müller\'s "wren", old\r\nworld', 0, -0.5, False, None, AT),
]


@pytest.mark.parametrize("block_rows", [1, 2, 100])
def test_a_file_gives_back_the_frame_that_it_was_written_from(
    block_rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidy, "BLOCK_ROWS", block_rows)
    frame = frame_of(COLUMNS, ROWS)
    table_write(tmp_path / "table.csv", COLUMNS, frame)
    pd.testing.assert_frame_equal(
        table_read(tmp_path / "table.csv", COLUMNS), frame, check_categorical=False
    )
    assert [tuple(None if pd.isna(item) else item for item in row)
            for row in frame.astype(object).itertuples(index=False)] == ROWS  # fmt: skip


def test_a_frame_without_rows_has_its_types(tmp_path: Path) -> None:
    frame = frame_of(COLUMNS, [])
    table_write(tmp_path / "table.csv", COLUMNS, frame)
    read = table_read(tmp_path / "table.csv", COLUMNS)
    assert list(read.dtypes.astype(str)) == list(frame.dtypes.astype(str))
    assert list(frame.columns) == [column.name for column in COLUMNS]


def test_a_file_with_other_columns_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("name,surprise\r\n")
    with pytest.raises(ValueError, match=r"table\.csv: found the columns .*surprise"):
        table_read(tmp_path / "table.csv", COLUMNS)


def test_a_million_repeated_texts_take_a_few_bytes_each() -> None:
    rows = ((f"text {n % 50}", n, 0.5, True, None, AT) for n in np.arange(100_000))
    frame = frame_of(COLUMNS, rows)
    assert frame.memory_usage(deep=True).sum() / len(frame) < 40
