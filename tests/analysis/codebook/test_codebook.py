"""The codebook and its page."""

from itertools import chain
from pathlib import Path

from analysis.codebook.codebook import DATA
from analysis.export.codebook_page import page
from analysis.tables.recompute import table_columns

DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_the_page_is_the_codebooks() -> None:
    written = (DOCS / "codebook.md").read_text(encoding="utf-8")
    assert written == page(), "run: python -m analysis.export.codebook_page > docs/codebook.md"


def test_no_file_has_a_column_twice_and_each_is_explained() -> None:
    for columns in chain(DATA.values(), table_columns().values()):
        names = [column.name for column in columns]
        assert len(set(names)) == len(names)
        assert all(column.meaning.endswith((".", ")", "?")) for column in columns)


def test_a_column_of_several_data_files_has_one_type() -> None:
    types: dict[str, set[str]] = {}
    for column in chain(*DATA.values()):
        types.setdefault(column.name, set()).add(column.type)
    assert all(len(item) == 1 for item in types.values())
