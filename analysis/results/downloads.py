"""A study's results for a page: the same numbers as in the files of an export."""

from __future__ import annotations

from dataclasses import dataclass

from pandas import DataFrame

from analysis.codebook.codebook import (
    ANSWERS,
    CODEBOOK,
    FILES,
    PARTICIPANTS,
    RESPONSES,
    codebook_rows,
)
from analysis.export.export_texts import simulated_note
from analysis.rows.collected import CollectedRows
from analysis.rows.overview import Progress, declared_of, progress_counts
from analysis.stats.analysis_plan import Declared
from analysis.stats.analysis_sets import samples_of
from analysis.tables.accuracy import accuracy_table
from analysis.tables.csv_tables import csv_text
from analysis.tables.tidy import frame_of
from trials.models import Participant, Study

ANSWERS_FILE = "answers.csv"


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """A study's results at one moment. ``tables`` is keyed by file names."""

    study: Study
    is_simulated_included: bool
    progress: list[Progress]
    tables: dict[str, DataFrame]

    @property
    def accuracy(self) -> DataFrame:
        """One row per condition, for all and for those kept."""
        return self.tables["accuracy.csv"]

    @property
    def n_simulated(self) -> int:
        """Robots in the study, whether included or left out."""
        return sum(item.n_simulated for item in self.progress)

    @property
    def simulated_note(self) -> str:
        """Whether robots are included, in a sentence; empty if there are none."""
        return simulated_note(self.n_simulated, is_included=self.is_simulated_included)


def results_read(
    study: Study, *, include_simulated: bool = False, stage: str = Participant.Stage.LIVE
) -> Results:
    """Read the results of a study or its pilot, in a fixed number of queries."""
    progress = progress_counts(study, include_simulated=include_simulated, stage=stage)
    rows = CollectedRows(study, include_simulated=include_simulated, stage=stage)
    responses = frame_of(RESPONSES, rows.responses())
    people = frame_of(PARTICIPANTS, rows.participants(has_flags=False))
    declared = Declared.from_json(declared_of(study))
    tables = {
        "responses.csv": responses,
        "accuracy.csv": accuracy_table(samples_of(responses, people, declared), declared),
        ANSWERS_FILE: frame_of(ANSWERS, rows.answers()),
        "codebook.csv": DataFrame(codebook_rows(), columns=[item.name for item in CODEBOOK]),
    }
    return Results(study, include_simulated, progress, tables)


def csv_bytes(file: str, table: DataFrame) -> bytes:
    """Return a table as the bytes of a file: RFC 4180 in UTF-8, as the codebook says.

    Numbers are written in full, so that reading them gives the same value back; missing cells
    are empty.
    """
    return csv_text(file, FILES[file], table).encode()
