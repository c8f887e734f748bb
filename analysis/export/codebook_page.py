"""``python -m analysis.export.codebook_page``: docs/codebook.md, from the codebook. Pure."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from analysis.codebook.codebook import CODEBOOK, DATA, Column, Columns
from analysis.export.export_texts import DATA_TITLES
from analysis.tables.recompute import table_columns, table_path

HEAD = """# The codebook

Every column of every CSV file of [an export](export.md). `python -m analysis.export.codebook_page`
writes this page; do not edit it by hand. `codebook.csv` and the Frictionless, Psych-DS and
Croissant descriptions come from the same declarations.
"""


def page() -> str:
    """Return the page as Markdown."""
    return "\n".join([HEAD, *_sections()])


def _sections() -> Iterator[str]:
    for kind, columns in DATA.items():
        yield _section(f"`data/…{kind}_data.csv`: {DATA_TITLES[kind]}", columns)
    for name, columns in table_columns().items():
        yield _section(f"`{table_path(name)}`", columns)
    yield _section("`codebook.csv`", CODEBOOK)


def _section(title: str, columns: Columns) -> str:
    rows = "\n".join(_row(column) for column in columns)
    return f"## {title}\n\n| column | type | unit | meaning |\n|---|---|---|---|\n{rows}\n"


def _row(column: Column) -> str:
    cells = (f"`{column.name}`", column.type, column.unit, column.description)
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


if __name__ == "__main__":
    sys.stdout.write(page())
