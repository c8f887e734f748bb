"""A comparison of classifiers as CSV, JSON and Markdown, all with the same figures."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from classifiers.core.catalogue import BASELINE, CLASSIFIERS
from classifiers.core.metrics.evaluation import LEVEL
from classifiers.files import files_replace
from classifiers.services.evaluations import Evaluation, EvaluationRefused, Row

Format = Callable[[float], str]

# The table's columns in order: heading and cell of the Markdown.
HEADINGS: Final[dict[str, str]] = {
    "classifier": "classifier",
    "n": "n",
    "n_right": "right",
    "accuracy": "top-1 %",
    "accuracy_low": "low",
    "accuracy_high": "high",
    "confidence_mean": "mean confidence %",
    "auroc": "AUROC",
    "ece": "ECE",
    "brier": "Brier",
    "n_gained": "wrong→right",
    "n_lost": "right→wrong",
    "mcnemar_p": "p",
}
IN_PERCENT: Final = ("accuracy", "accuracy_low", "accuracy_high", "confidence_mean")


def row_values(row: Row) -> dict[str, Any]:
    """Return a row's figures by column; None: not defined."""
    figures = {name: getattr(row.scores, name, None) for name in HEADINGS}
    change = row.change
    figures |= {
        "classifier": row.run.classifier,
        "n_gained": change.n_gained if change else None,
        "n_lost": change.n_lost if change else None,
        "mcnemar_p": change.p if change else None,
    }
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in figures.items()
    }


def csv_text(evaluation: Evaluation) -> str:
    """Return one line for each classifier: unrounded shares from 0 to 1, empty if undefined."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(HEADINGS))
    writer.writeheader()
    writer.writerows(row_values(row) for row in evaluation.rows)
    return stream.getvalue()


def json_text(evaluation: Evaluation) -> str:
    """Return all data of the comparison, with the bins of the calibration."""
    document = {
        **_setting(evaluation),
        "interval": f"Wilson, {LEVEL:.0%}",
        "n_bins": evaluation.rows[0].scores.n_bins,
        "baseline": BASELINE,
        "classifiers": [
            {
                **row_values(row),
                "run": row.run.pk,
                "parameters": row.run.parameters,
                "notes": dict(row.notes),
                "bins": [asdict(item) for item in row.scores.bins],
            }
            for row in evaluation.rows
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _setting(evaluation: Evaluation) -> dict[str, Any]:
    run, labels = evaluation.run, evaluation.labels
    return {
        "dataset": run.dataset.slug,
        "split": run.split,
        "backbone": run.backbone,
        "transform": run.parameters["transform"],
        "classes": run.parameters["classes"],
        "labels": {"file": labels.path.name, "sha256": labels.sha256} if labels else None,
        "n_images": evaluation.n_images,
        "n_left_out": evaluation.n_left_out,
        "n_unlabelled": evaluation.n_unlabelled,
        "n_evaluated": evaluation.rows[0].scores.n,
        "n_unreachable": evaluation.n_unreachable,
    }


def markdown_text(evaluation: Evaluation) -> str:
    """Return the comparison as Markdown."""
    lines = [
        f"# {evaluation.run.dataset.slug}: classifiers on {evaluation.run.split!r}",
        "",
        setting_words(evaluation),
        "",
        table_text(evaluation),
        "",
        *(f"- {remark}" for remark in remarks(evaluation)),
    ]
    return "\n".join(lines) + "\n"


def setting_words(evaluation: Evaluation) -> str:
    """Say which images were evaluated, and how their predictions were made."""
    setting = _setting(evaluation)
    classes = "all classes of the gallery" if setting["classes"] == "all" else "the split's classes"
    truth = f"labels of {setting['labels']['file']}" if setting["labels"] else "the folders"
    skipped = f"{setting['n_left_out']} left out, {setting['n_unlabelled']} without a label"
    words = (
        f"{setting['n_evaluated']} of {setting['n_images']} images ({skipped}); truth: {truth}. "
        f"Backbone {setting['backbone']}, queries prepared by {setting['transform']}, {classes} "
        "compete."
    )
    if setting["n_unreachable"]:
        words += (
            " Images that have only labels that the dataset lacks; they count as wrong: "
            f"{setting['n_unreachable']}."
        )
    return words


def table_text(evaluation: Evaluation) -> str:
    """Return the table with aligned columns, readable as plain text and as Markdown."""
    cells = [list(HEADINGS.values())]
    for row in evaluation.rows:
        values = {**row_values(row), "classifier": row.label}
        cells.append([_cell(name, value) for name, value in values.items()])
    widths = [max(2, *map(len, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])])
    return "\n".join(f"| {' | '.join(_aligned(line, widths))} |" for line in cells)


def _aligned(line: list[str], widths: list[int]) -> list[str]:
    first, *others = zip(line, widths, strict=True)
    return [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, str | int):
        return str(value)
    if name in IN_PERCENT:
        return f"{100 * value:.1f}"
    return "<0.001" if name == "mcnemar_p" and value < 0.001 else f"{value:.3f}"


def remarks(evaluation: Evaluation) -> list[str]:
    """Explain the columns, and say why cells are empty."""
    n_bins = evaluation.rows[0].scores.n_bins
    said = [
        f"low to high: Wilson's {LEVEL:.0%} interval of top-1; AUROC: of confidence against "
        f"being right, ties half; ECE: {n_bins} equally wide bins; wrong→right and right→wrong: "
        f"against {CLASSIFIERS[BASELINE].label}, p of McNemar's exact test.",
    ]
    for row in evaluation.rows:
        for column, note in row.notes.items():
            if row.run.classifier != BASELINE or column != "change":
                said.append(f"{row.label}, {column}: {note}.")
    return said


def evaluation_write(evaluation: Evaluation, folder: Path) -> list[Path]:
    """Write ``evaluation.csv``, ``.json`` and ``.md`` into ``folder``, which may be missing.

    They are moved into place only when all are complete. Raises ``EvaluationRefused`` if the
    folder, or a part of its path, is a file.
    """
    texts = {
        "evaluation.csv": csv_text(evaluation),
        "evaluation.json": json_text(evaluation),
        "evaluation.md": markdown_text(evaluation),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise EvaluationRefused(f"{folder}: found a file, expected a folder.") from error
    return files_replace(folder, {name: text.encode() for name, text in texts.items()})
