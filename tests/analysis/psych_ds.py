"""A check of a folder against Psych-DS 1.5, from its specification.

Sources: psychds-docs.readthedocs.io, Rules and Conventions; the schema model's errors. Returns what
a validator would call errors and the warnings on file names and schema.org types.
"""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

FILE = re.compile(r"([a-z]+-[a-zA-Z0-9]+)(_[a-z]+-[a-zA-Z0-9]+)*_data\.csv")
KEYWORDS = {
    "study", "site", "subject", "session", "task", "condition", "trial", "stimulus", "description",
}  # fmt: skip
REQUIRED = ("@context", "@type", "name", "description", "variableMeasured")


def problems(folder: Path) -> list[str]:
    """Return everything that is wrong with a data set."""
    path = folder / "dataset_description.json"
    if not path.is_file():
        return ["no dataset_description.json"]
    described = json.loads(path.read_text(encoding="utf-8"))
    found = _described(described)
    files = sorted((folder / "data").rglob("*"))
    if not any(item.suffix == ".csv" for item in files):
        found.append("no CSV file below data/")
    columns: set[str] = set()
    for file in files:
        if file.is_file():
            found += _file_name(file)
            header, wrong = _rows(file)
            columns |= set(header)
            found += wrong
    return found + _variables(described, columns)


def _described(described: dict[str, Any]) -> list[str]:
    found = [f"no {name}" for name in REQUIRED if not described.get(name)]
    if not re.fullmatch(r"https?://schema\.org/?", str(described.get("@context"))):
        found.append(f"@context {described.get('@context')}")
    if described.get("@type") not in ("Dataset", "https://schema.org/Dataset"):
        found.append(f"@type {described.get('@type')}")
    return found


def _variables(described: dict[str, Any], columns: set[str]) -> list[str]:
    names = []
    for item in described.get("variableMeasured", []):
        if isinstance(item, dict) and item.get("@type") != "PropertyValue":
            return [f"variableMeasured: {item} is no PropertyValue"]
        names.append(item["name"] if isinstance(item, dict) else item)
    twice = [f"variable twice: {name}" for name in set(names) if names.count(name) > 1]
    missing = [f"column not in variableMeasured: {name}" for name in columns - set(names)]
    extra = [f"variable in no file: {name}" for name in set(names) - columns]
    return twice + missing + extra


def _file_name(file: Path) -> list[str]:
    if not FILE.fullmatch(file.name):
        return [f"file name {file.name}"]
    used = {part.partition("-")[0] for part in file.name.removesuffix("_data.csv").split("_")}
    return [f"{file.name}: unofficial keyword {item}" for item in used - KEYWORDS]


def _rows(file: Path) -> tuple[list[str], list[str]]:
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            header, *rows = list(csv.reader(opened, strict=True))
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        return [], [f"{file.name}: {error}"]
    found = []
    if not all(name.strip() for name in header):
        found.append(f"{file.name}: a column without a name")
    if len(set(header)) < len(header):
        found.append(f"{file.name}: a column twice")
    if "row_id" in header:
        ids = [row[header.index("row_id")] for row in rows]
        found += [f"{file.name}: row_id twice"] * (len(set(ids)) < len(ids))
    found += [
        f"{file.name}: row {n} has {len(row)} cells, the header {len(header)}"
        for n, row in enumerate(rows, 2)
        if len(row) != len(header)
    ]
    return header, found
