"""The tables of a study's page."""

import csv
import io

import pytest

from analysis.codebook.codebook import DATA, FILES, column_names
from analysis.results.downloads import csv_bytes, results_read
from analysis.tables.tidy import DTYPES
from tests.analysis.people import study_of_four
from trials.models import Participant, Study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    """Make the study of four."""
    return study_of_four()


def test_every_table_has_exactly_its_declared_columns_in_order(study: Study) -> None:
    tables = results_read(study).tables
    assert {file: list(table.columns) for file, table in tables.items()} == {
        file: column_names(file) for file in FILES
    }


def test_the_codebooks_types_and_levels_are_those_of_the_models() -> None:
    columns = {column.name: column for file in (*FILES.values(), *DATA.values()) for column in file}
    assert {column.type for column in columns.values()} <= DTYPES.keys()
    assert set(columns["type"].levels) == DTYPES.keys()
    assert set(columns["participant_status"].levels) == set(Participant.Status.values)
    assert set(columns["status"].levels) == set(Participant.Status.values)


def test_a_table_that_the_codebook_does_not_declare_is_refused(study: Study) -> None:
    table = results_read(study).accuracy.assign(surprise=1)
    with pytest.raises(ValueError, match=r"accuracy\.csv: the table has the columns .*surprise"):
        csv_bytes("accuracy.csv", table)


def test_a_file_read_back_gives_the_same_numbers(study: Study) -> None:
    table = results_read(study).accuracy
    assert list(table["analysed"]) == ["all", "all", "kept", "kept"]
    row = list(csv.DictReader(io.StringIO(csv_bytes("accuracy.csv", table).decode())))[1]
    numbers = [name for name in row if name.startswith("accuracy")]
    read = [float(row[name] or "nan") for name in numbers]  # two people have no interval
    assert read == pytest.approx(
        [float(str(cell)) for cell in table.loc[1, numbers]], abs=0, nan_ok=True
    )
