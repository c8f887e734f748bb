"""Times as a spreadsheet saves them, and the lines that refusals name."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from pandas import Series

from analysis.published.dates import times_read
from analysis.published.refusals import PublishedRefused, line_of
from analysis.published.responses import read_responses
from tests.analysis.published_rows import rows, write

SALT = b"a salt of a test"
TIMES = [datetime(2022, 5, 5, 14, 5), datetime(2022, 4, 30, 9, 30), datetime(2022, 12, 1, 0, 0)]
EXCEL_START = datetime(1899, 12, 30)


def serial(time: datetime) -> str:
    return repr((time - EXCEL_START) / timedelta(days=1))


WRITTEN: dict[str, Callable[[datetime], str]] = {
    "year-month-day": lambda time: f"{time:%Y-%m-%d %H:%M:%S.000}",
    "Britain": lambda time: f"{time:%d/%m/%Y %H:%M}",
    "Germany": lambda time: f"{time.day}.{time.month}.{time:%y} {time.hour}:{time:%M:%S}",
    "United States": lambda time: f"{time.month}/{time.day}/{time.year} {time:%I:%M %p}",
    "Japan": lambda time: f"{time.year}/{time.month}/{time.day} {time.hour}:{time:%M}",
    "a number": serial,
}


def read(texts: list[str], folder: Path) -> tuple[list[datetime], list[str]]:
    file = write(folder / "r.csv", [{"Date": text} for text in texts])
    times, said = times_read(file, "Date", Series(texts))
    return list(times.dt.round("ms").dt.to_pydatetime()), [item.what for item in said]


@pytest.mark.parametrize("where", WRITTEN)
@pytest.mark.filterwarnings("ignore:.*to_pydatetime:FutureWarning")
def test_a_column_is_read_as_its_spreadsheet_wrote_it(where: str, tmp_path: Path) -> None:
    times, said = read([WRITTEN[where](time) for time in TIMES], tmp_path)
    assert times == TIMES
    assert bool(said) == (where != "year-month-day")


@pytest.mark.filterwarnings("ignore:.*to_pydatetime:FutureWarning")
def test_times_with_a_zone_are_put_in_one(tmp_path: Path) -> None:
    times, _ = read(["2022-05-05T14:00:00+02:00", "2022-05-05 12:30:00Z"], tmp_path)
    assert times == [datetime(2022, 5, 5, 12), datetime(2022, 5, 5, 12, 30)]


@pytest.mark.parametrize(("texts", "said"), [
    (["3/4/2022 9:00", "5/6/2022 9:00"], r"may be day/month/year or month/day/year"),
    (["2022-05-05 14:00", "2022-05-05 14:00Z", "2022-05-06 1:00"], r"line 3, .*a zone for every"),
    (["2022-05-05", "2022-05-06", "soon"], r"line 4, Date: found 'soon', expected a time written"),
    (["30/04/2022", "31/04/2022", "1/5/2022"], r"line 3, Date: found '31/04/2022'"),
    (["4/30/2022 13:00 PM", "4/30/2022 1:00 PM"], r"line 2, Date: found '4/30/2022 13:00 PM'"),
])  # fmt: skip
def test_what_cannot_be_read_in_one_way_is_refused(
    texts: list[str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(PublishedRefused, match=said):
        read(texts, tmp_path)


def test_sessions_keep_their_order_when_a_spreadsheet_saved_the_file(tmp_path: Path) -> None:
    table = rows("CUB", n_trials=4)
    orders = []
    for how in ("year-month-day", "Britain", "a number"):
        # The second session was days before the first, but its day of the month is larger.
        told = [
            row | {
                "UID": str(row["UID"]).replace("p10000", "p00000"),
                "Date": WRITTEN[how](TIMES[0] if row["Method"] == "ResNet-50" else TIMES[1]),
            }
            for row in table
        ]  # fmt: skip
        sessions = read_responses(write(tmp_path / "r.csv", told), SALT).sessions
        orders.append(sessions["session_number"].tolist())
    assert orders[0] == orders[1] == orders[2]


def test_a_set_is_a_whole_number(tmp_path: Path) -> None:
    table = rows("CUB", n_trials=4)
    table[5]["Counter balance"] = 2.7
    with pytest.raises(PublishedRefused, match=r"line 7, Counter balance: found '2.7', expected a"):
        read_responses(write(tmp_path / "r.csv", table), SALT)


def test_the_line_is_right_after_quoted_breaks_and_empty_lines(tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    file.write_text('a,b\n"one\ntwo",1\n\n3,4\n"five\n\nsix",7\n8,9\n', encoding="utf-8")
    lines = file.read_text(encoding="utf-8").splitlines()
    frame = pd.read_csv(file)
    assert [line_of(file, row) for row in range(len(frame))] == [2, 5, 6, 9]
    assert lines[4] == "3,4"
    assert lines[8] == "8,9"
