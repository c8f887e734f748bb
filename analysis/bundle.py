"""A study's results: the same tables for the page, the files and the command."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from django.utils import timezone
from pandas import DataFrame, Series

from analysis.accuracy import accuracy_table
from analysis.codebook import CODEBOOK, FILES, codebook_rows
from analysis.frame import Progress, progress_counts, responses_frame
from trials.models import Study


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """What is known of a study at one moment. ``tables`` is keyed by the names of the files."""

    study: Study
    is_simulated_included: bool
    progress: list[Progress]
    tables: dict[str, DataFrame]

    @property
    def accuracy(self) -> DataFrame:
        """One row a condition."""
        return self.tables["accuracy.csv"]

    @property
    def n_simulated(self) -> int:
        """Robots in the study, whether included or left out."""
        return sum(each.n_simulated for each in self.progress)

    @property
    def simulated_note(self) -> str:
        """What happened to the robots, in a sentence; empty if there are none."""
        if not self.n_simulated:
            return ""
        noun = "participant is" if self.n_simulated == 1 else "participants are"
        verb = "included" if self.is_simulated_included else "left out"
        return f"{self.n_simulated} simulated {noun} {verb}."


@dataclass(frozen=True, slots=True, eq=False)
class ExportReport:
    """What an export wrote, and where."""

    folder: Path
    files: tuple[str, ...]
    results: Results


class ExportRefused(ValueError):
    """The files cannot be written there; the message says why."""


def results_read(study: Study, *, include_simulated: bool = False) -> Results:
    """Read a study's results in two queries, whatever its size."""
    progress = progress_counts(study, include_simulated=include_simulated)
    responses = responses_frame(study, include_simulated=include_simulated)
    tables = {
        "responses.csv": responses,
        "accuracy.csv": accuracy_table(responses, [each.condition for each in progress]),
        "codebook.csv": DataFrame(codebook_rows(), columns=[each.name for each in CODEBOOK]),
    }
    return Results(study, include_simulated, progress, tables)


def export_write(
    study: Study, out_dir: Path | str, *, include_simulated: bool = False
) -> ExportReport:
    """Write every table and a README into ``out_dir``, which is made if need be.

    Files are written to temporary names beside their place and moved only when all are
    complete: a reader never sees half a file, and a failure leaves an older export as it was.
    Raises ``ExportRefused`` if the path, or a part of it, is a file.
    """
    folder = Path(out_dir)
    results = results_read(study, include_simulated=include_simulated)
    contents = {file: csv_bytes(file, table) for file, table in results.tables.items()}
    contents["README.txt"] = readme_text(results, timezone.now()).encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise ExportRefused(f"{folder}: found a file, expected a folder or a new name.") from error
    with TemporaryDirectory(prefix=".export-", dir=folder) as scratch:
        for name, content in contents.items():
            (Path(scratch) / name).write_bytes(content)
        for name in contents:
            os.replace(Path(scratch) / name, folder / name)
    return ExportReport(folder, tuple(contents), results)


def csv_bytes(file: str, table: DataFrame) -> bytes:
    """Return a table as the bytes of an exported file: RFC 4180 in UTF-8, as the codebook says.

    Numbers are written in full, so that reading them gives the same value back; missing cells
    are empty.
    """
    columns = {each.name: FORMATS[each.type](table[each.name]) for each in FILES[file]}
    return DataFrame(columns).to_csv(index=False, lineterminator="\r\n").encode()


def _string(cells: Series) -> Series:
    # A spreadsheet would run a cell that begins like this; an apostrophe makes it a text.
    return cells.astype("str").str.replace(r"^([=+\-@\t\r])", r"'\1", regex=True)


def _boolean(cells: Series) -> Series:
    return cells.map({True: "true", False: "false"})


def _datetime(cells: Series) -> Series:
    text: Series = cells.dt.strftime("%Y-%m-%dT%H:%M:%S.%f").str[:-3] + "Z"
    return text


def _as_is(cells: Series) -> Series:
    return cells


FORMATS: dict[str, Callable[[Series], Series]] = {
    "string": _string,
    "integer": _as_is,
    "number": _as_is,
    "boolean": _boolean,
    "datetime": _datetime,
}


def readme_text(results: Results, now: datetime) -> str:
    """Return the export's README: what it holds, of which study, when, and of whom."""
    study, progress = results.study, results.progress
    included = ", simulated ones included" if results.is_simulated_included else ""
    return f"""Results of the study "{study.slug}"

Study document (SHA-256): {study.document_sha256}
Exported at: {now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}
Simulated participants: {results.simulated_note or "There are none."}

Participants{included}:
  completed          {sum(each.n_completed for each in progress)}
  active             {sum(each.n_active for each in progress)}  (under way, or left)
  failed_validation  {sum(each.n_failed_validation for each in progress)}  (did not reach the test)

Files
  responses.csv  one row a test response, of participants of every status
  accuracy.csv   one row a condition, over the participants who completed
  codebook.csv   what every column of every file means, with its unit

UTF-8, comma-separated (RFC 4180), decimals with ".", an empty cell for what is missing,
booleans as true and false. A text that begins with = + - @, a tab or a carriage return has an
apostrophe put before it, so that no spreadsheet runs it as a formula.
"""
