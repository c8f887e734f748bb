"""Texts of an archive's CSV files: no spreadsheet runs them, and they come back as they were."""

import csv
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.tables import csv_cells
from classifiers.models import Category
from tests.factories import make_study
from trials.models import Study
from trials.services.archive import study_export
from trials.services.archive_cells import neutral, restored
from trials.services.archive_import import study_import
from trials.services.freezing import frozen_sha256


@given(st.text("=+-@\t\r'a1 ", max_size=5))
def test_a_text_comes_back_and_is_written_as_in_an_export(text: str) -> None:
    written = neutral(text)
    assert restored(str(written), ()) == text
    assert written == csv_cells.neutral(text)


def test_an_older_archives_own_apostrophe_stays() -> None:
    assert restored("'=wren", {"'=wren"}) == "'=wren"
    assert restored("'=wren", {"=wren"}) == "=wren"
    assert neutral(-0.5) == -0.5


@pytest.mark.django_db
def test_no_cell_of_an_archive_is_a_formula_and_the_same_study_comes_back() -> None:
    study = make_study()
    for category in study.dataset.categories.all():
        Category.objects.filter(pk=category.pk).update(name=f"=cmd|{category.name}")
    Study.objects.update(frozen_sha256=frozen_sha256(study))
    stream = io.BytesIO()
    study_export(Study.objects.get(), stream)
    with zipfile.ZipFile(stream) as archive:
        tables = [archive.read(name).decode() for name in archive.namelist() if "csv" in name]
    cells = [cell for text in tables for row in csv.reader(io.StringIO(text)) for cell in row]
    assert [cell for cell in cells if cell.startswith("=")] == []
    assert any(cell.startswith("'=cmd|") for cell in cells)
    stream.seek(0)
    made = study_import(file=stream, slug="again", dataset=study.dataset)
    assert made.is_frozen, made.said
