"""The times of a published file, as its authors or a spreadsheet wrote them. Pure pandas.

A spreadsheet that opens a CSV file saves its times in the computer's regional format. A whole
column is read in one format or refused with the line number. Guessing the format cell by cell could
put sessions in a wrong order, and ``session_number>1`` would exclude the wrong ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
from pandas import Series

from analysis.published.checks import Oddity
from analysis.published.refusals import PublishedRefused, refuse_cells

_CLOCK = (
    r"(?:[T ,]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?P<fraction>[.,]\d+)?)?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?)?"
)
_ZONE = re.compile(r"(?:Z|[+-]\d{2}:?\d{2})$")
ISO, DAY_FIRST, MONTH_FIRST, YEAR_FIRST, SERIAL = (
    "year-month-day", "day/month/year", "month/day/year", "year/month/day", "a spreadsheet's number"
)  # fmt: skip
_DAY, _MONTH, _YEAR = r"(?P<day>\d{1,2})", r"(?P<month>\d{1,2})", r"(?P<year>\d{4}|\d{2})"
_FORMS = {
    ISO: (
        r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"
        + _CLOCK
        + r"(?P<zone>Z|[+-]\d{2}:?\d{2})?"
    ),
    DAY_FIRST: _DAY + "(?P<sign>[./-])" + _MONTH + "(?P=sign)" + _YEAR + _CLOCK,
    MONTH_FIRST: _MONTH + "(?P<sign>[/-])" + _DAY + "(?P=sign)" + _YEAR + _CLOCK,
    YEAR_FIRST: r"(?P<year>\d{4})[/.]" + _MONTH + "[/.]" + _DAY + _CLOCK,
}
# Day 1 of spreadsheets is 1900-01-01, and spreadsheets have a 29 February 1900.
_SERIAL_START, _SERIAL = datetime(1899, 12, 30), re.compile(r"\d{5}(?:[.,]\d+)?")
Reader = Callable[[str], datetime | None]


def times_read(file: Path, column: str, cells: Series) -> tuple[Series, list[Oddity]]:
    """Return a column of texts as times, and a remark on their format.

    Times with a zone become UTC; times without a zone stay unchanged. Raises ``PublishedRefused``
    for a cell that does not have the format of the others, for a column that fits two formats, and
    for a column in which only some cells name a zone.
    """
    texts = cells.astype("str").str.strip()
    known = {text: {name: read(text) for name, read in _READERS.items()} for text in texts.unique()}
    fits = {
        name: texts.map({text: each[name] for text, each in known.items()}) for name in _READERS
    }
    _refuse_mixed_zones(file, column, texts, fits[ISO])
    best = max(fits, key=lambda name: int(fits[name].notna().sum()))
    refuse_cells(file, column, cells, fits[best].isna(), f"a time written as {_sample(best)}")
    _refuse_two_readings(file, column, texts, fits)
    if best == ISO:
        return pd.to_datetime(fits[best]), []
    what = f"{column} has the format {best}, as a spreadsheet saves it."
    return pd.to_datetime(fits[best]), [Oddity(what, len(cells), "Read so, in every row.")]


def _refuse_mixed_zones(file: Path, column: str, texts: Series, times: Series) -> None:
    is_time = times.notna()
    has_zone = texts.str.contains(_ZONE) & is_time
    if has_zone.any() and (~has_zone & is_time).any():
        fewer = has_zone if 2 * has_zone.sum() <= is_time.sum() else ~has_zone & is_time
        refuse_cells(
            file, column, texts, fewer,
            "a zone for every time or for none; otherwise their order is unknown",
        )  # fmt: skip


def _refuse_two_readings(file: Path, column: str, texts: Series, fits: dict[str, Series]) -> None:
    one, other = fits[DAY_FIRST], fits[MONTH_FIRST]
    if one.isna().any() or other.isna().any() or (one == other).all():
        return
    seen = str(texts[one != other].iloc[0])
    raise PublishedRefused(
        f"{file}, {column}: found {seen!r} and others that may be {DAY_FIRST} or {MONTH_FIRST}; "
        "expected times of one unambiguous format, such as 2022-05-31 14:05:00. Save the column "
        "in that format."
    )


def _sample(name: str) -> str:
    samples = {
        ISO: "2022-05-31 14:05:00", DAY_FIRST: "31/05/2022 14:05, like the others",
        MONTH_FIRST: "5/31/2022 2:05 PM, like the others",
        YEAR_FIRST: "2022/05/31 14:05, like the others",
        SERIAL: "44712.586, like the others",
    }  # fmt: skip
    return samples[name]


def _reader(form: re.Pattern[str]) -> Reader:
    def read(text: str) -> datetime | None:
        match = form.fullmatch(text)
        try:
            return _time_of(match) if match else None
        except ValueError:  # a 31 February
            return None

    return read


def _time_of(match: re.Match[str]) -> datetime:
    part = match.groupdict()
    year = int(part["year"]) + (2000 if len(part["year"]) == 2 else 0)
    hour = int(part["hour"] or 0)
    if part["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(f"hour {hour} of 12")
        hour = hour % 12 + (12 if part["half"] in "Pp" else 0)
    fraction = float((part["fraction"] or ".0").replace(",", "."))
    time = datetime(
        year, int(part["month"]), int(part["day"]), hour, int(part["minute"] or 0),
        int(part["second"] or 0), min(round(fraction * 1e6), 999_999),
    )  # fmt: skip
    return _in_utc(time, part.get("zone"))


def _in_utc(time: datetime, zone: str | None) -> datetime:
    if not zone:
        return time
    ahead = datetime.fromisoformat(f"2000-01-01T00:00{zone}").astimezone(UTC)
    return time + (ahead.replace(tzinfo=None) - datetime(2000, 1, 1))


def _serial(text: str) -> datetime | None:
    if not _SERIAL.fullmatch(text):
        return None
    return _SERIAL_START + timedelta(days=float(text.replace(",", ".")))


_READERS: dict[str, Reader] = {name: _reader(re.compile(form)) for name, form in _FORMS.items()}
_READERS[SERIAL] = _serial
