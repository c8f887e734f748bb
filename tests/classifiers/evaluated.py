"""The command that compares classifiers, and what it wrote."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from django.core.management import call_command

Figures = dict[str, dict[str, Any]]


def evaluate(out: Path, *options: str, dataset: str = "trees", backbone: str = "tiny") -> Figures:
    """Run the command; return what the JSON says of each classifier."""
    call_command("evaluate", dataset, "--backbone", backbone, "--out", str(out), *options)
    rows = document(out)["classifiers"]
    return {row["classifier"]: row for row in rows}


def document(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "evaluation.json").read_text())
    return found


def table(out: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((out / "evaluation.csv").read_text().splitlines()))


def written(path: Path, content: object) -> str:
    path.write_text(json.dumps(content))
    return str(path)
