"""A study's results on a page: the same numbers as in the files of an export."""

from __future__ import annotations

from dataclasses import dataclass

from pandas import DataFrame

from analysis.accuracy import accuracy_table
from analysis.codebook import CODEBOOK, FILES, codebook_rows
from analysis.csv_tables import csv_text
from analysis.export_texts import simulated_note
from analysis.frame import responses_frame
from analysis.overview import Progress, progress_counts
from trials.models import Participant, Study


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
        return simulated_note(self.n_simulated, is_included=self.is_simulated_included)


def results_read(
    study: Study, *, include_simulated: bool = False, stage: str = Participant.Stage.LIVE
) -> Results:
    """Read a study's results, or its pilot's, in two queries, whatever its size."""
    progress = progress_counts(study, include_simulated=include_simulated, stage=stage)
    responses = responses_frame(study, include_simulated=include_simulated, stage=stage)
    tables = {
        "responses.csv": responses,
        "accuracy.csv": accuracy_table(responses, [each.condition for each in progress]),
        "codebook.csv": DataFrame(codebook_rows(), columns=[each.name for each in CODEBOOK]),
    }
    return Results(study, include_simulated, progress, tables)


def csv_bytes(file: str, table: DataFrame) -> bytes:
    """Return a table as the bytes of a file: RFC 4180 in UTF-8, as the codebook says.

    Numbers are written in full, so that reading them gives the same value back; missing cells
    are empty.
    """
    return csv_text(file, FILES[file], table).encode()
