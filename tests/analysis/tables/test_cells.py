"""Cells of CSV files."""

import csv
import io
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.tables.csv_cells import cell, neutral, restored


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_text_that_a_spreadsheet_would_run_is_made_harmless(text: str) -> None:
    assert neutral(text) == f"'{text}"


@pytest.mark.parametrize("text", ["wren", "a=1", "", " -1", "'quoted'", "1-2"])
def test_other_texts_stay(text: str) -> None:
    assert neutral(text) == text


@given(st.text(alphabet="'=+-@\t\ra1\n") | st.text())
def test_what_was_made_harmless_is_restored_and_begins_harmlessly(text: str) -> None:
    assert restored(neutral(text)) == text
    assert not neutral(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_written_in_full_and_never_made_texts(number: float) -> None:
    assert float(cell("number", number)) == number


@pytest.mark.parametrize("missing", [None, float("nan"), np.nan])
@pytest.mark.parametrize("kind", ["string", "integer", "number", "boolean", "datetime"])
def test_a_missing_cell_is_empty(kind: str, missing: object) -> None:
    assert cell(kind, missing) == ""


def test_times_are_written_in_utc_to_the_millisecond() -> None:
    at = datetime(2026, 3, 1, 1, 2, 3, 4999, tzinfo=timezone(timedelta(hours=2)))
    assert cell("datetime", at) == "2026-02-28T23:02:03.004Z"
    assert cell("datetime", at.astimezone(UTC)) == cell("datetime", at)


@given(st.lists(st.text(), min_size=1))
def test_any_texts_survive_a_csv_file(texts: list[str]) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\r\n").writerow([cell("string", text) for text in texts])
    (row,) = list(csv.reader(io.StringIO(stream.getvalue(), newline="")))
    assert [restored(item) for item in row] == texts
